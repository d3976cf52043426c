-- rerank_by_distance: the nodes nearest to a vector, those close to a given node first.
--
--   :query       the vector, a float32 blob or a JSON array
--   :focus       the id of the node that matters now, or a JSON array of ids
--   :candidates  how many nearest nodes are ranked anew (50)
--   :depth       beyond so many hops, either way, a node counts as 99 hops away (4)
--   :limit       rows (10)
--
-- score is the similarity divided by 1 + hops. Use it when a conversation is about one person, file
-- or project: of two nodes that are alike the one that is linked to it comes first.
-- Needs the extension. Cost: one search, and the edges within depth hops.

SELECT n.id, t.score / (1 + ifnull(d.depth, 99)) AS score, n.title, t.score AS similarity,
  d.depth AS hops, n.meta, n.date
FROM vec_topk('nodes', 'embedding', :query, ifnull(:candidates, 50)) AS t
JOIN nodes AS n ON n.nid = t.rowid
LEFT JOIN (
  SELECT node, depth FROM graph_bfs('edges', :focus, ifnull(:depth, 4), 'both') LIMIT -1
) AS d ON d.node = n.id
WHERE t.score > 0
ORDER BY 2 DESC, t.rank
LIMIT ifnull(:limit, 10);
