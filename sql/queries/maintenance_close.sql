-- Before a connection that has written is closed: statistics where they are stale, and the WAL
-- copied into the file as far as that goes without waiting for anyone. Milliseconds.
--
--   sqlite3 my.db '.read sql/queries/maintenance_close.sql'
--
-- Not inside a transaction. The last connection to close copies and deletes the WAL by itself.

-- SQLite 3.46 and newer limit themselves; older ones would read whole indexes.
PRAGMA analysis_limit = 400;
PRAGMA optimize;
PRAGMA wal_checkpoint(PASSIVE);
