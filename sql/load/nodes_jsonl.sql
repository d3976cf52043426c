-- Loads nodes.jsonl of the current folder, a JSON object per line:
--   {"id": "a", "title": "Ada", "meta": {"source": "a.md", "tags": ["people"]}}
-- with the keys id, and if you like type, title (or label), domain, layer, hash, meta, date, summary.
-- What is there already and equal is not written; what a row does not give stays as it is.
--
--   sqlite3 -bail my.db '.read sql/load/nodes_jsonl.sql'
--
-- One file is one transaction, all or nothing; for shorter ones, split the file. The lines are read
-- before the transaction begins, so that it waits for no disk but its own.

.bail on
DROP TABLE IF EXISTS temp.nodes_jsonl;
CREATE TEMP TABLE nodes_jsonl (line TEXT);
.mode ascii
.separator "\037" "\n"
.import nodes.jsonl nodes_jsonl
.mode list
.separator "|" "\n"

-- What is wrong with which line; then nothing is loaded.
DELETE FROM temp.nodes_jsonl WHERE trim(line, char(32, 9, 13)) = '';
CREATE TEMP TABLE nodes_jsonl_wrong (
  line INTEGER,
  CONSTRAINT "each line must be a JSON object with id" CHECK (line IS NULL)
);
CREATE TEMP VIEW nodes_jsonl_faults AS
SELECT rowid AS number, substr(line, 1, 60) AS start FROM temp.nodes_jsonl
WHERE CASE
  WHEN NOT json_valid(line) THEN 1
  WHEN ifnull(json_type(line, '$.id'), '') NOT IN ('text', 'integer', 'real') THEN 1
  ELSE 0
END;
SELECT 'nodes.jsonl:' || number || ': ' || start FROM nodes_jsonl_faults;
INSERT INTO nodes_jsonl_wrong (line) SELECT number FROM nodes_jsonl_faults;
DROP VIEW temp.nodes_jsonl_faults;
DROP TABLE temp.nodes_jsonl_wrong;

BEGIN IMMEDIATE;
INSERT INTO put_node (id, type, title, domain, layer, hash, meta, date, summary)
SELECT
  json_extract(line, '$.id'),
  json_extract(line, '$.type'),
  ifnull(json_extract(line, '$.title'), json_extract(line, '$.label')),
  json_extract(line, '$.domain'),
  json_extract(line, '$.layer'),
  json_extract(line, '$.hash'),
  json_extract(line, '$.meta'),
  json_extract(line, '$.date'),
  json_extract(line, '$.summary')
FROM temp.nodes_jsonl ORDER BY rowid;
COMMIT;
DROP TABLE temp.nodes_jsonl;
