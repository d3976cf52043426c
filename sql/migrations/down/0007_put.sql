-- 0007_put, undone.
--
-- What: drops its views. No row changes.
-- Why: the tables can be written directly.
--
-- Run by hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/down/0007_put.sql' COMMIT

CREATE TABLE _down_check (
  last,
  CONSTRAINT the_last_migration_is_another_one_undo_that_first CHECK (last IS '0007_put')
);
INSERT INTO _down_check (last) SELECT max(name) FROM _graph_migrations;
DROP TABLE _down_check;
DELETE FROM _graph_migrations WHERE name = '0007_put';

DROP VIEW put_tag;
DROP VIEW put_semantic_edge;
DROP VIEW put_edge;
DROP VIEW put_node;
