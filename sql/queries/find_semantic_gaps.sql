-- find_semantic_gaps: pairs of nodes that are alike, but not linked.
--
--   :k          how many nearest nodes of each are looked at, itself among them (5)
--   :min_score  the least similarity (0.82)
--   :limit      pairs (10)
--
-- An edge either way, of any type, makes a pair known. Each pair comes once, best first.
-- Needs the extension. Cost: every node against every node, in one pass.

SELECT a.id AS node, b.id AS other, p.score, a.title, b.title AS other_title
FROM (
  SELECT min(left_rowid, rowid) AS one, max(left_rowid, rowid) AS two, max(score) AS score
  FROM vec_join('nodes', 'embedding', 'nodes', 'embedding', ifnull(:k, 5), 'dot',
    ifnull(:min_score, 0.82))
  WHERE left_rowid <> rowid
  GROUP BY min(left_rowid, rowid), max(left_rowid, rowid)
) AS p
JOIN nodes AS a ON a.nid = p.one
JOIN nodes AS b ON b.nid = p.two
WHERE NOT EXISTS (SELECT 1 FROM edges WHERE source = a.id AND target = b.id)
  AND NOT EXISTS (SELECT 1 FROM edges WHERE source = b.id AND target = a.id)
ORDER BY p.score DESC, p.one, p.two
LIMIT ifnull(:limit, 10);
