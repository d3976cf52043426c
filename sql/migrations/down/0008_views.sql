-- 0008_views, undone.
--
-- What: drops its views. No row changes.
-- Why: they hold nothing.
--
-- Run by hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/down/0008_views.sql' COMMIT

CREATE TABLE _down_check (
  last,
  CONSTRAINT the_last_migration_is_another_one_undo_that_first CHECK (last IS '0008_views')
);
INSERT INTO _down_check (last) SELECT max(name) FROM _graph_migrations;
DROP TABLE _down_check;
DELETE FROM _graph_migrations WHERE name = '0008_views';

DROP VIEW store_health;
DROP VIEW graph_issues;
DROP VIEW history_sizes;
DROP VIEW history_recorded;
DROP VIEW vector_coverage;
DROP VIEW edge_type_counts;
DROP VIEW super_nodes;
DROP VIEW orphans;
DROP VIEW timeline;
DROP VIEW lexicon;
DROP VIEW node_tags;
DROP VIEW neighbors;
DROP VIEW edges_in;
DROP VIEW edges_out;
DROP VIEW nodes_meta;
