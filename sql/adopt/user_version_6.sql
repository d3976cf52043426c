-- user_version_6: nodes of version 6 to those of version 7.
--
-- What: adds nodes.date.
-- Why: the older code added it so. Column content may be there or not.
--
-- graph_migrate() runs it by itself. By hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/adopt/user_version_6.sql' COMMIT

-- Another shape stops here, before anything has changed.
CREATE TABLE _adopt_shape (
  found,
  CONSTRAINT this_is_not_the_shape_of_user_version_6 CHECK (
    found IS 'domain TEXT, embedding BLOB, hash TEXT, id TEXT KEY 1, layer TEXT, '
      || 'meta TEXT, title TEXT, type TEXT'
  )
);
INSERT INTO _adopt_shape
SELECT group_concat(shape, ', ') FROM (
  SELECT lower(c.name) || ' ' || upper(c.type) || CASE WHEN c.pk THEN ' KEY ' || c.pk ELSE '' END
    || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END AS shape
  FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c
  WHERE m.type = 'table' AND m.name = 'nodes' AND c.name <> 'content'
    AND NOT EXISTS (SELECT 1 FROM sqlite_master
      WHERE name IN ('nodes_fts', 'nodes_ai', 'nodes_ad', 'nodes_au'))
  ORDER BY lower(c.name)
);
DROP TABLE _adopt_shape;

ALTER TABLE nodes ADD COLUMN date TEXT;
