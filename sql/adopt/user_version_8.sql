-- user_version_8: nodes of version 8 to those of version 9.
--
-- What: rebuilds nodes without the column content, which is NULL everywhere. Rowids stay.
-- Why: version 9 has no such column, and SQLite before 3.35 cannot drop one.
--
-- graph_migrate() runs it by itself. By hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/adopt/user_version_8.sql' COMMIT

-- Another shape stops here, before anything has changed.
CREATE TABLE _adopt_shape (
  found,
  CONSTRAINT this_is_not_the_shape_of_user_version_8 CHECK (
    found IS 'content TEXT, date TEXT, domain TEXT, embedding BLOB, hash TEXT, '
      || 'id TEXT KEY 1, layer TEXT, meta TEXT, title TEXT, type TEXT'
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

-- A rebuild would lose what is not of the store.
CREATE TABLE _adopt_lost (
  name,
  CONSTRAINT drop_your_indexes_triggers_and_foreign_keys_of_nodes_and_edges_first CHECK (name IS NULL)
);
INSERT INTO _adopt_lost
SELECT name FROM sqlite_master
WHERE lower(tbl_name) IN ('nodes', 'edges') AND type IN ('index', 'trigger') AND sql IS NOT NULL
  AND name NOT IN ('idx_edges_source', 'idx_edges_target', 'nodes_ai', 'nodes_ad', 'nodes_au')
UNION ALL
SELECT m.name FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS k
WHERE m.type = 'table' AND lower(k."table") IN ('nodes', 'edges');
DROP TABLE _adopt_lost;

CREATE TABLE _adopt_content (
  node_id,
  CONSTRAINT rename_legacy_content_and_run_user_version_5_first CHECK (node_id IS NULL)
);
INSERT INTO _adopt_content SELECT rowid FROM nodes WHERE content IS NOT NULL LIMIT 1;
DROP TABLE _adopt_content;

CREATE TABLE _adopt_nodes AS
SELECT rowid AS nid, id, type, title, domain, layer, embedding, hash, meta, date FROM nodes;
DROP TABLE nodes;

CREATE TABLE nodes (
  id TEXT PRIMARY KEY,
  type TEXT,
  title TEXT,
  domain TEXT,
  layer TEXT,
  embedding BLOB,
  hash TEXT,
  meta TEXT,
  date TEXT
);
INSERT INTO nodes (rowid, id, type, title, domain, layer, embedding, hash, meta, date)
SELECT nid, id, type, title, domain, layer, embedding, hash, meta, date FROM _adopt_nodes
ORDER BY nid;
DROP TABLE _adopt_nodes;
