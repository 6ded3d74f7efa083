-- A store at version 4, with content.
PRAGMA application_id = 1668311857;
PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE distributions (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    metadata_dir TEXT NOT NULL
) STRICT;
INSERT INTO "distributions" VALUES(0,'numpy','1.26.4','numpy-1.26.4.dist-info');
CREATE TABLE facts (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    handler TEXT NOT NULL,
    handler_module TEXT NOT NULL,
    handler_function TEXT NOT NULL,
    python TEXT NOT NULL,
    arch TEXT NOT NULL,
    project_root TEXT NOT NULL,
    site_root TEXT NOT NULL,
    seconds REAL NOT NULL
) STRICT;
INSERT INTO "facts" VALUES(1,'app.handler','app','handler','3.11','x86_64','/p','/s',0.5);
CREATE TABLE file_digests (
    path TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT, WITHOUT ROWID;
INSERT INTO "file_digests" VALUES('/p/app.py',100,1,2,X'ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB');
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    root INTEGER NOT NULL,
    rel TEXT NOT NULL,
    kind INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    executable INTEGER NOT NULL,
    distribution INTEGER REFERENCES distributions (id) DEFERRABLE INITIALLY DEFERRED,
    module INTEGER
) STRICT;
INSERT INTO "files" VALUES(0,0,'app.py',0,100,1,2,0,NULL,0);
INSERT INTO "files" VALUES(1,1,'numpy/__init__.py',0,200,3,4,0,0,1);
INSERT INTO "files" VALUES(2,1,'numpy/core.so',1,300,5,6,1,0,NULL);
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    from_module INTEGER NOT NULL REFERENCES modules (id) DEFERRABLE INITIALLY DEFERRED,
    line INTEGER NOT NULL,
    target TEXT NOT NULL,
    context INTEGER NOT NULL,
    binds TEXT NOT NULL,
    can_defer INTEGER NOT NULL,
    module INTEGER REFERENCES modules (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
INSERT INTO "imports" VALUES(0,0,3,'numpy',0,'numpy',0,1);
INSERT INTO "imports" VALUES(1,1,9,'os',1,'os',1,NULL);
CREATE TABLE missing (
    id INTEGER PRIMARY KEY,
    from_module INTEGER REFERENCES modules (id) DEFERRABLE INITIALLY DEFERRED,
    line INTEGER NOT NULL,
    text TEXT NOT NULL,
    context INTEGER NOT NULL
) STRICT;
INSERT INTO "missing" VALUES(0,NULL,7,'simplejson',2);
CREATE TABLE modules (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    file INTEGER REFERENCES files (id) DEFERRABLE INITIALLY DEFERRED,
    package INTEGER NOT NULL,
    initial INTEGER NOT NULL,
    reached INTEGER NOT NULL,
    why_from INTEGER,
    why_line INTEGER NOT NULL
) STRICT;
INSERT INTO "modules" VALUES(0,'app',0,0,0,1,1,NULL,0);
INSERT INTO "modules" VALUES(1,'numpy',0,1,1,1,1,0,3);
CREATE TABLE native_needs (
    native INTEGER NOT NULL REFERENCES natives (id) DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    file INTEGER NOT NULL REFERENCES files (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (native, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "native_needs" VALUES(0,0,2);
CREATE TABLE natives (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL REFERENCES files (id) DEFERRABLE INITIALLY DEFERRED,
    soname TEXT NOT NULL,
    missing TEXT NOT NULL
) STRICT;
INSERT INTO "natives" VALUES(0,2,'core.so','');
CREATE TABLE opaque (
    id INTEGER PRIMARY KEY,
    from_module INTEGER REFERENCES modules (id) DEFERRABLE INITIALLY DEFERRED,
    line INTEGER NOT NULL,
    text TEXT NOT NULL,
    context INTEGER NOT NULL
) STRICT;
INSERT INTO "opaque" VALUES(0,1,5,'__import__(x)',6);
CREATE TABLE plan_asset_files (
    plan INTEGER NOT NULL,
    asset INTEGER NOT NULL,
    position INTEGER NOT NULL,
    file INTEGER NOT NULL,
    PRIMARY KEY (plan, asset, position),
    FOREIGN KEY (plan, asset) REFERENCES plan_assets (plan, asset) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "plan_asset_files" VALUES(1,0,0,0);
INSERT INTO "plan_asset_files" VALUES(1,1,0,1);
INSERT INTO "plan_asset_files" VALUES(1,1,1,2);
CREATE TABLE plan_asset_needs (
    plan INTEGER NOT NULL,
    asset INTEGER NOT NULL,
    position INTEGER NOT NULL,
    needs INTEGER NOT NULL,
    PRIMARY KEY (plan, asset, position),
    FOREIGN KEY (plan, asset) REFERENCES plan_assets (plan, asset) ON DELETE CASCADE,
    FOREIGN KEY (plan, needs) REFERENCES plan_assets (plan, asset) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO "plan_asset_needs" VALUES(1,0,0,1);
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
INSERT INTO "plan_assets" VALUES(1,0,'app',0,100,50,1.0,1.0,1,1,0,'own code');
INSERT INTO "plan_assets" VALUES(1,1,'numpy',1,200,90,80.5,1.0,1,63,1,'used at init');
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
INSERT INTO "plans" VALUES(1,1700000000000,'optimal','fits locally','cost',1.5,1.5,0.0,'glpk',2.0,'static','2025-11-01','us-east-1',512,95,800.0,5.0,1000000.0,20000.0,1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0,9.0,10.0,11,12,'d1');
CREATE TABLE profile (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    runs INTEGER NOT NULL,
    init_ms REAL NOT NULL,
    init_p95_ms REAL NOT NULL,
    first_ms REAL NOT NULL,
    first_p95_ms REAL NOT NULL,
    cpu_ms REAL NOT NULL,
    runtime_ms REAL NOT NULL,
    peak_memory_bytes INTEGER NOT NULL,
    facts_digest TEXT NOT NULL
) STRICT;
INSERT INTO "profile" VALUES(1,5,100.5,120.25,30.0,31.0,99.0,17.0,123456789,'abc');
CREATE TABLE profile_modules (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    self_ms REAL NOT NULL,
    first_use INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    used INTEGER NOT NULL
) STRICT;
INSERT INTO "profile_modules" VALUES(0,'numpy',80.5,0,0,1);
CREATE TABLE profile_opened (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL
) STRICT;
INSERT INTO "profile_opened" VALUES(0,2);
CREATE TABLE records (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "records" VALUES('k','{}');
CREATE INDEX plan_asset_needs_by_needs ON plan_asset_needs (plan, needs);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('plans',1);
COMMIT;
