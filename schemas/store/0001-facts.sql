-- What analyze found: one function, replaced as a whole in one transaction (lib/model/facts.h).
-- Ids are positions in the arrays of cp_facts and count from 0. Enumerations are stored as their numbers there.
-- files.module and modules.why_from have no foreign key: they close a circle, and replacing the rows would then
-- look up every child of every row.

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

CREATE TABLE distributions (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    metadata_dir TEXT NOT NULL
) STRICT;

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

CREATE TABLE natives (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL REFERENCES files (id) DEFERRABLE INITIALLY DEFERRED,
    soname TEXT NOT NULL,
    missing TEXT NOT NULL
) STRICT;

CREATE TABLE native_needs (
    native INTEGER NOT NULL REFERENCES natives (id) DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    file INTEGER NOT NULL REFERENCES files (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (native, position)
) STRICT, WITHOUT ROWID;

-- Statements that could not be followed.
CREATE TABLE opaque (
    id INTEGER PRIMARY KEY,
    from_module INTEGER REFERENCES modules (id) DEFERRABLE INITIALLY DEFERRED,
    line INTEGER NOT NULL,
    text TEXT NOT NULL,
    context INTEGER NOT NULL
) STRICT;

-- Names that were asked for and are not there.
CREATE TABLE missing (
    id INTEGER PRIMARY KEY,
    from_module INTEGER REFERENCES modules (id) DEFERRABLE INITIALLY DEFERRED,
    line INTEGER NOT NULL,
    text TEXT NOT NULL,
    context INTEGER NOT NULL
) STRICT;
