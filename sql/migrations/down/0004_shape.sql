-- 0004_shape, undone.
--
-- What: rebuilds nodes and edges as they were after 0003_summary, and puts the edges of the
-- quarantine back among the others. Rowids of nodes and of edges with their nodes stay.
-- Why: the older shape takes edges without their nodes; it has no place for tags, which must
-- all be in meta.
--
-- Run by hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/down/0004_shape.sql' COMMIT

CREATE TABLE _down_check (
  last,
  owned,
  tagged,
  CONSTRAINT drop_your_indexes_triggers_and_foreign_keys_first CHECK (owned IS NULL),
  CONSTRAINT write_the_tags_into_meta_or_delete_them_first CHECK (tagged IS NULL),
  CONSTRAINT the_last_migration_is_another_one_undo_that_first CHECK (last IS '0004_shape')
);
INSERT INTO _down_check (last) SELECT max(name) FROM _graph_migrations;
UPDATE _down_check SET owned = (
  SELECT name FROM sqlite_master
  WHERE lower(tbl_name) IN ('nodes', 'edges', 'tags') AND type IN ('index', 'trigger')
    AND sql IS NOT NULL AND name NOT IN ('idx_nodes_type', 'idx_nodes_domain', 'idx_nodes_layer',
      'idx_nodes_hash', 'idx_nodes_date', 'idx_nodes_source', 'idx_edges_source',
      'idx_edges_target', 'idx_edges_type', 'idx_tags_tag')
  UNION ALL
  SELECT m.name FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS k
  WHERE m.type = 'table' AND lower(m.name) NOT IN ('edges', 'tags')
    AND lower(k."table") IN ('nodes', 'edges', 'tags')
);
-- A tag that meta does not have would be lost.
UPDATE _down_check SET tagged = (
  SELECT 1 FROM tags AS g JOIN nodes AS n ON n.id = g.node_id
  WHERE g.tag NOT IN (
    SELECT t.value
    FROM json_each(
      CASE
        WHEN typeof(n.meta) <> 'text' OR NOT json_valid(n.meta) THEN NULL
        WHEN json_type(n.meta, '$.tags') IN ('array', 'text') THEN n.meta
      END,
      '$.tags'
    ) AS t
    WHERE t.type = 'text'
  )
);
DROP TABLE _down_check;
DELETE FROM _graph_migrations WHERE name = '0004_shape';

CREATE TABLE _down_nodes AS
SELECT nid, id, type, title, domain, layer, embedding, hash, meta, date, summary FROM nodes;
CREATE TABLE _down_edges AS
SELECT rowid AS eid, source, target, type, confidence, veracity, context_source FROM edges;
INSERT INTO _down_edges (source, target, type, confidence, veracity, context_source)
SELECT source, target, type, confidence, veracity, context_source FROM edges_quarantine
ORDER BY rowid;
DROP TABLE edges_quarantine;
DROP TABLE tags;
DROP TABLE edges;
DROP TABLE nodes;

-- As 0001_graph and 0003_summary made them.
CREATE TABLE nodes (
  id TEXT PRIMARY KEY NOT NULL,
  type TEXT,
  title TEXT,
  domain TEXT,
  layer TEXT,
  embedding BLOB,
  hash TEXT,  -- of the content that the node was made from; equal hash, nothing to do
  meta TEXT,  -- JSON
  date TEXT   -- ISO 8601
);

CREATE TABLE edges (
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  type TEXT NOT NULL,
  confidence REAL DEFAULT 1,
  veracity REAL DEFAULT 1,
  context_source TEXT,
  PRIMARY KEY (source, target, type)
);

CREATE INDEX idx_edges_source ON edges (source);
CREATE INDEX idx_edges_target ON edges (target);
ALTER TABLE nodes ADD COLUMN summary TEXT;

INSERT INTO nodes (rowid, id, type, title, domain, layer, embedding, hash, meta, date, summary)
SELECT nid, id, type, title, domain, layer, embedding, hash, meta, date, summary FROM _down_nodes
ORDER BY nid;
-- Edges of the quarantine have lost their rowid and get one after all others.
INSERT INTO edges (rowid, source, target, type, confidence, veracity, context_source)
SELECT eid, source, target, type, confidence, veracity, context_source FROM _down_edges
ORDER BY eid IS NULL, eid, rowid;
DROP TABLE _down_nodes;
DROP TABLE _down_edges;
