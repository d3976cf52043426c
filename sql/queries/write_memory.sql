-- write_memory: the graph as the file of the MCP memory server, a line of JSON for each row.
--
--   :domain  only its nodes, and the edges between them (all)
--
--   sqlite3 my.db '.read sql/queries/write_memory.sql' > memory.jsonl
--
-- A node is an entity: name is its id, entityType its type, observations the array of that name in
-- meta, or else the summary alone. Lost are title, domain, layer, hash, date, tags, embedding and
-- the rest of meta; of an edge confidence, veracity and context_source. sql/load/memory_jsonl.sql
-- reads such a file.
-- Cost: all nodes and all edges.

SELECT line FROM (
  SELECT 0 AS part, nid AS place, json_object(
    'type', 'entity',
    'name', id,
    'entityType', ifnull(type, ''),
    'observations', json(CASE
      WHEN json_valid(meta) AND json_type(meta, '$.observations') = 'array'
        THEN json_extract(meta, '$.observations')
      WHEN summary <> '' THEN json_array(summary)
      ELSE '[]'
    END)
  ) AS line
  FROM nodes
  WHERE :domain IS NULL OR domain = :domain
  UNION ALL
  SELECT 1, e.rowid,
    json_object('type', 'relation', 'from', e.source, 'to', e.target, 'relationType', e.type)
  FROM edges AS e
  WHERE :domain IS NULL OR (
    e.source IN (SELECT id FROM nodes WHERE domain = :domain)
    AND e.target IN (SELECT id FROM nodes WHERE domain = :domain)
  )
)
ORDER BY part, place;
