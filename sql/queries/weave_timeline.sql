-- weave_timeline: the edges that link each node with a date to the one before it.
--
--   :type  only nodes of this type (all)
--   :by    'type', 'domain', 'layer' or 'community' (of meta): one line for each (one for all)
--   :edge  the type of the edges (SUCCEEDS)
--
-- An edge goes from the newer node to the older. Those that are there already are left out. The
-- columns are those of put_semantic_edge, to insert them.
-- Cost: the nodes with a date, sorted.

SELECT source, target, type, 1.0 AS confidence, 1.0 AS veracity, 'timeline' AS context_source
FROM (
  SELECT date, nid, id AS source, ifnull(:edge, 'SUCCEEDS') AS type,
    lag(id) OVER (
      PARTITION BY CASE :by
        WHEN 'type' THEN type
        WHEN 'domain' THEN domain
        WHEN 'layer' THEN layer
        WHEN 'community' THEN CASE WHEN json_valid(meta) THEN json_extract(meta, '$.community') END
      END
      ORDER BY date, nid
    ) AS target
  FROM nodes_meta
  WHERE date > '' AND (:type IS NULL OR type = :type)
) AS n
WHERE target IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM edges AS e
    WHERE e.source = n.source AND e.target = n.target AND e.type = n.type
  )
ORDER BY date DESC, nid DESC;
