-- compare: how many rows of the source the attached database `replica` lacks, and how many it has that
-- the source has not, per table. Zeros right after replicate.sql. It reads every row of both; nid, a
-- number that may differ after a REPLACE, is left out.
--
--   sqlite3 my.db "ATTACH 'copy.db' AS replica" '.read sql/replicate/compare.sql'

SELECT 'nodes' AS name,
  (SELECT count(*) FROM (
    SELECT id, type, title, domain, layer, hash, meta, date, summary, embedding FROM main.nodes
    EXCEPT
    SELECT id, type, title, domain, layer, hash, meta, date, summary, embedding FROM replica.nodes
  )) AS missing,
  (SELECT count(*) FROM (
    SELECT id, type, title, domain, layer, hash, meta, date, summary, embedding FROM replica.nodes
    EXCEPT
    SELECT id, type, title, domain, layer, hash, meta, date, summary, embedding FROM main.nodes
  )) AS extra
UNION ALL
SELECT 'edges',
  (SELECT count(*) FROM (SELECT * FROM main.edges EXCEPT SELECT * FROM replica.edges)),
  (SELECT count(*) FROM (SELECT * FROM replica.edges EXCEPT SELECT * FROM main.edges))
UNION ALL
SELECT 'tags',
  (SELECT count(*) FROM (SELECT * FROM main.tags EXCEPT SELECT * FROM replica.tags)),
  (SELECT count(*) FROM (SELECT * FROM replica.tags EXCEPT SELECT * FROM main.tags));
