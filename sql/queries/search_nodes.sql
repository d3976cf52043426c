-- search_nodes: the nodes whose embeddings are nearest to a vector.
--
--   :query  the vector, a float32 blob or a JSON array
--   :limit  rows (5)
--
-- Nearest by the dot product, of unit vectors their cosine. Only scores above 0; ties by nid.
-- content stands for the text, which is not in the database: where it is.
-- Needs the extension. Cost: one search, then a look-up for each row.

SELECT n.id, t.score, n.title,
  CASE
    WHEN n.meta IS NULL THEN ''
    WHEN NOT json_valid(n.meta) THEN '[Hollow Node: parse error]'
    ELSE '[Hollow Node: '
      || ifnull(nullif(json_extract(n.meta, '$.source'), ''), 'no source') || ']'
  END AS content,
  n.meta, n.date
FROM vec_topk('nodes', 'embedding', :query, ifnull(:limit, 5)) AS t
JOIN nodes AS n ON n.nid = t.rowid
WHERE t.score > 0
ORDER BY t.rank;
