-- 0003_summary: a short text for each node.
--
-- What: nodes.summary.
-- Why: lists and search results show a sentence about a node, and the source text is not in the
-- database.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0003_summary.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0002 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0003_summary' FROM _graph_migrations WHERE name = '0002_history')
);

ALTER TABLE nodes ADD COLUMN summary TEXT;
