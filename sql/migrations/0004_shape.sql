-- 0004_shape: nodes with a stable number, edges that end at nodes, tags.
--
-- What: rebuilds nodes and edges, makes tags from the tags in meta, and moves every edge without
-- its nodes to edges_quarantine, with the reason. No row is dropped; rowids stay.
-- Why: nid INTEGER PRIMARY KEY keeps the rowid through VACUUM, and with the embedding in the last
-- column the others are read without it. Foreign keys are deferred, so that nodes and edges may be
-- written in any order, and do not cascade, so that INSERT OR REPLACE keeps a node's edges.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0004_shape.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0003 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0004_shape' FROM _graph_migrations WHERE name = '0003_summary')
);

-- What a rebuild would lose stops it, with the name of the constraint as the reason: indexes,
-- triggers and columns that are not of the store, and foreign keys of other tables, through which
-- DROP TABLE would delete.
CREATE TABLE _shape_obstacles (
  tracked,
  owned,
  added,
  child,
  CONSTRAINT remove_tracking_first_and_track_again_afterwards CHECK (tracked IS NULL),
  CONSTRAINT drop_your_indexes_and_triggers_of_nodes_and_edges_first CHECK (owned IS NULL),
  CONSTRAINT move_your_columns_of_nodes_and_edges_to_another_table_first CHECK (added IS NULL),
  CONSTRAINT drop_your_foreign_keys_to_nodes_and_edges_first CHECK (child IS NULL)
);

INSERT INTO _shape_obstacles (tracked)
SELECT name FROM sqlite_master
WHERE type = 'trigger' AND lower(tbl_name) IN ('nodes', 'edges') AND name GLOB '_vec_*';

INSERT INTO _shape_obstacles (owned)
SELECT name FROM sqlite_master
WHERE lower(tbl_name) IN ('nodes', 'edges') AND type IN ('index', 'trigger') AND sql IS NOT NULL
  AND lower(name) NOT IN ('idx_edges_source', 'idx_edges_target');

INSERT INTO _shape_obstacles (added)
SELECT name FROM pragma_table_xinfo('nodes')
WHERE lower(name) NOT IN ('id', 'type', 'title', 'domain', 'layer', 'embedding', 'hash', 'meta',
  'date', 'summary')
UNION ALL
SELECT name FROM pragma_table_xinfo('edges')
WHERE lower(name) NOT IN ('source', 'target', 'type', 'confidence', 'veracity', 'context_source');

INSERT INTO _shape_obstacles (child)
SELECT m.name FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS k
WHERE m.type = 'table' AND lower(k."table") IN ('nodes', 'edges');

DROP TABLE _shape_obstacles;

-- The rows leave and come back. ALTER TABLE ... RENAME would be one copy less, but it rewrites the
-- views and triggers of other tables that name nodes, or fails because of them.
CREATE TABLE _shape_nodes (
  nid INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT,
  title TEXT,
  domain TEXT,
  layer TEXT,
  hash TEXT,
  meta TEXT,
  date TEXT,
  summary TEXT,
  embedding BLOB
);
INSERT INTO _shape_nodes
SELECT rowid, id, type, title, domain, layer, hash, meta, date, summary, embedding FROM nodes;
CREATE TABLE _shape_edges AS
SELECT rowid AS eid, source, target, type, confidence, veracity, context_source FROM edges;
DROP TABLE edges;
DROP TABLE nodes;

CREATE TABLE nodes (
  nid INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT,
  title TEXT,
  domain TEXT,
  layer TEXT,
  hash TEXT,  -- of the content that the node was made from; equal hash, nothing to do
  meta TEXT,  -- JSON
  date TEXT,  -- ISO 8601
  summary TEXT,
  embedding BLOB  -- little-endian float32; stays the last column
);
-- Same columns and keys, so that SQLite copies whole records.
INSERT INTO nodes SELECT * FROM _shape_nodes;
DROP TABLE _shape_nodes;

CREATE TABLE edges (
  source TEXT NOT NULL REFERENCES nodes (id)
    ON UPDATE CASCADE ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED,
  target TEXT NOT NULL REFERENCES nodes (id)
    ON UPDATE CASCADE ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED,
  type TEXT NOT NULL,
  confidence REAL DEFAULT 1,
  veracity REAL DEFAULT 1,
  context_source TEXT,
  PRIMARY KEY (source, target, type)
);

-- Edges that name something else than a node. Columns without a type keep every value as it was.
CREATE TABLE edges_quarantine (
  source,
  target,
  type,
  confidence,
  veracity,
  context_source,
  reason TEXT NOT NULL
);
INSERT INTO edges_quarantine
SELECT source, target, type, confidence, veracity, context_source,
  CASE
    WHEN target IN (SELECT id FROM nodes) THEN 'source is not a node'
    WHEN source IN (SELECT id FROM nodes) THEN 'target is not a node'
    ELSE 'source and target are not nodes'
  END
FROM _shape_edges
WHERE source NOT IN (SELECT id FROM nodes) OR target NOT IN (SELECT id FROM nodes)
ORDER BY eid;
INSERT INTO edges (rowid, source, target, type, confidence, veracity, context_source)
SELECT eid, source, target, type, confidence, veracity, context_source FROM _shape_edges
WHERE source IN (SELECT id FROM nodes) AND target IN (SELECT id FROM nodes)
ORDER BY eid;
DROP TABLE _shape_edges;

-- The distinct texts of meta.tags, which is an array or one text. Nothing reads meta as JSON before
-- it is known to be some.
CREATE TABLE tags (
  node_id TEXT NOT NULL REFERENCES nodes (id)
    ON UPDATE CASCADE ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED,
  tag TEXT NOT NULL,
  PRIMARY KEY (node_id, tag)
);
INSERT INTO tags (node_id, tag)
SELECT DISTINCT n.id, t.value
FROM nodes AS n
JOIN json_each(
  CASE
    WHEN typeof(n.meta) <> 'text' OR NOT json_valid(n.meta) THEN NULL
    WHEN json_type(n.meta, '$.tags') IN ('array', 'text') THEN n.meta
  END,
  '$.tags'
) AS t
WHERE t.type = 'text'
ORDER BY n.nid;

CREATE INDEX idx_nodes_type ON nodes (type);
CREATE INDEX idx_nodes_domain ON nodes (domain);
CREATE INDEX idx_nodes_layer ON nodes (layer);
CREATE INDEX idx_nodes_hash ON nodes (hash);
CREATE INDEX idx_nodes_date ON nodes (date);
-- meta need not be JSON; an index on json_extract alone would then refuse the row.
CREATE INDEX idx_nodes_source
ON nodes (CASE WHEN json_valid(meta) THEN json_extract(meta, '$.source') END);
CREATE INDEX idx_edges_source ON edges (source);
CREATE INDEX idx_edges_target ON edges (target);
CREATE INDEX idx_edges_type ON edges (type);
CREATE INDEX idx_tags_tag ON tags (tag);
