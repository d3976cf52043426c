-- 0010_cache, undone.
--
-- What: drops the cache with all that is in it.
-- Why: what a cache holds can be made again.
--
-- Run by hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/down/0010_cache.sql' COMMIT

CREATE TABLE _down_check (
  last,
  CONSTRAINT the_last_migration_is_another_one_undo_that_first CHECK (last IS '0010_cache')
);
INSERT INTO _down_check (last) SELECT max(name) FROM _graph_migrations;
DROP TABLE _down_check;
DELETE FROM _graph_migrations WHERE name = '0010_cache';

DROP VIEW put_cache;
DROP VIEW cache_by_age;
DROP VIEW cache_expired;
DROP VIEW cache_live;
DROP TABLE cache;
