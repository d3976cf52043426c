-- read_nodes_as_of: the nodes as they were at a moment in the past.
--
--   :at  a time in UTC (2026-01-31 12:00:00), with the changes of that second; or the id of a
--        change, an integer, with that change
--
-- What has not changed since is taken from the table, the rest from the old_value of its first
-- later change. History holds no embeddings.
-- Error: "as of: no history goes back to this moment", if all of history_recorded is later.
-- Cost: the history after the moment, and one pass over nodes.

WITH
  -- The last change before or at the moment. That text is no JSON path, so the error quotes it.
  moment (change) AS (
    SELECT ifnull(
      CASE
        WHEN typeof(:at) = 'integer' THEN (
          SELECT :at WHERE EXISTS (SELECT 1 FROM history_recorded WHERE id <= :at)
        )
        ELSE (
          SELECT id FROM history_recorded WHERE timestamp <= datetime(:at) ORDER BY id DESC LIMIT 1
        )
      END,
      json_extract('{}', 'as of: no history goes back to this moment')
    )
  ),
  -- old_value is that of the row with the smallest id.
  later (entity_id, old_value, change) AS (
    SELECT entity_id, old_value, min(id) FROM history_recorded
    WHERE id > (SELECT change FROM moment) AND entity_type = 'node'
    GROUP BY entity_id
  )
SELECT id, type, title, domain, layer, hash, meta, date, summary FROM nodes
WHERE id || '' NOT IN (SELECT entity_id FROM later)
UNION ALL
SELECT
  json_extract(old_value, '$.id'), json_extract(old_value, '$.type'),
  json_extract(old_value, '$.title'), json_extract(old_value, '$.domain'),
  json_extract(old_value, '$.layer'), json_extract(old_value, '$.hash'),
  json_extract(old_value, '$.meta'), json_extract(old_value, '$.date'),
  json_extract(old_value, '$.summary')
FROM later
WHERE old_value IS NOT NULL
ORDER BY id;
