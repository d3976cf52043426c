-- link_synonyms: edges between nodes that mean nearly the same, by their vectors.
--
--   :type       only nodes of this type (all)
--   :min_score  the least similarity (0.8)
--   :k          how many nearest nodes of each are looked at, itself among them (100)
--   :edge       the type of the edges (SYNONYM)
--
-- Each pair once. Those that are there already are left out. The columns are those of
-- put_semantic_edge, to insert them; group_synonyms.sql then lists what means the same.
-- Needs the extension. Cost: every node of the type against every other, in one pass.

SELECT j.left_id AS source, j.id AS target, ifnull(:edge, 'SYNONYM') AS type,
  min(1.0, j.score) AS confidence, 1.0 AS veracity, 'synonyms' AS context_source
FROM vec_join(
  db_query('SELECT id, embedding FROM nodes'
    || CASE WHEN :type IS NULL THEN '' ELSE ' WHERE type = ' || quote(:type) END),
  'embedding',
  db_query('SELECT id, embedding FROM nodes'
    || CASE WHEN :type IS NULL THEN '' ELSE ' WHERE type = ' || quote(:type) END),
  'embedding', ifnull(:k, 100), 'dot', ifnull(:min_score, 0.8)
) AS j
WHERE j.left_id < j.id
  AND NOT EXISTS (
    SELECT 1 FROM edges AS e
    WHERE e.type = ifnull(:edge, 'SYNONYM')
      AND ((e.source = j.left_id AND e.target = j.id) OR (e.source = j.id AND e.target = j.left_id))
  )
ORDER BY j.score DESC, j.left_id, j.id;
