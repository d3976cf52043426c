-- rescue_orphans: an edge for each orphan, to the most similar note or experience.
--
--   :min_score  only a similarity above this (0.85)
--   :type       the type of the edges (RELATED_TO)
--
-- Returns edges to look at; the columns are those of put_semantic_edge, to insert them.
-- An embedding as long as no other is passed over.
-- Needs the extension. Cost: the orphans against the notes and experiences, in one pass.

SELECT left_id AS source, id AS target, ifnull(:type, 'RELATED_TO') AS type,
  max(score) AS confidence, 1.0 AS veracity, 'orphan_rescue' AS context_source
FROM vec_join(
  db_query('
    SELECT n.id, n.embedding FROM orphans AS o JOIN nodes AS n USING (nid)
    WHERE length(n.embedding) IN (
      SELECT length(embedding) FROM nodes WHERE layer = ''experience'' OR type = ''note''
    )
    ORDER BY nid'),
  'embedding',
  db_query('
    SELECT id, embedding FROM nodes WHERE layer = ''experience'' OR type = ''note'' ORDER BY nid'),
  'embedding', 2
)
WHERE id <> left_id AND score > ifnull(:min_score, 0.85)
GROUP BY left_rowid
ORDER BY confidence DESC, left_rowid;
