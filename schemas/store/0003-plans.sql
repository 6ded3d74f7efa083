-- What optimize decided, with its history: the newest plan is the one with the greatest id (cp_plan in
-- lib/model/plan.h). Plans outlive the facts they were made from, so nothing refers to files.

CREATE TABLE plans (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at_ms INTEGER NOT NULL,
    status TEXT NOT NULL,
    fit TEXT NOT NULL,
    objective_name TEXT NOT NULL,
    objective REAL NOT NULL,
    bound REAL NOT NULL,
    gap REAL NOT NULL,
    solver TEXT NOT NULL,
    solve_ms REAL NOT NULL,
    model TEXT NOT NULL,
    price_date TEXT NOT NULL,
    region TEXT NOT NULL,
    memory_mb INTEGER NOT NULL,
    percentile INTEGER NOT NULL,
    max_latency_ms REAL NOT NULL,
    budget_usd_month REAL NOT NULL,
    traffic_month REAL NOT NULL,
    cold_starts_month REAL NOT NULL,
    p50_ms REAL NOT NULL,
    p95_ms REAL NOT NULL,
    p99_ms REAL NOT NULL,
    init_ms REAL NOT NULL,
    usd_month REAL NOT NULL,
    usd_storage REAL NOT NULL,
    usd_requests REAL NOT NULL,
    usd_transfer REAL NOT NULL,
    usd_compute REAL NOT NULL,
    usd_fixed REAL NOT NULL,
    local_bytes INTEGER NOT NULL,
    remote_bytes INTEGER NOT NULL,
    digest TEXT NOT NULL
) STRICT;

CREATE TABLE plan_assets (
    plan INTEGER NOT NULL REFERENCES plans (id) ON DELETE CASCADE,
    asset INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    zipped_bytes INTEGER NOT NULL,
    import_ms REAL NOT NULL,
    use_probability REAL NOT NULL,
    initial INTEGER NOT NULL,
    allowed INTEGER NOT NULL,
    tier INTEGER NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (plan, asset)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan_asset_files (
    plan INTEGER NOT NULL,
    asset INTEGER NOT NULL,
    position INTEGER NOT NULL,
    file INTEGER NOT NULL,
    PRIMARY KEY (plan, asset, position),
    FOREIGN KEY (plan, asset) REFERENCES plan_assets (plan, asset) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE plan_asset_needs (
    plan INTEGER NOT NULL,
    asset INTEGER NOT NULL,
    position INTEGER NOT NULL,
    needs INTEGER NOT NULL,
    PRIMARY KEY (plan, asset, position),
    FOREIGN KEY (plan, asset) REFERENCES plan_assets (plan, asset) ON DELETE CASCADE,
    FOREIGN KEY (plan, needs) REFERENCES plan_assets (plan, asset) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE INDEX plan_asset_needs_by_needs ON plan_asset_needs (plan, needs);
