-- Loads nodes.csv of the current folder. Its first line names the columns, in this order:
--   id,type,title,domain,layer,hash,meta,date,summary
-- An empty field is not given. What is there already and equal is not written; what a row does not
-- give stays as it is.
--
--   sqlite3 -bail my.db '.read sql/load/nodes_csv.sql'
--
-- One file is one transaction, all or nothing; for shorter ones, split the file and give each part
-- the first line.

.bail on
DROP TABLE IF EXISTS temp.nodes_csv;
CREATE TEMP TABLE nodes_csv (id, type, title, domain, layer, hash, meta, date, summary);
.import --csv nodes.csv nodes_csv

-- What is wrong with which row; then nothing is loaded.
CREATE TEMP TABLE nodes_csv_wrong (
  header TEXT,
  line INTEGER,
  CONSTRAINT "the first line must be id,type,title,domain,layer,hash,meta,date,summary"
    CHECK (header IS NULL),
  CONSTRAINT "each row needs id" CHECK (line IS NULL)
);
INSERT INTO nodes_csv_wrong (header)
SELECT 'wrong' FROM (SELECT 1) LEFT JOIN temp.nodes_csv AS l ON l.rowid = 1
WHERE (l.id, l.type, l.title, l.domain, l.layer, l.hash, l.meta, l.date, l.summary)
  IS NOT ('id', 'type', 'title', 'domain', 'layer', 'hash', 'meta', 'date', 'summary');
SELECT 'nodes.csv: row ' || rowid || ' has no id' FROM temp.nodes_csv
WHERE nullif(id, '') IS NULL;
INSERT INTO nodes_csv_wrong (line)
SELECT rowid FROM temp.nodes_csv
WHERE nullif(id, '') IS NULL;
DROP TABLE temp.nodes_csv_wrong;

BEGIN IMMEDIATE;
INSERT INTO put_node (id, type, title, domain, layer, hash, meta, date, summary)
SELECT
  nullif(id, ''),
  nullif(type, ''),
  nullif(title, ''),
  nullif(domain, ''),
  nullif(layer, ''),
  nullif(hash, ''),
  nullif(meta, ''),
  nullif(date, ''),
  nullif(summary, '')
FROM temp.nodes_csv WHERE rowid > 1 ORDER BY rowid;
COMMIT;
DROP TABLE temp.nodes_csv;
