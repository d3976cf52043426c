-- Removes what track_nodes.sql made: vec_track_sql('nodes', 'embedding', 'remove').
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/optional/track_nodes_drop.sql' COMMIT

DROP TRIGGER IF EXISTS "main"."_vec_nodes_embedding_before_delete";
DROP TRIGGER IF EXISTS "main"."_vec_nodes_embedding_before_update";
DROP TRIGGER IF EXISTS "main"."_vec_nodes_embedding_before_insert";
DROP TRIGGER IF EXISTS "main"."_vec_nodes_embedding_after_insert";
DROP TABLE IF EXISTS "main"."_vec_log_nodes_embedding";
