-- 0009_stats: how large the store is, and how that changes.
--
-- What: store_counts and store_stats (one row of today's numbers), stats_snapshots (the last 100
-- of them that were kept), stats_alerts (what a snapshot should make somebody look at) and
-- stats_growth (from the first to the last).
-- Why: an ingester that quietly lost half of the nodes, or all embeddings, is found by comparing
-- with the run before. sql/queries/take_snapshot.sql keeps a snapshot.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0009_stats.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0008 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0009_stats' FROM _graph_migrations WHERE name = '0008_views')
);

-- One pass over nodes, without reading embeddings.
CREATE VIEW store_counts AS
SELECT n.nodes, (SELECT count(*) FROM edges) AS edges, n.vectors, n.semantic_tokens
FROM (
  SELECT
    count(*) AS nodes,
    count(*) FILTER (WHERE typeof(embedding) <> 'null') AS vectors,
    count(*) FILTER (WHERE meta LIKE '%semantic_tokens%') AS semantic_tokens
  FROM nodes
) AS n;

-- With the size of the main database. Apart from store_counts, since SQLite refuses a pragma inside
-- a view when trusted_schema is off.
CREATE VIEW store_stats AS
SELECT c.nodes, c.edges, c.vectors, c.semantic_tokens,
  p.page_count * s.page_size AS db_size_bytes
FROM store_counts AS c, pragma_page_count AS p, pragma_page_size AS s;

CREATE TABLE stats_snapshots (
  id INTEGER PRIMARY KEY,
  taken_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  nodes INTEGER NOT NULL,
  edges INTEGER NOT NULL,
  vectors INTEGER NOT NULL,
  semantic_tokens INTEGER,
  db_size_bytes INTEGER,
  gate_checked INTEGER,   -- edges that an ingester's gate looked at
  gate_rejected INTEGER,  -- and those it turned down
  version TEXT            -- of the program that wrote the graph
);

CREATE TRIGGER stats_snapshots_keep_100 AFTER INSERT ON stats_snapshots
BEGIN
  DELETE FROM stats_snapshots
  WHERE id <= (SELECT id FROM stats_snapshots ORDER BY id DESC LIMIT 1 OFFSET 100);
END;

-- Each snapshot against its own numbers and those of the one before.
CREATE VIEW stats_alerts AS
WITH
  pairs AS (
    SELECT id, taken_at, nodes, edges, vectors,
      lag(nodes) OVER (ORDER BY id) AS nodes_before,
      lag(edges) OVER (ORDER BY id) AS edges_before
    FROM stats_snapshots
  )
SELECT id AS snapshot_id, taken_at, 'error' AS severity, 'no_nodes' AS alert,
  'the store is empty' AS detail
FROM pairs WHERE nodes = 0
UNION ALL
SELECT id, taken_at, 'error', 'no_vectors', 'no node has an embedding: searches find nothing'
FROM pairs WHERE vectors = 0
UNION ALL
SELECT id, taken_at, 'warning', 'fewer_nodes', 'nodes: ' || nodes_before || ' before, now ' || nodes
FROM pairs WHERE nodes < 0.8 * nodes_before
UNION ALL
SELECT id, taken_at, 'warning', 'fewer_edges', 'edges: ' || edges_before || ' before, now ' || edges
FROM pairs WHERE edges < 0.8 * edges_before
UNION ALL
SELECT id, taken_at, 'warning', 'no_growth', 'as many nodes and edges as before'
FROM pairs WHERE nodes = nodes_before AND edges = edges_before
UNION ALL
SELECT id, taken_at, 'warning', 'few_edges', 'less than one edge for ten nodes'
FROM pairs WHERE edges < 0.1 * nodes OR nodes = 0
UNION ALL
SELECT id, taken_at, 'warning', 'few_vectors',
  vectors || ' of ' || nodes || ' nodes have an embedding'
FROM pairs WHERE vectors < 0.9 * nodes;

-- No row while there is no snapshot.
CREATE VIEW stats_growth AS
SELECT
  first.taken_at AS first_at,
  last.taken_at AS last_at,
  (SELECT count(*) FROM stats_snapshots) AS snapshots,
  last.nodes,
  last.nodes - first.nodes AS nodes_growth,
  last.edges,
  last.edges - first.edges AS edges_growth,
  last.vectors,
  last.vectors - first.vectors AS vectors_growth,
  last.db_size_bytes,
  last.db_size_bytes - first.db_size_bytes AS size_growth
FROM stats_snapshots AS first, stats_snapshots AS last
WHERE first.id = (SELECT min(id) FROM stats_snapshots)
  AND last.id = (SELECT max(id) FROM stats_snapshots);
