-- durable: what is committed survives a power failure.
-- Run by each connection, outside of a transaction: sqlite3 -cmd '.read sql/profiles/durable.sql' my.db
-- SELECT db_tune('durable') does the same and says what became of it; docs/profiles.md has the reasons.
-- Wait for locks first, also those of the settings below.
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -20000; -- 20 MB.
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = ON;
PRAGMA wal_autocheckpoint = 1000;
