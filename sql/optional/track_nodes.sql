-- Tracks the embeddings of the graph store: a log of the rows of nodes that change, kept by triggers,
-- so that connections and processes can keep vectors in memory and know when they still hold.
-- What it costs and how it works: docs/tracking.md.
--
-- For the nodes of today's migrations; it is what vec_track_sql('nodes', 'embedding') prints. May be
-- run again at any time, and must be after a unique index or an AFTER INSERT trigger was added:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/optional/track_nodes.sql' COMMIT

CREATE TABLE IF NOT EXISTS "main"."_vec_log_nodes_embedding" (seq INTEGER PRIMARY KEY, rid INTEGER, nonce INTEGER);
DROP TRIGGER IF EXISTS "main"."_vec_nodes_embedding_before_delete";
CREATE TRIGGER "main"."_vec_nodes_embedding_before_delete" BEFORE DELETE ON "nodes" BEGIN
  INSERT INTO "_vec_log_nodes_embedding" (rid, nonce) VALUES (old.rowid, random());
  DELETE FROM "_vec_log_nodes_embedding" WHERE seq <=
    CASE WHEN random() % 256 = 0 THEN last_insert_rowid() - 65536 END;
END;
DROP TRIGGER IF EXISTS "main"."_vec_nodes_embedding_before_update";
CREATE TRIGGER "main"."_vec_nodes_embedding_before_update" BEFORE UPDATE OF "nid", "id", "embedding", rowid, _rowid_, oid ON "nodes" BEGIN
  INSERT INTO "_vec_log_nodes_embedding" (rid, nonce) SELECT rowid, random() FROM "nodes"
    WHERE "id" = new."id" AND rowid <> old.rowid;
  INSERT INTO "_vec_log_nodes_embedding" (rid, nonce) SELECT new.rowid, random() WHERE new.rowid <> old.rowid;
  INSERT INTO "_vec_log_nodes_embedding" (rid, nonce) VALUES (old.rowid, random());
  DELETE FROM "_vec_log_nodes_embedding" WHERE seq <=
    CASE WHEN random() % 256 = 0 THEN last_insert_rowid() - 65536 END;
END;
DROP TRIGGER IF EXISTS "main"."_vec_nodes_embedding_before_insert";
CREATE TRIGGER "main"."_vec_nodes_embedding_before_insert" BEFORE INSERT ON "nodes" BEGIN
  INSERT INTO "_vec_log_nodes_embedding" (rid, nonce) SELECT rowid, random() FROM "nodes"
    WHERE "id" = new."id";
  INSERT INTO "_vec_log_nodes_embedding" (rid, nonce) SELECT rowid, random() FROM "nodes"
    WHERE rowid = new.rowid;
END;
DROP TRIGGER IF EXISTS "main"."_vec_nodes_embedding_after_insert";
CREATE TRIGGER "main"."_vec_nodes_embedding_after_insert" AFTER INSERT ON "nodes" BEGIN
  INSERT INTO "_vec_log_nodes_embedding" (rid, nonce) VALUES (new.rowid, random());
  DELETE FROM "_vec_log_nodes_embedding" WHERE seq <=
    CASE WHEN random() % 256 = 0 THEN last_insert_rowid() - 65536 END;
END;
INSERT INTO "main"."_vec_log_nodes_embedding" (rid, nonce) VALUES (NULL, random());
