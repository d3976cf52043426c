-- backup: writes a snapshot of a database that may be in use to another file.
--
--   :target   the name of the file; it must not exist, or be empty
--
--   sqlite3 -bail my.db ".parameter set :target 'copy.db'" '.read sql/queries/backup.sql'
--
-- One moment, with what is committed but still in the -wal file, which a copy of the file alone
-- loses. Others go on reading and writing. Not inside a transaction. Cost: reads and writes the
-- whole file. examples/backup.sh also reads the snapshot back and keeps the newest seven.

VACUUM main INTO :target;
