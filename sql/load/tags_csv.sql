-- Loads tags.csv of the current folder. Its first line names the columns, in this order:
--   node_id,tag
-- An empty field is not given. What is there already and equal is not written; what a row does not
-- give stays as it is.
--
--   sqlite3 -bail my.db '.read sql/load/tags_csv.sql'
--
-- One file is one transaction, all or nothing; for shorter ones, split the file and give each part
-- the first line.

.bail on
DROP TABLE IF EXISTS temp.tags_csv;
CREATE TEMP TABLE tags_csv (node_id, tag);
.import --csv tags.csv tags_csv

-- What is wrong with which row; then nothing is loaded.
CREATE TEMP TABLE tags_csv_wrong (
  header TEXT,
  line INTEGER,
  CONSTRAINT "the first line must be node_id,tag"
    CHECK (header IS NULL),
  CONSTRAINT "each row needs node_id and tag" CHECK (line IS NULL)
);
INSERT INTO tags_csv_wrong (header)
SELECT 'wrong' FROM (SELECT 1) LEFT JOIN temp.tags_csv AS l ON l.rowid = 1
WHERE (l.node_id, l.tag)
  IS NOT ('node_id', 'tag');
SELECT 'tags.csv: row ' || rowid || ' has no node_id and tag' FROM temp.tags_csv
WHERE nullif(node_id, '') IS NULL OR nullif(tag, '') IS NULL;
INSERT INTO tags_csv_wrong (line)
SELECT rowid FROM temp.tags_csv
WHERE nullif(node_id, '') IS NULL OR nullif(tag, '') IS NULL;
DROP TABLE temp.tags_csv_wrong;

BEGIN IMMEDIATE;
INSERT INTO put_tag (node_id, tag)
SELECT
  nullif(node_id, ''),
  nullif(tag, '')
FROM temp.tags_csv WHERE rowid > 1 ORDER BY rowid;
-- Foreign keys, if they are on, refuse these at COMMIT.
SELECT 'tags.csv:' || l.rowid || ': ends at no node'
FROM temp.tags_csv AS l
WHERE l.rowid > 1 AND (node_id NOT IN (SELECT id FROM nodes));
COMMIT;
DROP TABLE temp.tags_csv;
