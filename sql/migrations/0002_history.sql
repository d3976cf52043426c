-- 0002_history: a log of changes.
--
-- What: history, a row per change of a node or an edge, with the old and the new value as JSON.
-- Why: to answer what changed, when, and from what. Rows are written by whoever writes the graph;
-- the table alone records nothing. AUTOINCREMENT, so that the id of a pruned row is never used
-- again and ids stay in the order of the changes.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0002_history.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0001 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0002_history' FROM _graph_migrations WHERE name = '0001_graph')
);

CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  entity_type TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  action TEXT NOT NULL,
  old_value TEXT,
  new_value TEXT,
  timestamp TEXT DEFAULT (CURRENT_TIMESTAMP)
);
