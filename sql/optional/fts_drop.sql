-- Undoes sql/optional/fts.sql: nodes are written without FTS5 again. Needs FTS5 itself.
--
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/optional/fts_drop.sql' COMMIT

DROP TRIGGER nodes_fts_before_insert;
DROP TRIGGER nodes_fts_after_insert;
DROP TRIGGER nodes_fts_before_update;
DROP TRIGGER nodes_fts_after_update;
DROP TRIGGER nodes_fts_after_delete;
DROP TABLE nodes_fts_replaced;
DROP TABLE nodes_fts;
