-- walk_as_of: what could be reached from a node at a moment in the past.
--
--   :start      an id, or a JSON array of ids
--   :at         a time in UTC (2026-01-31 12:00:00), with the changes of that second; or the id of a
--               change, an integer, with that change
--   :depth      hops (3)
--   :direction  out, in or both (out)
--
-- The walk is over the edges that read_edges_as_of.sql returns; titles are those of today, NULL where
-- the node is gone. Tables of your own with valid_from and valid_to need no history: give a WHERE.
-- Error: "as of: no history goes back to this moment", if all of history_recorded is later.
-- Needs the extension. Cost: the history after the moment, and one pass over edges.

SELECT b.node AS id, b.depth, b.parent, n.title
FROM graph_bfs(
  -- A query inside a query has no parameters: the moment is written into it.
  db_query(replace('
    WITH
      -- The last change before or at the moment. That text is no JSON path, so the error quotes it.
      moment (change) AS (
        SELECT ifnull(
          CASE
            WHEN typeof(:at) = ''integer'' THEN (
              SELECT :at WHERE EXISTS (SELECT 1 FROM history_recorded WHERE id <= :at)
            )
            ELSE (
              SELECT id FROM history_recorded WHERE timestamp <= datetime(:at) ORDER BY id DESC LIMIT 1
            )
          END,
          json_extract(''{}'', ''as of: no history goes back to this moment'')
        )
      ),
      -- old_value is that of the row with the smallest id.
      later (entity_id, old_value, change) AS (
        SELECT entity_id, old_value, min(id) FROM history_recorded
        WHERE id > (SELECT change FROM moment) AND entity_type = ''edge''
        GROUP BY entity_id
      )
    SELECT source, target, type, confidence, veracity, context_source FROM edges
    WHERE json_array(source || '''', target || '''', type || '''') NOT IN (SELECT entity_id FROM later)
    UNION ALL
    SELECT
      json_extract(old_value, ''$.source''), json_extract(old_value, ''$.target''),
      json_extract(old_value, ''$.type''), json_extract(old_value, ''$.confidence''),
      json_extract(old_value, ''$.veracity''), json_extract(old_value, ''$.context_source'')
    FROM later
    WHERE old_value IS NOT NULL
  ', ':at', quote(:at))),
  :start, ifnull(:depth, 3), ifnull(:direction, 'out')
) AS b
LEFT JOIN nodes AS n ON n.id = b.node
ORDER BY b.depth, b.node;
