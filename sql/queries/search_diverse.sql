-- search_diverse: nodes near a vector that do not all say the same.
--
--   :query       the vector, a float32 blob or a JSON array
--   :lambda      1: the nearest, as search_nodes.sql has them; 0: as unlike as can be (0.5)
--   :candidates  how many nearest nodes it picks from (50)
--   :limit       rows (10)
--
-- Maximal marginal relevance: each row is the one that is near the query and least like those above
-- it. similarity is its score for the query, mmr what it was picked for. Use it when several nodes
-- repeat one another and a prompt or a page has room for few.
-- Needs the extension. Cost: one search, and each pick against every candidate.

SELECT n.id, m.score AS similarity, m.mmr, n.title, n.meta, n.date
FROM vec_mmr('nodes', 'embedding', :query, ifnull(:limit, 10)) AS m
JOIN nodes AS n ON n.nid = m.rowid
WHERE m.lambda = ifnull(:lambda, 0.5)
  AND m.fetch_k = max(ifnull(:candidates, 50), ifnull(:limit, 10))
ORDER BY m.rank;
