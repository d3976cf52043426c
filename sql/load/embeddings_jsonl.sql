-- Loads embeddings.jsonl of the current folder, a JSON object per line:
--   {"id": "a", "embedding": [0.6, 0.8]}
-- The only file here that needs the library: SQL alone cannot make a blob of numbers. A node that is
-- not there yet is made.
--
--   sqlite3 -bail my.db '.load ./build/vecgraph' '.read sql/load/embeddings_jsonl.sql'

.bail on
DROP TABLE IF EXISTS temp.embeddings_jsonl;
CREATE TEMP TABLE embeddings_jsonl (line TEXT);
.mode ascii
.separator "\037" "\n"
.import embeddings.jsonl embeddings_jsonl
.mode list
.separator "|" "\n"

BEGIN IMMEDIATE;
INSERT INTO put_node (id, embedding)
SELECT json_extract(line, '$.id'), vec_f32(json_extract(line, '$.embedding'))
FROM temp.embeddings_jsonl WHERE trim(line, char(32, 9, 13)) <> '' ORDER BY rowid;
COMMIT;
DROP TABLE temp.embeddings_jsonl;
