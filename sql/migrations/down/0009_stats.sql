-- 0009_stats, undone.
--
-- What: drops its views and stats_snapshots, which must be empty.
-- Why: snapshots cannot be made again, so that they are yours to delete.
--
-- Run by hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/down/0009_stats.sql' COMMIT

CREATE TABLE _down_check (
  last,
  kept,
  CONSTRAINT delete_the_rows_of_stats_snapshots_first CHECK (kept IS NULL),
  CONSTRAINT the_last_migration_is_another_one_undo_that_first CHECK (last IS '0009_stats')
);
INSERT INTO _down_check (last) SELECT max(name) FROM _graph_migrations;
UPDATE _down_check SET kept = (SELECT 1 FROM stats_snapshots LIMIT 1);
DROP TABLE _down_check;
DELETE FROM _graph_migrations WHERE name = '0009_stats';

DROP VIEW stats_growth;
DROP VIEW stats_alerts;
DROP TABLE stats_snapshots;
DROP VIEW store_stats;
DROP VIEW store_counts;
