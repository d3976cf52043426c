-- suggest_tags: tags that most neighbours of a node have, and the node has not.
--
--   :id             only for this node (all nodes)
--   :min_share      the share of the neighbours that have the tag (0.5)
--   :min_neighbors  only nodes with at least so many neighbours (3)
--   :limit          rows (20)
--
-- A neighbour counts once, whatever number, way and type of edges lead to it.
-- Cost: for one node its edges and the tags behind them; for all, all.

WITH
  linked (node, neighbor) AS (
    SELECT source, target FROM edges WHERE :id IS NULL AND source <> target
    UNION
    SELECT target, source FROM edges WHERE :id IS NULL AND source <> target
    UNION
    SELECT source, target FROM edges WHERE source = :id AND target <> :id
    UNION
    SELECT target, source FROM edges WHERE target = :id AND source <> :id
  )
SELECT s.node AS node_id, t.tag, count(*) AS tagged, s.neighbors,
  1.0 * count(*) / s.neighbors AS share
FROM (SELECT node, count(*) AS neighbors FROM linked GROUP BY node) AS s
JOIN linked AS l ON l.node = s.node
JOIN tags AS t ON t.node_id = l.neighbor
WHERE s.neighbors >= ifnull(:min_neighbors, 3)
  AND NOT EXISTS (SELECT 1 FROM tags AS own WHERE own.node_id = s.node AND own.tag = t.tag)
GROUP BY s.node, t.tag
HAVING share >= ifnull(:min_share, 0.5)
ORDER BY share DESC, tagged DESC, node_id, tag
LIMIT ifnull(:limit, 20);
