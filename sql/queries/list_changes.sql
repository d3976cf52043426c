-- list_changes: what happened to a node, its edges and its tags, the last change first.
--
--   :id     the id of the node
--   :limit  rows (20)
--
-- Cost: the history, from its end, until there are enough rows.

SELECT id AS change, timestamp, entity_type, entity_id, action, old_value, new_value
FROM history
WHERE (entity_type = 'node' AND entity_id = :id)
  OR (
    entity_type IN ('edge', 'tag')
    AND CASE
      WHEN json_valid(entity_id) THEN
        json_extract(entity_id, '$[0]') = :id
        OR (entity_type = 'edge' AND json_extract(entity_id, '$[1]') = :id)
    END
  )
ORDER BY id DESC
LIMIT ifnull(:limit, 20);
