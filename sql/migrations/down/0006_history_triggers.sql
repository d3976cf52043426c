-- 0006_history_triggers, undone.
--
-- What: drops its triggers, its views and its scratch table. The rows of history stay.
-- Why: changes are then no longer recorded.
--
-- Run by hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/down/0006_history_triggers.sql' COMMIT

CREATE TABLE _down_check (
  last,
  CONSTRAINT the_last_migration_is_another_one_undo_that_first CHECK (last IS '0006_history_triggers')
);
INSERT INTO _down_check (last) SELECT max(name) FROM _graph_migrations;
DROP TABLE _down_check;
DELETE FROM _graph_migrations WHERE name = '0006_history_triggers';

DROP TRIGGER history_tags_before_delete;
DROP TRIGGER history_tags_after_update;
DROP TRIGGER history_tags_before_update;
DROP TRIGGER history_tags_after_replace;
DROP TRIGGER history_tags_after_insert;
DROP TRIGGER history_tags_before_insert;
DROP TRIGGER history_edges_before_delete;
DROP TRIGGER history_edges_after_update;
DROP TRIGGER history_edges_before_update;
DROP TRIGGER history_edges_after_replace;
DROP TRIGGER history_edges_after_insert;
DROP TRIGGER history_edges_before_insert;
DROP TRIGGER history_nodes_before_delete;
DROP TRIGGER history_nodes_after_update;
DROP TRIGGER history_nodes_before_update;
DROP TRIGGER history_nodes_after_replace;
DROP TRIGGER history_nodes_after_insert;
DROP TRIGGER history_nodes_before_insert;
DROP VIEW log_change;
DROP TABLE history_scratch;
DROP VIEW tags_json;
DROP VIEW edges_json;
DROP VIEW nodes_json;
