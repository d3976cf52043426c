-- 0005_tags, undone.
--
-- What: drops its triggers and its scratch table. No other row changes.
-- Why: tags and meta then go apart, and a deleted node leaves its edges and tags.
--
-- Run by hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/down/0005_tags.sql' COMMIT

CREATE TABLE _down_check (
  last,
  CONSTRAINT the_last_migration_is_another_one_undo_that_first CHECK (last IS '0005_tags')
);
INSERT INTO _down_check (last) SELECT max(name) FROM _graph_migrations;
DROP TABLE _down_check;
DELETE FROM _graph_migrations WHERE name = '0005_tags';

DROP TRIGGER tags_after_update;
DROP TRIGGER tags_after_delete;
DROP TRIGGER tags_after_insert;
DROP TRIGGER nodes_after_delete;
DROP TRIGGER nodes_tags_after_update;
DROP TRIGGER nodes_tags_before_update;
DROP TABLE tags_scratch;
DROP TRIGGER nodes_tags_after_insert_kept;
DROP TRIGGER nodes_tags_after_insert;
