-- user_version_4: version 4 to version 5.
--
-- What: drops the full-text index nodes_fts and its triggers. Their text is that of nodes.
-- Why: version 5 has none. This needs an SQLite with FTS5. The older code dropped the four one
-- by one, so that some may be gone.
--
-- graph_migrate() runs it by itself. By hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/adopt/user_version_4.sql' COMMIT

-- Another shape stops here, before anything has changed.
CREATE TABLE _adopt_shape (
  found,
  CONSTRAINT this_is_not_the_shape_of_user_version_4 CHECK (
    found > 0
  )
);
INSERT INTO _adopt_shape
SELECT count(*) FROM sqlite_master
WHERE ((type = 'table' AND name = 'nodes_fts' AND sql LIKE 'CREATE VIRTUAL TABLE%fts5%')
    OR (type = 'trigger' AND tbl_name = 'nodes' AND name IN ('nodes_ai', 'nodes_ad', 'nodes_au')
      AND sql LIKE '%nodes_fts%'))
  AND 3 = (SELECT count(*) FROM pragma_table_xinfo('edges')
    WHERE name IN ('confidence', 'veracity', 'context_source'));
DROP TABLE _adopt_shape;

DROP TRIGGER IF EXISTS nodes_ai;
DROP TRIGGER IF EXISTS nodes_ad;
DROP TRIGGER IF EXISTS nodes_au;
DROP TABLE IF EXISTS nodes_fts;
