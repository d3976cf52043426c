-- link_domains: edges from every node of one domain to the most similar ones of another.
--
--   :from  the domain that the edges leave (lexicon)
--   :to    the domain where they end (knowledge)
--   :k     edges for each node (5)
--   :type  their type (appears_in)
--
-- Returns edges to look at; the columns are those of put_semantic_edge, to insert them. The
-- confidence is the similarity.
-- An embedding as long as none of the other domain is passed over.
-- Needs the extension. Cost: one domain against the other, in one pass.

SELECT left_id AS source, id AS target, ifnull(:type, 'appears_in') AS type, score AS confidence,
  1.0 AS veracity, 'vector_similarity_topk' AS context_source
FROM vec_join(
  db_query('
    SELECT id, embedding FROM nodes
    WHERE domain = ' || quote(ifnull(:from, 'lexicon')) || ' AND length(embedding) IN (
      SELECT length(embedding) FROM nodes WHERE domain = ' || quote(ifnull(:to, 'knowledge')) || '
    )
    ORDER BY nid'),
  'embedding',
  db_query('
    SELECT id, embedding FROM nodes
    WHERE domain = ' || quote(ifnull(:to, 'knowledge')) || ' ORDER BY nid'),
  'embedding', ifnull(:k, 5)
)
ORDER BY left_rowid, rank;
