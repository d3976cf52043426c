-- repair_embeddings: repairs what can be repaired of nodes.embedding, and tells the rest.
--
--   :normalize  1: also makes vectors of another length unit vectors, where most are (0)
--
--   sqlite3 -bail my.db '.load ./vecgraph' '.read sql/queries/repair_embeddings.sql'
--
-- Prints id, problem, what was done ('repaired', else 'left as it is') and what the audit says, a
-- row per fault. Byte-inflated vectors come back bit for bit, JSON text as exactly as it was written.
-- Nothing is deleted and nothing else is touched. One transaction: not inside another, and after an
-- error nothing stays.
-- Needs the extension, and migration 0004. Cost: two audits, and the rows that change.

BEGIN IMMEDIATE;

CREATE TEMP TABLE embedding_faults AS
SELECT a.rowid AS nid, a.id, a.problem, a.detail, 0 AS repaired
FROM vec_audit('main.nodes', 'embedding') AS a;

UPDATE main.nodes SET embedding = vec_deflate(embedding)
WHERE nid IN (SELECT nid FROM temp.embedding_faults WHERE problem = 'inflated');

UPDATE main.nodes SET embedding = vec_f32(embedding)
WHERE nid IN (SELECT nid FROM temp.embedding_faults WHERE problem = 'text');

UPDATE temp.embedding_faults SET repaired = 1 WHERE problem IN ('inflated', 'text');

-- A vector that has come back may have faults of its own.
INSERT INTO temp.embedding_faults (nid, id, problem, detail, repaired)
SELECT a.rowid, a.id, a.problem, a.detail, 0
FROM vec_audit('main.nodes', 'embedding') AS a
WHERE NOT EXISTS (
  SELECT 1 FROM temp.embedding_faults AS f WHERE f.nid = a.rowid AND f.problem = a.problem
);

UPDATE temp.embedding_faults SET repaired = 1
WHERE :normalize = 1 AND problem = 'not_unit'
  AND (SELECT vec_norm(n.embedding) FROM main.nodes AS n WHERE n.nid = embedding_faults.nid) > 1e-6;

UPDATE main.nodes SET embedding = vec_normalize(embedding)
WHERE nid IN (SELECT nid FROM temp.embedding_faults WHERE problem = 'not_unit' AND repaired);

COMMIT;

SELECT id, problem, CASE WHEN repaired THEN 'repaired' ELSE 'left as it is' END AS done, detail
FROM temp.embedding_faults
ORDER BY nid, problem;

DROP TABLE temp.embedding_faults;
