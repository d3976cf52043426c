-- scan: a connection that reads much, mapped; measure before you keep it.
-- Run by each connection, outside of a transaction: sqlite3 -cmd '.read sql/profiles/scan.sql' my.db
-- SELECT db_tune('scan') does the same and says what became of it; docs/profiles.md has the reasons.
-- Wait for locks first, also those of the settings below.
PRAGMA busy_timeout = 5000;
PRAGMA cache_size = -64000; -- 64 MB.
PRAGMA mmap_size = 268435456; -- 256 MB.
PRAGMA temp_store = MEMORY;
PRAGMA query_only = ON;
