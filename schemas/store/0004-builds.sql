-- What build remembers between runs, so that an unchanged build reads nothing twice.

-- sha256 of a file's content, valid while its size, time and inode are the same.
CREATE TABLE file_digests (
    path TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT, WITHOUT ROWID;

-- Small documents by name, such as the record of the last build.
CREATE TABLE records (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
