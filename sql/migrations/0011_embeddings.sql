-- 0011_embeddings: which model made the embeddings, and which of them must be made again.
--
-- What: the table embedding_models, a row per column of vectors; the table node_embeddings, what
-- each embedding of a node was made from; the view nodes_to_embed.
-- Why: a blob of floats does not say what made it. Vectors of two models, or of a text that has
-- changed since, still give scores, and the scores mean nothing.
--
-- vec_audit and the health report take the expected length from embedding_models. Who computes
-- embeddings writes both tables; nothing here fills them by itself, so that storing an embedding
-- costs what it did.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0011_embeddings.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0010 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0011_embeddings' FROM _graph_migrations WHERE name = '0010_cache')
);

-- SQL does not tell names by their case, so neither does the key.
CREATE TABLE embedding_models (
  table_name TEXT NOT NULL COLLATE NOCASE,
  column_name TEXT NOT NULL COLLATE NOCASE,
  model TEXT NOT NULL,
  dims INTEGER NOT NULL CHECK (typeof(dims) = 'integer' AND dims > 0),
  PRIMARY KEY (table_name, column_name)
);

-- Without a foreign key: a row about a node that is gone says nothing wrong, and one about a node
-- that has come back tells whether it has changed.
CREATE TABLE node_embeddings (
  node_id TEXT NOT NULL PRIMARY KEY,
  model TEXT NOT NULL,
  hash TEXT                      -- nodes.hash of the content that was embedded
);

-- missing: none. type: no blob. length: not the floats of the model, or no whole number of floats.
-- model: made by another one. content: made from another text. The last two are known of the nodes
-- in node_embeddings.
CREATE VIEW nodes_to_embed AS
SELECT nid, id, reason, model, dims
FROM (
  SELECT n.nid, n.id, m.model, m.dims,
    CASE
      WHEN n.embedding IS NULL THEN 'missing'
      WHEN typeof(n.embedding) <> 'blob' THEN 'type'
      WHEN length(n.embedding) <> m.dims * 4 THEN 'length'
      WHEN length(n.embedding) = 0 OR length(n.embedding) % 4 <> 0 THEN 'length'
      WHEN e.model <> m.model THEN 'model'
      WHEN e.node_id IS NOT NULL AND e.hash IS NOT n.hash THEN 'content'
    END AS reason
  FROM nodes AS n
  LEFT JOIN embedding_models AS m ON m.table_name = 'nodes' AND m.column_name = 'embedding'
  LEFT JOIN node_embeddings AS e ON e.node_id = n.id
)
WHERE reason IS NOT NULL;
