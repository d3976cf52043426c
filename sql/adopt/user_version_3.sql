-- user_version_3: edges of version 3 to those of version 4.
--
-- What: rebuilds edges with confidence, veracity and context_source. An edge that has none of a
-- value gets the default, 1. Rowids stay.
-- Why: the older code added the three columns one by one and outside a transaction, so that
-- some of them may be there.
--
-- graph_migrate() runs it by itself. By hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/adopt/user_version_3.sql' COMMIT

-- Another shape stops here, before anything has changed.
CREATE TABLE _adopt_shape (
  found,
  CONSTRAINT this_is_not_the_shape_of_user_version_3 CHECK (
    found IS 'source TEXT KEY 1, target TEXT KEY 2, type TEXT KEY 3'
  )
);
INSERT INTO _adopt_shape
SELECT group_concat(shape, ', ') FROM (
  SELECT lower(c.name) || ' ' || upper(c.type) || CASE WHEN c.pk THEN ' KEY ' || c.pk ELSE '' END
    || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END AS shape
  FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c
  WHERE m.type = 'table' AND m.name = 'edges'
    AND c.name NOT IN ('confidence', 'veracity', 'context_source')
    AND 3 > (SELECT count(*) FROM pragma_table_xinfo('edges')
      WHERE name IN ('confidence', 'veracity', 'context_source'))
    AND 2 = (SELECT count(*) FROM pragma_table_xinfo('nodes') WHERE name IN ('hash', 'meta'))
  ORDER BY lower(c.name)
);
DROP TABLE _adopt_shape;

-- A rebuild would lose what is not of the store.
CREATE TABLE _adopt_lost (
  name,
  CONSTRAINT drop_your_indexes_triggers_and_foreign_keys_of_nodes_and_edges_first CHECK (name IS NULL)
);
INSERT INTO _adopt_lost
SELECT name FROM sqlite_master
WHERE lower(tbl_name) IN ('nodes', 'edges') AND type IN ('index', 'trigger') AND sql IS NOT NULL
  AND name NOT IN ('idx_edges_source', 'idx_edges_target', 'nodes_ai', 'nodes_ad', 'nodes_au')
UNION ALL
SELECT m.name FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS k
WHERE m.type = 'table' AND lower(k."table") IN ('nodes', 'edges');
DROP TABLE _adopt_lost;

-- A column that edges lacks is found in `missing` instead: an inner query looks outside for the
-- names that its own tables do not have.
CREATE TABLE _adopt_edges AS
SELECT e.rowid AS eid, e.source, e.target, e.type,
  (SELECT confidence FROM edges WHERE edges.rowid = e.rowid) AS confidence,
  (SELECT veracity FROM edges WHERE edges.rowid = e.rowid) AS veracity,
  (SELECT context_source FROM edges WHERE edges.rowid = e.rowid) AS context_source
FROM edges AS e, (SELECT 1.0 AS confidence, 1.0 AS veracity, NULL AS context_source) AS missing;
DROP TABLE edges;

CREATE TABLE edges (
  source TEXT,
  target TEXT,
  type TEXT,
  confidence REAL DEFAULT 1.0,
  veracity REAL DEFAULT 1.0,
  context_source TEXT,
  PRIMARY KEY (source, target, type)
);
INSERT INTO edges (rowid, source, target, type, confidence, veracity, context_source)
SELECT eid, source, target, type, confidence, veracity, context_source FROM _adopt_edges
ORDER BY eid;
DROP TABLE _adopt_edges;
CREATE INDEX idx_edges_source ON edges (source);
CREATE INDEX idx_edges_target ON edges (target);
