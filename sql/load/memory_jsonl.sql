-- Loads memory.jsonl of the current folder, the file of the MCP memory server, a JSON object per line:
--   {"type": "entity", "name": "Ada", "entityType": "person", "observations": ["likes tea"]}
--   {"type": "relation", "from": "Ada", "to": "Bob", "relationType": "knows"}
--
-- An entity becomes a node: name its id and title, entityType its type, observations an array in
-- meta and, a line each, its summary. A relation becomes an edge. What is there already and equal is
-- not written; of meta only observations changes. Of an entity that comes twice the last line
-- counts. An end of a relation that is no entity, which that server allows, is made a node without
-- a type and reported. Keys other than these are not loaded. sql/queries/write_memory.sql writes the
-- file again.
--
--   sqlite3 -bail my.db '.read sql/load/memory_jsonl.sql'
--
-- One file is one transaction, all or nothing. The lines are read before it begins.

.bail on
DROP TABLE IF EXISTS temp.memory_jsonl;
CREATE TEMP TABLE memory_jsonl (line TEXT);
.mode ascii
.separator "\037" "\n"
.import memory.jsonl memory_jsonl
.mode list
.separator "|" "\n"

-- What is wrong with which line; then nothing is loaded.
DELETE FROM temp.memory_jsonl WHERE trim(line, char(32, 9, 13)) = '';
CREATE TEMP TABLE memory_jsonl_wrong (
  line INTEGER,
  CONSTRAINT "each line must be an entity with name and observations, or a relation with from and to"
  CHECK (line IS NULL)
);
CREATE TEMP VIEW memory_jsonl_faults AS
SELECT rowid AS number, substr(line, 1, 60) AS start FROM temp.memory_jsonl
WHERE CASE
  WHEN NOT json_valid(line) THEN 1
  WHEN json_type(line) <> 'object' THEN 1
  WHEN json_extract(line, '$.type') = 'entity' THEN
    ifnull(json_type(line, '$.name'), '') <> 'text'
    OR ifnull(json_type(line, '$.entityType'), 'text') <> 'text'
    OR ifnull(json_type(line, '$.observations'), 'array') <> 'array'
  WHEN json_extract(line, '$.type') = 'relation' THEN
    ifnull(json_type(line, '$.from'), '') <> 'text'
    OR ifnull(json_type(line, '$.to'), '') <> 'text'
    OR ifnull(json_type(line, '$.relationType'), 'text') <> 'text'
  ELSE 1
END;
SELECT 'memory.jsonl:' || number || ': ' || start FROM memory_jsonl_faults;
INSERT INTO memory_jsonl_wrong (line) SELECT number FROM memory_jsonl_faults;
DROP VIEW temp.memory_jsonl_faults;
DROP TABLE temp.memory_jsonl_wrong;

-- The last line of each entity, in the order of the first.
CREATE TEMP TABLE memory_jsonl_entities AS
SELECT name, line, first
FROM (
  SELECT json_extract(line, '$.name') AS name, line,
    min(rowid) OVER (PARTITION BY json_extract(line, '$.name')) AS first,
    row_number() OVER (PARTITION BY json_extract(line, '$.name') ORDER BY rowid DESC) AS back
  FROM temp.memory_jsonl WHERE json_extract(line, '$.type') = 'entity'
)
WHERE back = 1;

BEGIN IMMEDIATE;
INSERT INTO put_node (id, type, title, meta, summary)
SELECT
  e.name,
  nullif(json_extract(e.line, '$.entityType'), ''),
  e.name,
  json_set(
    CASE WHEN json_valid(n.meta) AND json_type(n.meta) = 'object' THEN n.meta ELSE '{}' END,
    '$.observations',
    json(ifnull(json_extract(e.line, '$.observations'), '[]'))
  ),
  (
    SELECT nullif(group_concat(value, char(10)), '')
    FROM (SELECT value FROM json_each(e.line, '$.observations') ORDER BY key)
  )
FROM temp.memory_jsonl_entities AS e LEFT JOIN nodes AS n ON n.id = e.name
ORDER BY e.first;

CREATE TEMP TABLE memory_jsonl_ends AS
SELECT json_extract(line, '$.from') AS name, rowid AS number
FROM temp.memory_jsonl WHERE json_extract(line, '$.type') = 'relation'
UNION ALL
SELECT json_extract(line, '$.to'), rowid
FROM temp.memory_jsonl WHERE json_extract(line, '$.type') = 'relation';
SELECT 'memory.jsonl:' || min(number) || ': no entity ''' || name || ''', made a node'
FROM temp.memory_jsonl_ends WHERE name NOT IN (SELECT id FROM nodes)
GROUP BY name ORDER BY min(number), name;
INSERT INTO put_node (id, title)
SELECT name, name FROM temp.memory_jsonl_ends WHERE name NOT IN (SELECT id FROM nodes)
GROUP BY name ORDER BY min(number), name;

INSERT INTO put_semantic_edge (source, target, type)
SELECT
  json_extract(line, '$.from'),
  json_extract(line, '$.to'),
  json_extract(line, '$.relationType')
FROM temp.memory_jsonl WHERE json_extract(line, '$.type') = 'relation' ORDER BY rowid;
COMMIT;
DROP TABLE temp.memory_jsonl_ends;
DROP TABLE temp.memory_jsonl_entities;
DROP TABLE temp.memory_jsonl;
