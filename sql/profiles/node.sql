-- node: one long-lived process with memory to spare.
-- Run by each connection, outside of a transaction: sqlite3 -cmd '.read sql/profiles/node.sql' my.db
-- SELECT db_tune('node') does the same and says what became of it; docs/profiles.md has the reasons.
-- Wait for locks first, also those of the settings below.
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -64000; -- 64 MB.
PRAGMA mmap_size = 268435456; -- 256 MB.
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = ON;
PRAGMA wal_autocheckpoint = 1000;
