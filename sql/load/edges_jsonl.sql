-- Loads edges.jsonl of the current folder, a JSON object per line:
--   {"source": "a", "target": "b", "type": "KNOWS", "confidence": 0.8}
-- with the keys source, target, and if you like type, confidence, veracity, context_source.
-- What is there already and equal is not written; what a row does not give stays as it is.
--
--   sqlite3 -bail my.db '.read sql/load/edges_jsonl.sql'
--
-- One file is one transaction, all or nothing; for shorter ones, split the file. The lines are read
-- before the transaction begins, so that it waits for no disk but its own.

.bail on
DROP TABLE IF EXISTS temp.edges_jsonl;
CREATE TEMP TABLE edges_jsonl (line TEXT);
.mode ascii
.separator "\037" "\n"
.import edges.jsonl edges_jsonl
.mode list
.separator "|" "\n"

-- What is wrong with which line; then nothing is loaded.
DELETE FROM temp.edges_jsonl WHERE trim(line, char(32, 9, 13)) = '';
CREATE TEMP TABLE edges_jsonl_wrong (
  line INTEGER,
  CONSTRAINT "each line must be a JSON object with source and target" CHECK (line IS NULL)
);
CREATE TEMP VIEW edges_jsonl_faults AS
SELECT rowid AS number, substr(line, 1, 60) AS start FROM temp.edges_jsonl
WHERE CASE
  WHEN NOT json_valid(line) THEN 1
  WHEN ifnull(json_type(line, '$.source'), '') NOT IN ('text', 'integer', 'real') THEN 1
  WHEN ifnull(json_type(line, '$.target'), '') NOT IN ('text', 'integer', 'real') THEN 1
  ELSE 0
END;
SELECT 'edges.jsonl:' || number || ': ' || start FROM edges_jsonl_faults;
INSERT INTO edges_jsonl_wrong (line) SELECT number FROM edges_jsonl_faults;
DROP VIEW temp.edges_jsonl_faults;
DROP TABLE temp.edges_jsonl_wrong;

BEGIN IMMEDIATE;
INSERT INTO put_semantic_edge (source, target, type, confidence, veracity, context_source)
SELECT
  json_extract(line, '$.source'),
  json_extract(line, '$.target'),
  json_extract(line, '$.type'),
  json_extract(line, '$.confidence'),
  json_extract(line, '$.veracity'),
  json_extract(line, '$.context_source')
FROM temp.edges_jsonl ORDER BY rowid;
-- Foreign keys, if they are on, refuse these at COMMIT.
SELECT 'edges.jsonl:' || l.rowid || ': ends at no node'
FROM temp.edges_jsonl AS l
WHERE (json_extract(line, '$.source') NOT IN (SELECT id FROM nodes)
  OR json_extract(line, '$.target') NOT IN (SELECT id FROM nodes));
COMMIT;
DROP TABLE temp.edges_jsonl;
