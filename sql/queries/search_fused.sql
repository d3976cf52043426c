-- search_fused: the best nodes by words, by vector and by the graph around both, fused.
--
--   :query       the vector, a float32 blob or a JSON array; NULL: words only
--   :text        an expression of FTS5, 'lentil OR soup'; NULL: the vector only
--   :candidates  how many are taken from each ranking (50)
--   :seeds       how many of the best of both personalised PageRank starts from (20)
--   :damping     how far from them it goes (0.5)
--   :direction   which way it follows edges: out, in or both (both)
--   :types       a JSON array: only edges of these types (all)
--   :k           60: the larger, the less the very first places count
--   :limit       rows (10)
--
-- Reciprocal rank fusion: a node scores 1 / (k + rank) in each ranking that it is in. The row says
-- why it is there: vector_rank, text_rank and graph_rank, NULL where it is not among the candidates,
-- and hops, seed, via and from_id: how far the nearest seed is, which, and by what edge the last hop
-- came from which node. Use it when neither words nor vectors alone find everything.
-- Needs the extension and sql/optional/fts.sql. Cost: one search of each kind, all edges some dozen
-- times, and one walk of two hops.

WITH
  hit (nid, kind, rank) AS (
    SELECT rowid, 'vector', rank
    FROM vec_topk('nodes', 'embedding', :query, ifnull(:candidates, 50))
    WHERE score > 0
    UNION ALL
    SELECT nid, 'text', row_number() OVER (ORDER BY relevance, nid)
    FROM (
      SELECT rowid AS nid, bm25(nodes_fts) AS relevance
      FROM nodes_fts
      WHERE nodes_fts MATCH ifnull(:text, '""')
      ORDER BY relevance, rowid
      LIMIT ifnull(:candidates, 50)
    )
  ),
  seed (id, weight) AS (
    SELECT n.id, graph_rrf(h.rank, ifnull(:k, 60)) AS weight
    FROM hit AS h JOIN nodes AS n ON n.nid = h.nid
    GROUP BY n.nid
    ORDER BY weight DESC, n.nid
    LIMIT ifnull(:seeds, 20)
  ),
  place (nid, kind, rank) AS (
    SELECT nid, kind, rank FROM hit
    UNION ALL
    SELECT n.nid, 'graph', r.rank
    FROM (
      SELECT node, rank
      FROM graph_ppr('edges', (SELECT json_group_object(id, weight) FROM seed)) AS p
      WHERE p.damping = ifnull(:damping, 0.5)
        AND p.direction = ifnull(:direction, 'both')
        AND p.types = :types
        AND p.top_k = ifnull(:candidates, 50)
      LIMIT -1
    ) AS r
    JOIN nodes AS n ON n.id = r.node
  ),
  best (nid, score, vector_rank, text_rank, graph_rank) AS (
    SELECT nid, graph_rrf(rank, ifnull(:k, 60)) AS score,
      min(rank) FILTER (WHERE kind = 'vector'),
      min(rank) FILTER (WHERE kind = 'text'),
      min(rank) FILTER (WHERE kind = 'graph')
    FROM place
    GROUP BY nid
    ORDER BY score DESC, nid
    LIMIT ifnull(:limit, 10)
  )
SELECT n.id, b.score, n.title, b.vector_rank, b.text_rank, b.graph_rank,
  h.depth AS hops, h.root AS seed, e.type AS via, h.parent AS from_id
FROM best AS b
JOIN nodes AS n ON n.nid = b.nid
LEFT JOIN (
  SELECT node, depth, root, parent, edge_id
  FROM graph_bfs('edges', (SELECT json_group_array(id) FROM seed), 2, ifnull(:direction, 'both'),
    :types)
  LIMIT -1
) AS h ON h.node = n.id
LEFT JOIN edges AS e ON e.rowid = h.edge_id
ORDER BY b.score DESC, n.nid;
