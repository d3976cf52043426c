-- 0006_history_triggers: every change of a node, an edge or a tag gets its row in history.
--
-- What: views that write a row as JSON, triggers that keep the old row in history_scratch and log
-- what became of it through log_change. action is insert, update or delete; old_value and new_value
-- are JSON with the names of the columns as keys, text columns as texts (meta too, whatever it
-- holds). The key of an edge or a tag is a JSON array. Instead of the embedding there are
-- embedding_bytes, its length, and in new_value embedding_changed, 0 or 1. nid is left out: REPLACE
-- gives a new one to the same node. Another id is a delete and an insert.
-- Why: to answer what the graph was at a moment. A row that changed nothing leaves no row here.
--
-- Why there is a scratch table: SQLite deletes the rows that REPLACE replaces without running delete
-- triggers (unless recursive_triggers is on), and after an UPDATE the old row can no longer be read
-- through its view. So each BEFORE trigger keeps the rows that are about to go, over what was there,
-- and the AFTER trigger of the same row reads them. An insert that replaces nothing keeps nothing:
-- that makes loading fast. What an ignored insert keeps, the next BEFORE trigger removes.
--
-- These triggers come after those of 0005, because SQLite runs the newest first: the insert of a
-- node must be written before its tags change it.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0006_history_triggers.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0005 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0006_history_triggers' FROM _graph_migrations WHERE name = '0005_tags')
);

-- || '' makes a text of a blob, which JSON cannot hold.
CREATE VIEW nodes_json AS
SELECT nid, id, embedding, id || '' AS entity_id, json_object(
  'id', id || '',
  'type', type || '',
  'title', title || '',
  'domain', domain || '',
  'layer', layer || '',
  'hash', hash || '',
  'meta', meta || '',
  'date', date || '',
  'summary', summary || '',
  'embedding_bytes', length(embedding)
) AS value
FROM nodes;

-- Numbers have 15 digits in JSON. One that is not equal to its own text needs 18, and infinity has
-- no other name than 9e999.
CREATE VIEW edges_json AS
SELECT rowid AS eid, source, target, type,
  json_array(source || '', target || '', type || '') AS entity_id,
  json_object(
    'source', source || '',
    'target', target || '',
    'type', type || '',
    'confidence', CASE
      WHEN confidence <> confidence || ''
      THEN json(replace(printf('%!.18g', confidence), 'Inf', '9e999'))
      ELSE confidence
    END,
    'veracity', CASE
      WHEN veracity <> veracity || ''
      THEN json(replace(printf('%!.18g', veracity), 'Inf', '9e999'))
      ELSE veracity
    END,
    'context_source', context_source || ''
  ) AS value
FROM edges;

CREATE VIEW tags_json AS
SELECT rowid AS tid, node_id, tag, json_array(node_id || '', tag || '') AS entity_id,
  json_object('node_id', node_id || '', 'tag', tag || '') AS value
FROM tags;

-- At most the three rows that one row can change.
CREATE TABLE history_scratch (
  entity_type TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  value TEXT NOT NULL,
  embedding_changed INTEGER NOT NULL DEFAULT 0
);

-- An insert here says what a row is now; with history_scratch that makes the rows of history. What
-- was kept under another key is gone.
CREATE VIEW log_change AS
SELECT entity_type, entity_id, new_value AS value, NULL AS has_embedding FROM history;

CREATE TRIGGER log_change_insert INSTEAD OF INSERT ON log_change
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value)
  SELECT s.entity_type, s.entity_id, 'delete', s.value, NULL FROM history_scratch AS s
  WHERE s.entity_type = new.entity_type AND s.entity_id <> new.entity_id
  UNION ALL
  SELECT new.entity_type, new.entity_id, iif(s.value IS NULL, 'insert', 'update'), s.value,
    CASE new.entity_type
      WHEN 'node' THEN json_insert(
        new.value, '$.embedding_changed', ifnull(s.embedding_changed, new.has_embedding)
      )
      ELSE new.value
    END
  FROM (SELECT 1) LEFT JOIN history_scratch AS s
    ON s.entity_type = new.entity_type AND s.entity_id = new.entity_id
  WHERE s.value IS NULL OR s.value <> new.value OR s.embedding_changed;
END;

-- ---- nodes (in an insert without a nid, new.nid is -1) ----

CREATE TRIGGER history_nodes_before_insert BEFORE INSERT ON nodes
WHEN EXISTS (SELECT 1 FROM nodes WHERE id = new.id)
  OR (new.nid <> -1 AND EXISTS (SELECT 1 FROM nodes WHERE nid = new.nid))
  OR EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'node')
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'node';
  INSERT INTO history_scratch
  SELECT 'node', entity_id, value, embedding IS NOT new.embedding FROM nodes_json
  WHERE id = new.id OR (nid = new.nid AND nid <> -1);
END;

CREATE TRIGGER history_nodes_after_insert AFTER INSERT ON nodes
WHEN NOT EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'node')
BEGIN
  INSERT INTO history (entity_type, entity_id, action, new_value)
  SELECT 'node', entity_id, 'insert',
    json_insert(value, '$.embedding_changed', embedding IS NOT NULL)
  FROM nodes_json WHERE nid = new.nid;
END;

CREATE TRIGGER history_nodes_after_replace AFTER INSERT ON nodes
WHEN EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'node')
BEGIN
  INSERT INTO log_change
  SELECT 'node', entity_id, value, embedding IS NOT NULL FROM nodes_json WHERE nid = new.nid;
