-- find_semantic_gaps: pairs of nodes that are alike, but not linked.
--
--   :k          how many nearest nodes of each are looked at, itself among them (5)
--   :min_score  the least similarity (0.82)
--   :limit      pairs (10)
--
-- An edge either way, of any type, makes a pair known. Each pair comes once, best first.
-- Needs the extension. Cost: every node against every node, in one pass.

SELECT p.node, p.other, p.score, a.title, b.title AS other_title
FROM (
  SELECT min(left_id, id) AS node, max(left_id, id) AS other, max(score) AS score
  FROM vec_join('nodes', 'embedding', 'nodes', 'embedding', ifnull(:k, 5), 'dot',
    ifnull(:min_score, 0.82))
  WHERE left_id <> id
  GROUP BY min(left_id, id), max(left_id, id)
) AS p
JOIN nodes AS a ON a.id = p.node
JOIN nodes AS b ON b.id = p.other
WHERE NOT EXISTS (SELECT 1 FROM edges WHERE source = p.node AND target = p.other)
  AND NOT EXISTS (SELECT 1 FROM edges WHERE source = p.other AND target = p.node)
ORDER BY p.score DESC, p.node, p.other
LIMIT ifnull(:limit, 10);
