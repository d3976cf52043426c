-- drizzle_0: the tables of the Drizzle migrations up to 0000.
--
-- What: records in the ledger the migrations that give the same tables: 0001_graph. Changes no
-- table that is there; __drizzle_migrations stays as it is, if it is there.
-- Why: the two are the same, column for column, so that the next migrations apply.
--
-- graph_migrate() runs it by itself. By hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/adopt/drizzle_0.sql' COMMIT

-- Another shape stops here, before anything has changed.
CREATE TABLE _adopt_shape (
  found,
  CONSTRAINT this_is_not_the_shape_of_drizzle_0 CHECK (
    found IS 'edges.confidence REAL, edges.context_source TEXT, '
      || 'edges.source TEXT KEY 1 NOT NULL, edges.target TEXT KEY 2 NOT NULL, '
      || 'edges.type TEXT KEY 3 NOT NULL, edges.veracity REAL, nodes.date TEXT, '
      || 'nodes.domain TEXT, nodes.embedding BLOB, nodes.hash TEXT, '
      || 'nodes.id TEXT KEY 1 NOT NULL, nodes.layer TEXT, nodes.meta TEXT, '
      || 'nodes.title TEXT, nodes.type TEXT'
  )
);
INSERT INTO _adopt_shape
SELECT group_concat(shape, ', ') FROM (
  SELECT m.name || '.' || lower(c.name) || ' ' || upper(c.type)
    || CASE WHEN c.pk THEN ' KEY ' || c.pk ELSE '' END
    || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END AS shape
  FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c
  WHERE m.type = 'table' AND m.name IN ('edges', 'history', 'nodes')
  ORDER BY m.name, lower(c.name)
);
DROP TABLE _adopt_shape;

-- Nothing reads it, so that it may have been dropped.
CREATE TABLE IF NOT EXISTS ember_state (
  file_path TEXT PRIMARY KEY NOT NULL,
  last_analyzed TEXT,
  sidecar_created INTEGER,
  confidence REAL
);

CREATE TABLE IF NOT EXISTS _graph_migrations (
  name TEXT NOT NULL PRIMARY KEY,
  sha256,
  applied_at
);
INSERT INTO _graph_migrations (name) VALUES ('0001_graph');
