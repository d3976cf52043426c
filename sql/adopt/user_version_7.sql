-- user_version_7: version 7 to version 8.
--
-- What: makes ember_state and history.
-- Why: version 8 has them. The older code made them one by one, so that one may be there.
--
-- graph_migrate() runs it by itself. By hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/adopt/user_version_7.sql' COMMIT

-- Another shape stops here, before anything has changed.
CREATE TABLE _adopt_shape (
  found,
  CONSTRAINT this_is_not_the_shape_of_user_version_7 CHECK (
    found IS 'date TEXT, domain TEXT, embedding BLOB, hash TEXT, id TEXT KEY 1, '
      || 'layer TEXT, meta TEXT, title TEXT, type TEXT'
  )
);
INSERT INTO _adopt_shape
SELECT group_concat(shape, ', ') FROM (
  SELECT lower(c.name) || ' ' || upper(c.type) || CASE WHEN c.pk THEN ' KEY ' || c.pk ELSE '' END
    || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END AS shape
  FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c
  WHERE m.type = 'table' AND m.name = 'nodes' AND c.name <> 'content'
    AND 2 > (SELECT count(*) FROM sqlite_master WHERE name IN ('ember_state', 'history'))
  ORDER BY lower(c.name)
);
DROP TABLE _adopt_shape;

CREATE TABLE IF NOT EXISTS ember_state (
  file_path TEXT PRIMARY KEY NOT NULL,
  last_analyzed TEXT,
  sidecar_created INTEGER,
  confidence REAL
);
CREATE TABLE IF NOT EXISTS history (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  entity_type TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  action TEXT NOT NULL,
  old_value TEXT,
  new_value TEXT,
  timestamp TEXT DEFAULT (CURRENT_TIMESTAMP)
);
