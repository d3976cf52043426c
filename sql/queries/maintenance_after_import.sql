-- After many rows were loaded: statistics of all tables, so that queries are planned for what is
-- there now, and an empty WAL.
--
--   sqlite3 my.db '.read sql/queries/maintenance_after_import.sql'
--
-- Not inside a transaction. The first column that the checkpoint prints is 1 if a reader kept it
-- from finishing: run it again when that reader has ended.

PRAGMA busy_timeout = 5000;
-- A thousand rows of each index are enough to tell a selective one; without a limit all are read.
PRAGMA analysis_limit = 1000;
ANALYZE;
PRAGMA wal_checkpoint(TRUNCATE);
