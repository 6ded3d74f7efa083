-- A store at version 2, with content.
PRAGMA application_id = 1668311857;
PRAGMA user_version = 2;
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
COMMIT;
