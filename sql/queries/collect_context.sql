-- collect_context: texts for a prompt about a question, within a budget of tokens.
--
--   :query      the vector, a float32 blob or a JSON array
--   :entity     only nodes of this type are entities (all)
--   :entities   how many entities the question is about (10)
--   :community  the type of the nodes that describe communities (community)
--   :budget     tokens in all, of four characters each (8000)
--
-- GraphRAG's local search. A row is a piece of text: the entities nearest to the question (an eighth
-- of the budget); the nodes linked to them, those linked to most of them first (half); the
-- communities among those (a quarter); and the edges of the entities, those between two of them
-- first (an eighth). Each part ends before the text that would exceed its budget.
-- Needs the extension. Cost: one search, and the edges of the entities.

WITH
  entity (id, score) AS (
    SELECT n.id, t.score
    FROM vec_topk('nodes', 'embedding', :query, ifnull(:entities, 10)) AS t
    JOIN nodes AS n ON n.nid = t.rowid
    WHERE t.within = (SELECT vec_ids(nid) FROM nodes WHERE :entity IS NULL OR type = :entity)
      AND t.score > 0
  ),
  linked (id, hits, score) AS (
    SELECT id, count(*), sum(score)
    FROM (
      SELECT e.target AS id, x.id AS entity, x.score
      FROM entity AS x JOIN edges AS e ON e.source = x.id
      UNION
      SELECT e.source, x.id, x.score
      FROM entity AS x JOIN edges AS e ON e.target = x.id
    )
    WHERE id NOT IN (SELECT id FROM entity)
    GROUP BY id
  ),
  piece (part, share, id, text, place) AS (
    SELECT 'entity', 0.125, n.id, ifnull(n.title, n.id) || ifnull(': ' || n.summary, ''),
      row_number() OVER (ORDER BY x.score DESC, n.nid)
    FROM entity AS x JOIN nodes AS n ON n.id = x.id
    UNION ALL
    SELECT part, CASE part WHEN 'text' THEN 0.5 ELSE 0.25 END, id, text,
      row_number() OVER (PARTITION BY part ORDER BY hits DESC, score DESC, nid)
    FROM (
      SELECT CASE WHEN n.type = ifnull(:community, 'community') THEN 'community' ELSE 'text' END
        AS part, n.id, n.nid, n.summary AS text, l.hits, l.score
      FROM linked AS l JOIN nodes AS n ON n.id = l.id
      WHERE n.summary <> ''
    )
    UNION ALL
    SELECT 'relation', 0.125, json_array(e.source, e.target, e.type),
      ifnull(s.title, e.source) || ' - ' || e.type || ' - ' || ifnull(t.title, e.target),
      row_number() OVER (
        ORDER BY (e.source IN (SELECT id FROM entity)) + (e.target IN (SELECT id FROM entity)) DESC,
          e.confidence DESC, e.source, e.target, e.type
      )
    FROM edges AS e
    LEFT JOIN nodes AS s ON s.id = e.source
    LEFT JOIN nodes AS t ON t.id = e.target
    WHERE e.source IN (SELECT id FROM entity) OR e.target IN (SELECT id FROM entity)
  )
SELECT part, id, text, tokens
FROM (
  SELECT part, share, id, text, place, tokens,
    sum(tokens) OVER (PARTITION BY part ORDER BY place) AS used
  FROM (SELECT *, (length(text) + 3) / 4 AS tokens FROM piece)
)
WHERE used <= share * ifnull(:budget, 8000)
ORDER BY CASE part WHEN 'entity' THEN 1 WHEN 'text' THEN 2 WHEN 'community' THEN 3 ELSE 4 END, place;
