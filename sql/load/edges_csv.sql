-- Loads edges.csv of the current folder. Its first line names the columns, in this order:
--   source,target,type,confidence,veracity,context_source
-- An empty field is not given. What is there already and equal is not written; what a row does not
-- give stays as it is.
--
--   sqlite3 -bail my.db '.read sql/load/edges_csv.sql'
--
-- One file is one transaction, all or nothing; for shorter ones, split the file and give each part
-- the first line.

.bail on
DROP TABLE IF EXISTS temp.edges_csv;
CREATE TEMP TABLE edges_csv (source, target, type, confidence, veracity, context_source);
.import --csv edges.csv edges_csv

-- What is wrong with which row; then nothing is loaded.
CREATE TEMP TABLE edges_csv_wrong (
  header TEXT,
  line INTEGER,
  CONSTRAINT "the first line must be source,target,type,confidence,veracity,context_source"
    CHECK (header IS NULL),
  CONSTRAINT "each row needs source and target" CHECK (line IS NULL)
);
INSERT INTO edges_csv_wrong (header)
SELECT 'wrong' FROM (SELECT 1) LEFT JOIN temp.edges_csv AS l ON l.rowid = 1
WHERE (l.source, l.target, l.type, l.confidence, l.veracity, l.context_source)
  IS NOT ('source', 'target', 'type', 'confidence', 'veracity', 'context_source');
SELECT 'edges.csv: row ' || rowid || ' has no source and target' FROM temp.edges_csv
WHERE nullif(source, '') IS NULL OR nullif(target, '') IS NULL;
INSERT INTO edges_csv_wrong (line)
SELECT rowid FROM temp.edges_csv
WHERE nullif(source, '') IS NULL OR nullif(target, '') IS NULL;
DROP TABLE temp.edges_csv_wrong;

BEGIN IMMEDIATE;
INSERT INTO put_semantic_edge (source, target, type, confidence, veracity, context_source)
SELECT
  nullif(source, ''),
  nullif(target, ''),
  nullif(type, ''),
  CAST(nullif(confidence, '') AS REAL),
  CAST(nullif(veracity, '') AS REAL),
  nullif(context_source, '')
FROM temp.edges_csv WHERE rowid > 1 ORDER BY rowid;
-- Foreign keys, if they are on, refuse these at COMMIT.
SELECT 'edges.csv:' || l.rowid || ': ends at no node'
FROM temp.edges_csv AS l
WHERE l.rowid > 1 AND (source NOT IN (SELECT id FROM nodes)
  OR target NOT IN (SELECT id FROM nodes));
COMMIT;
DROP TABLE temp.edges_csv;
