-- What cold runs on the user's events showed: replaced as a whole (cp_profile in lib/model/facts.h).
-- It outlives the facts it was measured with: facts_digest says which those were, so nothing refers to files.

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

CREATE TABLE profile_modules (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    self_ms REAL NOT NULL,
    first_use INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    used INTEGER NOT NULL
) STRICT;

CREATE TABLE profile_opened (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL
) STRICT;
