-- expand_hops: the nodes nearest to a vector and what is linked to them, each hop counting less.
--
--   :query   the vector, a float32 blob or a JSON array
--   :seeds   how many nearest nodes it starts from (8)
--   :depth   hops, either way (2)
--   :decay   what a hop multiplies the score by (0.6)
--   :hub     a node with so many edges counts half, with three times as many a quarter (not damped)
--   :types   a JSON array: only edges of these types (all)
--   :fanout  of a node at most so many edges are followed (50)
--   :limit   rows (20)
--
-- score is that of the nearest seed, times decay for each hop, divided by 1 + edges / hub. seed,
-- via and from_id tell how the row was found: by an edge of type via from from_id. Use it when the
-- answer to a question is linked to what the words of the question find.
-- Needs the extension. Cost: one search, then the edges of what is found, at most 2,000 nodes.

WITH RECURSIVE
  seed (id, score) AS (
    SELECT n.id, t.score
    FROM vec_topk('nodes', 'embedding', :query, ifnull(:seeds, 8)) AS t
    JOIN nodes AS n ON n.nid = t.rowid
    WHERE t.score > 0
  ),
  power (depth, factor) AS (
    SELECT 0, 1.0
    UNION ALL
    SELECT depth + 1, factor * ifnull(:decay, 0.6) FROM power WHERE depth < ifnull(:depth, 2)
  ),
  -- LIMIT -1: walked once, not for every row of a join.
  hop (node, depth, parent, edge_id, root) AS (
    SELECT node, depth, parent, edge_id, root
    FROM graph_bfs('edges', (SELECT json_group_array(id) FROM seed), ifnull(:depth, 2), 'both',
      :types, 2000, ifnull(:fanout, 50))
    LIMIT -1
  )
SELECT n.id,
  s.score * p.factor / (1 + ifnull(1.0 / :hub * (
    (SELECT count(*) FROM edges WHERE source = n.id)
    + (SELECT count(*) FROM edges WHERE target = n.id AND source <> n.id)
  ), 0)) AS score,
  n.title, h.depth, h.root AS seed, e.type AS via, h.parent AS from_id
FROM hop AS h
JOIN seed AS s ON s.id = h.root
JOIN power AS p ON p.depth = h.depth
JOIN nodes AS n ON n.id = h.node
LEFT JOIN edges AS e ON e.rowid = h.edge_id
ORDER BY score DESC, n.nid
LIMIT ifnull(:limit, 20);
