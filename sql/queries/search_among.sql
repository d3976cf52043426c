-- search_among: the nearest nodes among those of a domain, type, layer or tag.
--
--   :query  the vector, a float32 blob or a JSON array
--   :domain, :type, :layer, :tag  only these; those that are not given do not restrict
--   :limit  rows (5)
--
-- The restriction comes before the limit: these are the best of those nodes. Scores as in
-- search_nodes.sql.
-- Needs the extension. Cost: finding those nodes, then one search among them.

SELECT n.id, t.score, n.title, n.meta, n.date
FROM vec_topk('nodes', 'embedding', :query, ifnull(:limit, 5)) AS t
JOIN nodes AS n ON n.nid = t.rowid
WHERE t.within = (
    SELECT vec_ids(nid) FROM nodes
    WHERE (:domain IS NULL OR domain = :domain)
      AND (:type IS NULL OR type = :type)
      AND (:layer IS NULL OR layer = :layer)
      AND (:tag IS NULL OR id IN (SELECT node_id FROM tags WHERE tag = :tag))
  )
  AND t.score > 0
ORDER BY t.rank;
