-- bulk: loading much at once, in BEGIN IMMEDIATE batches; end with PRAGMA wal_checkpoint(TRUNCATE).
-- Run by each connection, outside of a transaction: sqlite3 -cmd '.read sql/profiles/bulk.sql' my.db
-- SELECT db_tune('bulk') does the same and says what became of it; docs/profiles.md has the reasons.
-- Wait for locks first, also those of the settings below.
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -64000; -- 64 MB.
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = 10000;
