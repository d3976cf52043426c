-- collect_nodes: nodes with their edges and tags, a row each, instead of three queries for each.
--
--   :ids  a JSON array of ids, in any number
--
-- edges_out, edges_in and tags are JSON arrays, [] where there are none. Rows are in the order of
-- the array. A key that is a blob is text here, an infinite confidence 9e999: JSON holds neither.
-- Cost: the nodes, edges and tags that are returned, each found by an index.

SELECT n.nid, n.id, n.type, n.title, n.domain, n.date, n.summary,
  (
    SELECT json_group_array(json_object('target', target, 'type', type, 'confidence', CASE
      WHEN confidence = 9e999 THEN json('9e999')
      WHEN confidence = -9e999 THEN json('-9e999')
      ELSE confidence
    END))
    FROM (
      SELECT target || '' AS target, type || '' AS type,
        CASE WHEN typeof(confidence) <> 'blob' THEN confidence END AS confidence
      FROM edges AS e WHERE source = n.id ORDER BY e.target, e.type
    )
  ) AS edges_out,
  (
    SELECT json_group_array(json_object('source', source, 'type', type, 'confidence', CASE
      WHEN confidence = 9e999 THEN json('9e999')
      WHEN confidence = -9e999 THEN json('-9e999')
      ELSE confidence
    END))
    FROM (
      SELECT source || '' AS source, type || '' AS type,
        CASE WHEN typeof(confidence) <> 'blob' THEN confidence END AS confidence
      FROM edges AS e WHERE target = n.id ORDER BY e.source, e.type
    )
  ) AS edges_in,
  (
    SELECT json_group_array(tag || '') FROM (SELECT tag FROM tags WHERE node_id = n.id ORDER BY tag)
  ) AS tags
FROM json_each(:ids) AS i CROSS JOIN nodes AS n ON n.id = CAST(i.value AS TEXT)
ORDER BY i.key;
