-- search_passages: passages that belong to a question, through the terms that they mention.
--
--   :query     the vector, a float32 blob or a JSON array
--   :term      the type of the nodes that are terms (concept); all others are passages
--   :terms     how many terms are linked to the question (5)
--   :passages  how many passages, by their own vectors, it starts from too (200)
--   :damping   how far scores travel (0.5)
--   :limit     rows (10)
--
-- HippoRAG 2: personalised PageRank from both, along all edges, weighed by confidence. A term starts
-- with its score, shared among the nodes linked to it; a passage with a twentieth of its score,
-- from 0 for the worst to 1 for the best. score is the rank mass of a passage, similarity what its
-- own vector says. Use it for questions that need several passages, joined by what they mention.
-- Needs the extension. Cost: two searches, and all edges some dozen times.

WITH
  term (id, score) AS (
    SELECT n.id, t.score
    FROM vec_topk('nodes', 'embedding', :query, ifnull(:terms, 5)) AS t
    JOIN nodes AS n ON n.nid = t.rowid
    WHERE t.within = (SELECT vec_ids(nid) FROM nodes WHERE type = ifnull(:term, 'concept'))
      AND t.score > 0
  ),
  passage (id, score) AS (
    SELECT n.id, t.score
    FROM vec_topk('nodes', 'embedding', :query, ifnull(:passages, 200)) AS t
    JOIN nodes AS n ON n.nid = t.rowid
    WHERE t.within = (SELECT vec_ids(nid) FROM nodes WHERE type IS NOT ifnull(:term, 'concept'))
  ),
  seed (id, weight) AS (
    SELECT id, score / max(1, (
      SELECT count(DISTINCT CASE WHEN source = t.id THEN target ELSE source END)
      FROM edges WHERE source = t.id OR target = t.id
    ))
    FROM term AS t
    UNION ALL
    SELECT id, 0.05 * (score - least) / max(most - least, 1e-9)
    FROM passage JOIN (SELECT min(score) AS least, max(score) AS most FROM passage)
  )
SELECT n.id, r.score, n.title, p.score AS similarity, n.meta, n.date
FROM (
  SELECT node, score
  FROM graph_ppr('edges', (SELECT json_group_object(id, weight) FROM seed WHERE weight > 0),
    ifnull(:damping, 0.5), 'both', 'confidence')
  LIMIT -1
) AS r
JOIN nodes AS n ON n.id = r.node
LEFT JOIN passage AS p ON p.id = n.id
WHERE n.type IS NOT ifnull(:term, 'concept')
ORDER BY r.score DESC, n.nid
LIMIT ifnull(:limit, 10);
