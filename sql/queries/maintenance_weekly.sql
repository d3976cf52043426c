-- Once a week, when nobody writes: is the database sound, statistics, and no unused pages.
--
--   sqlite3 -bail my.db '.read sql/queries/maintenance_weekly.sql'
--
-- Not inside a transaction. Reads and writes the whole file, and needs as much room again. A backup
-- comes first. What it prints: the busy timeout, `ok` (else what is damaged: do not go on, restore),
-- a row for each violated foreign key (none), and the two checkpoints.

PRAGMA busy_timeout = 5000;
PRAGMA quick_check;
PRAGMA foreign_key_check;
PRAGMA wal_checkpoint(TRUNCATE);
-- Rows of tables without INTEGER PRIMARY KEY may get other rowids.
VACUUM;
ANALYZE;
PRAGMA wal_checkpoint(TRUNCATE);
