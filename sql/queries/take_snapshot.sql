-- take_snapshot: keeps today's numbers of the store; the table holds the last 100.
--
--   :version        of the program that wrote the graph (NULL)
--   :gate_checked   edges that its gate looked at (NULL)
--   :gate_rejected  edges that its gate turned down (NULL)
--
-- stats_alerts then says what is wrong with it, and stats_growth what has grown.
-- Cost: one pass over nodes and one over an index of edges.

INSERT INTO stats_snapshots
  (nodes, edges, vectors, semantic_tokens, db_size_bytes, gate_checked, gate_rejected, version)
SELECT c.nodes, c.edges, c.vectors, c.semantic_tokens, p.page_count * s.page_size,
  :gate_checked, :gate_rejected, :version
FROM store_counts AS c, pragma_page_count AS p, pragma_page_size AS s;
