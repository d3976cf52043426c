-- Loads tags.jsonl of the current folder, a JSON object per line:
--   {"node_id": "a", "tag": "people"}
-- with the keys node_id, tag.
-- What is there already and equal is not written; what a row does not give stays as it is.
--
--   sqlite3 -bail my.db '.read sql/load/tags_jsonl.sql'
--
-- One file is one transaction, all or nothing; for shorter ones, split the file. The lines are read
-- before the transaction begins, so that it waits for no disk but its own.

.bail on
DROP TABLE IF EXISTS temp.tags_jsonl;
CREATE TEMP TABLE tags_jsonl (line TEXT);
.mode ascii
.separator "\037" "\n"
.import tags.jsonl tags_jsonl
.mode list
.separator "|" "\n"

-- What is wrong with which line; then nothing is loaded.
DELETE FROM temp.tags_jsonl WHERE trim(line, char(32, 9, 13)) = '';
CREATE TEMP TABLE tags_jsonl_wrong (
  line INTEGER,
  CONSTRAINT "each line must be a JSON object with node_id and tag" CHECK (line IS NULL)
);
CREATE TEMP VIEW tags_jsonl_faults AS
SELECT rowid AS number, substr(line, 1, 60) AS start FROM temp.tags_jsonl
WHERE CASE
  WHEN NOT json_valid(line) THEN 1
  WHEN ifnull(json_type(line, '$.node_id'), '') NOT IN ('text', 'integer', 'real') THEN 1
  WHEN ifnull(json_type(line, '$.tag'), '') NOT IN ('text', 'integer', 'real') THEN 1
  ELSE 0
END;
SELECT 'tags.jsonl:' || number || ': ' || start FROM tags_jsonl_faults;
INSERT INTO tags_jsonl_wrong (line) SELECT number FROM tags_jsonl_faults;
DROP VIEW temp.tags_jsonl_faults;
DROP TABLE temp.tags_jsonl_wrong;

BEGIN IMMEDIATE;
INSERT INTO put_tag (node_id, tag)
SELECT
  json_extract(line, '$.node_id'),
  json_extract(line, '$.tag')
FROM temp.tags_jsonl ORDER BY rowid;
-- Foreign keys, if they are on, refuse these at COMMIT.
SELECT 'tags.jsonl:' || l.rowid || ': ends at no node'
FROM temp.tags_jsonl AS l
WHERE (json_extract(line, '$.node_id') NOT IN (SELECT id FROM nodes));
COMMIT;
DROP TABLE temp.tags_jsonl;