END;

CREATE TRIGGER history_nodes_before_update BEFORE UPDATE ON nodes
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'node';
  INSERT INTO history_scratch
  SELECT 'node', entity_id, value, embedding IS NOT new.embedding FROM nodes_json
  WHERE nid = old.nid OR nid = new.nid OR id = new.id;
END;

CREATE TRIGGER history_nodes_after_update AFTER UPDATE ON nodes
BEGIN
  INSERT INTO log_change
  SELECT 'node', entity_id, value, embedding IS NOT NULL FROM nodes_json WHERE nid = new.nid;
END;

-- BEFORE, here and below, while the view still has the row.
CREATE TRIGGER history_nodes_before_delete BEFORE DELETE ON nodes
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value)
  SELECT 'node', entity_id, 'delete', value FROM nodes_json WHERE nid = old.nid;
  DELETE FROM history_scratch WHERE entity_type = 'node' AND entity_id = old.id || '';
END;

-- ---- edges ----

CREATE TRIGGER history_edges_before_insert BEFORE INSERT ON edges
WHEN EXISTS (
    SELECT 1 FROM edges WHERE source = new.source AND target = new.target AND type = new.type
  )
  OR (new.rowid <> -1 AND EXISTS (SELECT 1 FROM edges WHERE rowid = new.rowid))
  OR EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'edge')
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'edge';
  INSERT INTO history_scratch (entity_type, entity_id, value)
  SELECT 'edge', entity_id, value FROM edges_json
  WHERE (source = new.source AND target = new.target AND type = new.type)
    OR (eid = new.rowid AND eid <> -1);
END;

CREATE TRIGGER history_edges_after_insert AFTER INSERT ON edges
WHEN NOT EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'edge')
BEGIN
  INSERT INTO history (entity_type, entity_id, action, new_value)
  SELECT 'edge', entity_id, 'insert', value FROM edges_json WHERE eid = new.rowid;
END;

CREATE TRIGGER history_edges_after_replace AFTER INSERT ON edges
WHEN EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'edge')
BEGIN
  INSERT INTO log_change (entity_type, entity_id, value)
  SELECT 'edge', entity_id, value FROM edges_json WHERE eid = new.rowid;
END;

CREATE TRIGGER history_edges_before_update BEFORE UPDATE ON edges
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'edge';
  INSERT INTO history_scratch (entity_type, entity_id, value)
  SELECT 'edge', entity_id, value FROM edges_json
  WHERE eid = old.rowid OR eid = new.rowid
    OR (source = new.source AND target = new.target AND type = new.type);
END;

CREATE TRIGGER history_edges_after_update AFTER UPDATE ON edges
BEGIN
  INSERT INTO log_change (entity_type, entity_id, value)
  SELECT 'edge', entity_id, value FROM edges_json WHERE eid = new.rowid;
END;

CREATE TRIGGER history_edges_before_delete BEFORE DELETE ON edges
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value)
  SELECT 'edge', entity_id, 'delete', value FROM edges_json WHERE eid = old.rowid;
  DELETE FROM history_scratch WHERE entity_type = 'edge'
    AND entity_id = (SELECT entity_id FROM edges_json WHERE eid = old.rowid);
END;

-- ---- tags ----

CREATE TRIGGER history_tags_before_insert BEFORE INSERT ON tags
WHEN EXISTS (SELECT 1 FROM tags WHERE node_id = new.node_id AND tag = new.tag)
  OR (new.rowid <> -1 AND EXISTS (SELECT 1 FROM tags WHERE rowid = new.rowid))
  OR EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'tag')
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'tag';
  INSERT INTO history_scratch (entity_type, entity_id, value)
  SELECT 'tag', entity_id, value FROM tags_json
  WHERE (node_id = new.node_id AND tag = new.tag) OR (tid = new.rowid AND tid <> -1);
END;

CREATE TRIGGER history_tags_after_insert AFTER INSERT ON tags
WHEN NOT EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'tag')
BEGIN
  INSERT INTO history (entity_type, entity_id, action, new_value)
  SELECT 'tag', entity_id, 'insert', value FROM tags_json WHERE tid = new.rowid;
END;

CREATE TRIGGER history_tags_after_replace AFTER INSERT ON tags
WHEN EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'tag')
BEGIN
  INSERT INTO log_change (entity_type, entity_id, value)
  SELECT 'tag', entity_id, value FROM tags_json WHERE tid = new.rowid;
END;

CREATE TRIGGER history_tags_before_update BEFORE UPDATE ON tags
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'tag';
  INSERT INTO history_scratch (entity_type, entity_id, value)
  SELECT 'tag', entity_id, value FROM tags_json
  WHERE tid = old.rowid OR tid = new.rowid OR (node_id = new.node_id AND tag = new.tag);
END;

CREATE TRIGGER history_tags_after_update AFTER UPDATE ON tags
BEGIN
  INSERT INTO log_change (entity_type, entity_id, value)
  SELECT 'tag', entity_id, value FROM tags_json WHERE tid = new.rowid;
END;

CREATE TRIGGER history_tags_before_delete BEFORE DELETE ON tags
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value)
  SELECT 'tag', entity_id, 'delete', value FROM tags_json WHERE tid = old.rowid;
  DELETE FROM history_scratch WHERE entity_type = 'tag'
    AND entity_id = (SELECT entity_id FROM tags_json WHERE tid = old.rowid);
END;
