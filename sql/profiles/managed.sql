-- managed: rqlite, dqlite, libSQL server: what the engine has set, shown and left alone.
-- SELECT * FROM db_tune_check('managed') shows the same.
PRAGMA busy_timeout;
PRAGMA journal_mode;
PRAGMA synchronous;
PRAGMA wal_autocheckpoint;
PRAGMA locking_mode;
PRAGMA query_only;
