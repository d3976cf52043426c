-- reader: a connection that only reads; the journal mode is the writer's choice.
-- Run by each connection, outside of a transaction: sqlite3 -cmd '.read sql/profiles/reader.sql' my.db
-- SELECT db_tune('reader') does the same and says what became of it; docs/profiles.md has the reasons.
-- Wait for locks first, also those of the settings below.
PRAGMA busy_timeout = 5000;
PRAGMA cache_size = -20000; -- 20 MB.
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA query_only = ON;
