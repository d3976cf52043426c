-- 0001_graph: the knowledge graph and the ledger of migrations.
--
-- What: nodes, the directed edges between them, and ember_state, which remembers the files that an
-- ingester has analysed. Embeddings are little-endian float32 blobs in an ordinary column.
-- Why this shape: it is the one that Amalfa databases have, column for column, so that programs
-- written for them read and write this file. It has no foreign keys: an edge may be stored before
-- the nodes that it joins.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0001_graph.sql' COMMIT

CREATE TABLE IF NOT EXISTS _graph_migrations (
  name TEXT NOT NULL PRIMARY KEY,
  sha256,
  applied_at
);

-- A second run stops here: the name is the key.
INSERT INTO _graph_migrations (name) VALUES ('0001_graph');

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

CREATE TABLE ember_state (
  file_path TEXT PRIMARY KEY NOT NULL,
  last_analyzed TEXT,
  sidecar_created INTEGER,  -- 0 or 1
  confidence REAL
);
