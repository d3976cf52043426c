-- user_version_1: nodes of version 1 to those of version 2.
--
-- What: adds nodes.hash.
-- Why: the older code added it so; each of these files takes the shape of its version to the
-- next one.
--
-- graph_migrate() runs it by itself. By hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/adopt/user_version_1.sql' COMMIT

-- Another shape stops here, before anything has changed.
CREATE TABLE _adopt_shape (
  found,
  CONSTRAINT this_is_not_the_shape_of_user_version_1 CHECK (
    found IS 'content TEXT, domain TEXT, embedding BLOB, id TEXT KEY 1, layer TEXT, '
      || 'title TEXT, type TEXT'
  )
);
INSERT INTO _adopt_shape
SELECT group_concat(shape, ', ') FROM (
  SELECT lower(c.name) || ' ' || upper(c.type) || CASE WHEN c.pk THEN ' KEY ' || c.pk ELSE '' END
    || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END AS shape
  FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c
  WHERE m.type = 'table' AND m.name = 'nodes'
  ORDER BY lower(c.name)
);
DROP TABLE _adopt_shape;

ALTER TABLE nodes ADD COLUMN hash TEXT;
