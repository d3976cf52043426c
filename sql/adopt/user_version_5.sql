-- user_version_5: version 5 to version 6.
--
-- What: moves the content of nodes to legacy_content and leaves NULL. The rowid is that of the
-- node.
-- Why: a node has no content of its own any more: it is read from the file that meta names. The
-- older code set it to NULL; here it stays for whoever needs it.
--
-- graph_migrate() runs it by itself. By hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/adopt/user_version_5.sql' COMMIT

-- Another shape stops here, before anything has changed.
CREATE TABLE _adopt_shape (
  found,
  CONSTRAINT this_is_not_the_shape_of_user_version_5 CHECK (
    found IS 'content TEXT, domain TEXT, embedding BLOB, hash TEXT, id TEXT KEY 1, '
      || 'layer TEXT, meta TEXT, title TEXT, type TEXT'
  )
);
INSERT INTO _adopt_shape
SELECT group_concat(shape, ', ') FROM (
  SELECT lower(c.name) || ' ' || upper(c.type) || CASE WHEN c.pk THEN ' KEY ' || c.pk ELSE '' END
    || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END AS shape
  FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c
  WHERE m.type = 'table' AND m.name = 'nodes' AND c.name <> 'date'
    AND NOT EXISTS (SELECT 1 FROM sqlite_master
      WHERE name IN ('legacy_content', 'nodes_fts', 'nodes_ai', 'nodes_ad', 'nodes_au'))
  ORDER BY lower(c.name)
);
DROP TABLE _adopt_shape;

CREATE TABLE legacy_content (
  node_id TEXT,
  content TEXT NOT NULL
);
INSERT INTO legacy_content (rowid, node_id, content)
SELECT rowid, id, content FROM nodes WHERE content IS NOT NULL ORDER BY rowid;
UPDATE nodes SET content = NULL WHERE content IS NOT NULL;
