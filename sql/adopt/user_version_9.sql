-- user_version_9: version 9 to the shape of the last Drizzle migration.
--
-- What: rebuilds nodes and edges with keys that cannot be NULL, and nodes with summary. Rows
-- with a NULL in their key move to legacy_nodes and legacy_edges. Rowids stay.
-- Why: version 9 is where the older code ended and Drizzle took over the same tables; summary
-- may be there already.
--
-- graph_migrate() runs it by itself. By hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/adopt/user_version_9.sql' COMMIT

-- Another shape stops here, before anything has changed.
CREATE TABLE _adopt_shape (
  found,
  CONSTRAINT this_is_not_the_shape_of_user_version_9 CHECK (
    found IS 'date TEXT, domain TEXT, embedding BLOB, hash TEXT, id TEXT KEY 1, '
      || 'layer TEXT, meta TEXT, title TEXT, type TEXT'
  )
);
INSERT INTO _adopt_shape
SELECT group_concat(shape, ', ') FROM (
  SELECT lower(c.name) || ' ' || upper(c.type) || CASE WHEN c.pk THEN ' KEY ' || c.pk ELSE '' END
    || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END AS shape
  FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c
  WHERE m.type = 'table' AND m.name = 'nodes' AND c.name <> 'summary'
    AND 6 = (SELECT count(*) FROM pragma_table_xinfo('edges')
      WHERE name IN ('source', 'target', 'type', 'confidence', 'veracity', 'context_source'))
    AND 6 = (SELECT count(*) FROM pragma_table_xinfo('edges'))
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

-- If nodes has no summary, the one of `missing` is taken: an inner query looks outside for the names
-- that its own tables do not have.
CREATE TABLE _adopt_nodes AS
SELECT n.rowid AS nid, n.id, n.type, n.title, n.domain, n.layer, n.embedding, n.hash, n.meta, n.date,
  (SELECT summary FROM nodes WHERE nodes.rowid = n.rowid) AS summary
FROM nodes AS n, (SELECT NULL AS summary) AS missing;
CREATE TABLE _adopt_edges AS
SELECT rowid AS eid, source, target, type, confidence, veracity, context_source FROM edges;
DROP TABLE edges;
DROP TABLE nodes;

CREATE TABLE nodes (
  id TEXT PRIMARY KEY NOT NULL,
  type TEXT,
  title TEXT,
  domain TEXT,
  layer TEXT,
  embedding BLOB,
  hash TEXT,
  meta TEXT,
  date TEXT,
  summary TEXT
);
INSERT INTO nodes (rowid, id, type, title, domain, layer, embedding, hash, meta, date, summary)
SELECT nid, id, type, title, domain, layer, embedding, hash, meta, date, summary FROM _adopt_nodes
WHERE id IS NOT NULL
ORDER BY nid;
CREATE TABLE legacy_nodes AS
SELECT *, 'id is NULL' AS reason FROM _adopt_nodes WHERE id IS NULL ORDER BY nid;
DROP TABLE _adopt_nodes;

CREATE TABLE edges (
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  type TEXT NOT NULL,
  confidence REAL DEFAULT 1,
  veracity REAL DEFAULT 1,
  context_source TEXT,
  PRIMARY KEY (source, target, type)
);
INSERT INTO edges (rowid, source, target, type, confidence, veracity, context_source)
SELECT eid, source, target, type, confidence, veracity, context_source FROM _adopt_edges
WHERE source IS NOT NULL AND target IS NOT NULL AND type IS NOT NULL
ORDER BY eid;
CREATE TABLE legacy_edges AS
SELECT *, 'source, target or type is NULL' AS reason FROM _adopt_edges
WHERE source IS NULL OR target IS NULL OR type IS NULL
ORDER BY eid;
DROP TABLE _adopt_edges;
CREATE INDEX idx_edges_source ON edges (source);
CREATE INDEX idx_edges_target ON edges (target);
