-- amalfa: the default: a small knowledge base on a desktop, many short connections.
-- Run by each connection, outside of a transaction: sqlite3 -cmd '.read sql/profiles/amalfa.sql' my.db
-- SELECT db_tune('amalfa') does the same and says what became of it; docs/profiles.md has the reasons.
-- Wait for locks first, also those of the settings below.
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = ON;
