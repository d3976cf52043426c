-- 0006_history_triggers: every change of a node, an edge or a tag gets its row in history.
--
-- What: triggers, and history_scratch for what they tell each other. action is insert, update or
-- delete; old_value and new_value are JSON with the names of the columns as keys, text columns as
-- texts (meta too, whatever it holds). The key of an edge or a tag is a JSON array. Instead of the
-- embedding there are embedding_bytes, its length, and in new_value embedding_changed, 0 or 1. nid
-- is left out: REPLACE gives a new one to the same node. Another id is a delete and an insert.
-- Why: to answer what the graph was at a moment. A row that changed nothing leaves no row here.
--
-- How REPLACE is caught: SQLite deletes the rows that it replaces without running delete triggers
-- (unless recursive_triggers is on). So a BEFORE trigger writes them to history_scratch, over what
-- was there, and the AFTER trigger of the same row reads them. What then stays in history_scratch,
-- also of an ignored insert, the next BEFORE trigger removes. One without a row to replace writes
-- nothing: that keeps loading fast. (new.rowid is -1 there if none was given.)
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

-- Of entity_type at most the two rows that one row can replace.
CREATE TABLE history_scratch (
  entity_type TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  old_value TEXT NOT NULL,
  same_embedding INTEGER
);

-- ---- nodes ----

CREATE TRIGGER history_nodes_before_insert BEFORE INSERT ON nodes
WHEN EXISTS (SELECT 1 FROM nodes WHERE id = new.id)
  OR (new.nid <> -1 AND EXISTS (SELECT 1 FROM nodes WHERE nid = new.nid))
  OR EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'node')
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'node';
  INSERT INTO history_scratch (entity_type, entity_id, old_value, same_embedding)
  SELECT 'node', id || '',
    json_object(
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
    ),
    embedding IS new.embedding
  FROM nodes
  WHERE id = new.id OR nid = new.nid;
END;

CREATE TRIGGER history_nodes_after_insert AFTER INSERT ON nodes
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value)
  SELECT 'node', new.id || '',
    CASE WHEN s.entity_id IS NULL THEN 'insert' ELSE 'update' END, s.old_value,
    json_object(
      'id', new.id || '',
      'type', new.type || '',
      'title', new.title || '',
      'domain', new.domain || '',
      'layer', new.layer || '',
      'hash', new.hash || '',
      'meta', new.meta || '',
      'date', new.date || '',
      'summary', new.summary || '',
      'embedding_bytes', length(new.embedding),
      'embedding_changed', ifnull(NOT s.same_embedding, new.embedding IS NOT NULL)
    )
  FROM (SELECT 1) LEFT JOIN history_scratch AS s
    ON s.entity_type = 'node' AND s.entity_id = new.id || ''
  WHERE NOT (s.entity_id IS NOT NULL AND s.same_embedding AND s.old_value = json_object(
      'id', new.id || '',
      'type', new.type || '',
      'title', new.title || '',
      'domain', new.domain || '',
      'layer', new.layer || '',
      'hash', new.hash || '',
      'meta', new.meta || '',
      'date', new.date || '',
      'summary', new.summary || '',
      'embedding_bytes', length(new.embedding)
    ))
  UNION ALL
  SELECT 'node', s.entity_id, 'delete', s.old_value, NULL FROM history_scratch AS s
  WHERE s.entity_type = 'node'
    AND s.entity_id <> new.id || ''
    AND NOT EXISTS (SELECT 1 FROM nodes AS n WHERE n.id = s.entity_id);
END;

CREATE TRIGGER history_nodes_after_update AFTER UPDATE ON nodes
WHEN new.id IS old.id AND new.nid = old.nid
  AND (
    new.type IS NOT old.type
    OR new.title IS NOT old.title
    OR new.domain IS NOT old.domain
    OR new.layer IS NOT old.layer
    OR new.hash IS NOT old.hash
    OR new.meta IS NOT old.meta
    OR new.date IS NOT old.date
    OR new.summary IS NOT old.summary
    OR new.embedding IS NOT old.embedding
  )
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value) VALUES (
    'node', new.id || '', 'update',
    json_object(
      'id', old.id || '',
      'type', old.type || '',
      'title', old.title || '',
      'domain', old.domain || '',
      'layer', old.layer || '',
      'hash', old.hash || '',
      'meta', old.meta || '',
      'date', old.date || '',
      'summary', old.summary || '',
      'embedding_bytes', length(old.embedding)
    ),
    json_object(
      'id', new.id || '',
      'type', new.type || '',
      'title', new.title || '',
      'domain', new.domain || '',
      'layer', new.layer || '',
      'hash', new.hash || '',
      'meta', new.meta || '',
      'date', new.date || '',
      'summary', new.summary || '',
      'embedding_bytes', length(new.embedding),
      'embedding_changed', new.embedding IS NOT old.embedding
    )
  );
END;

-- Another key: the row may replace others.
CREATE TRIGGER history_nodes_before_update_key BEFORE UPDATE ON nodes
WHEN new.id IS NOT old.id OR new.nid <> old.nid
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'node';
  INSERT INTO history_scratch (entity_type, entity_id, old_value, same_embedding)
  SELECT 'node', id || '',
    json_object(
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
    ),
    embedding IS new.embedding
  FROM nodes
  WHERE (id = new.id OR nid = new.nid) AND nid <> old.nid;
END;

CREATE TRIGGER history_nodes_after_update_key AFTER UPDATE ON nodes
WHEN new.id IS NOT old.id OR new.nid <> old.nid
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value)
  SELECT 'node', old.id || '', 'delete',
    json_object(
      'id', old.id || '',
      'type', old.type || '',
      'title', old.title || '',
      'domain', old.domain || '',
      'layer', old.layer || '',
      'hash', old.hash || '',
      'meta', old.meta || '',
      'date', old.date || '',
      'summary', old.summary || '',
      'embedding_bytes', length(old.embedding)
    )
  WHERE new.id IS NOT old.id;
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value)
  SELECT 'node', new.id || '',
    CASE WHEN s.entity_id IS NULL THEN 'insert' ELSE 'update' END, s.old_value,
    json_object(
      'id', new.id || '',
      'type', new.type || '',
      'title', new.title || '',
      'domain', new.domain || '',
      'layer', new.layer || '',
      'hash', new.hash || '',
      'meta', new.meta || '',
      'date', new.date || '',
      'summary', new.summary || '',
      'embedding_bytes', length(new.embedding),
      'embedding_changed', ifnull(NOT s.same_embedding, new.embedding IS NOT NULL)
    )
  FROM (SELECT 1) LEFT JOIN history_scratch AS s
    ON s.entity_type = 'node' AND s.entity_id = new.id || ''
  WHERE (new.id IS NOT old.id) AND NOT (s.entity_id IS NOT NULL AND s.same_embedding
    AND s.old_value = json_object(
      'id', new.id || '',
      'type', new.type || '',
      'title', new.title || '',
      'domain', new.domain || '',
      'layer', new.layer || '',
      'hash', new.hash || '',
      'meta', new.meta || '',
      'date', new.date || '',
      'summary', new.summary || '',
      'embedding_bytes', length(new.embedding)
    ))
  UNION ALL
  SELECT 'node', s.entity_id, 'delete', s.old_value, NULL FROM history_scratch AS s
  WHERE s.entity_type = 'node'
    AND s.entity_id <> new.id || ''
    AND NOT EXISTS (SELECT 1 FROM nodes AS n WHERE n.id = s.entity_id);
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value)
  SELECT 'node', new.id || '', 'update',
    json_object(
      'id', old.id || '',
      'type', old.type || '',
      'title', old.title || '',
      'domain', old.domain || '',
      'layer', old.layer || '',
      'hash', old.hash || '',
      'meta', old.meta || '',
      'date', old.date || '',
      'summary', old.summary || '',
      'embedding_bytes', length(old.embedding)
    ),
    json_object(
      'id', new.id || '',
      'type', new.type || '',
      'title', new.title || '',
      'domain', new.domain || '',
      'layer', new.layer || '',
      'hash', new.hash || '',
      'meta', new.meta || '',
      'date', new.date || '',
      'summary', new.summary || '',
      'embedding_bytes', length(new.embedding),
      'embedding_changed', new.embedding IS NOT old.embedding
    )
  WHERE new.id IS old.id AND (
    new.type IS NOT old.type
    OR new.title IS NOT old.title
    OR new.domain IS NOT old.domain
    OR new.layer IS NOT old.layer
    OR new.hash IS NOT old.hash
    OR new.meta IS NOT old.meta
    OR new.date IS NOT old.date
    OR new.summary IS NOT old.summary
    OR new.embedding IS NOT old.embedding
  );
END;

CREATE TRIGGER history_nodes_after_delete AFTER DELETE ON nodes
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value) VALUES (
    'node', old.id || '', 'delete',
    json_object(
      'id', old.id || '',
      'type', old.type || '',
      'title', old.title || '',
      'domain', old.domain || '',
      'layer', old.layer || '',
      'hash', old.hash || '',
      'meta', old.meta || '',
      'date', old.date || '',
      'summary', old.summary || '',
      'embedding_bytes', length(old.embedding)
    )
  );
  DELETE FROM history_scratch WHERE entity_type = 'node' AND entity_id = old.id || '';
END;

-- ---- edges ----

CREATE TRIGGER history_edges_before_insert BEFORE INSERT ON edges
WHEN EXISTS (SELECT 1 FROM edges WHERE source = new.source AND target = new.target
  AND type = new.type)
  OR (new.rowid <> -1 AND EXISTS (SELECT 1 FROM edges WHERE rowid = new.rowid))
  OR EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'edge')
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'edge';
  INSERT INTO history_scratch (entity_type, entity_id, old_value, same_embedding)
  SELECT 'edge', json_array(source || '', target || '', type || ''),
    json_object(
      'source', source || '',
      'target', target || '',
      'type', type || '',
      'confidence', CASE
        WHEN confidence = 1 THEN 1.0
        WHEN typeof(confidence) NOT IN ('real', 'integer') THEN confidence || ''
        WHEN CAST(CAST(confidence AS TEXT) AS REAL) = confidence THEN confidence + 0.0
        WHEN confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', confidence))
      END,
      'veracity', CASE
        WHEN veracity = 1 THEN 1.0
        WHEN typeof(veracity) NOT IN ('real', 'integer') THEN veracity || ''
        WHEN CAST(CAST(veracity AS TEXT) AS REAL) = veracity THEN veracity + 0.0
        WHEN veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', veracity))
      END,
      'context_source', context_source || ''
    ),
    NULL
  FROM edges
  WHERE (source = new.source AND target = new.target AND type = new.type) OR rowid = new.rowid;
END;

CREATE TRIGGER history_edges_after_insert AFTER INSERT ON edges
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value)
  SELECT 'edge', json_array(new.source || '', new.target || '', new.type || ''),
    CASE WHEN s.entity_id IS NULL THEN 'insert' ELSE 'update' END, s.old_value,
    json_object(
      'source', new.source || '',
      'target', new.target || '',
      'type', new.type || '',
      'confidence', CASE
        WHEN new.confidence = 1 THEN 1.0
        WHEN typeof(new.confidence) NOT IN ('real', 'integer') THEN new.confidence || ''
        WHEN CAST(CAST(new.confidence AS TEXT) AS REAL) = new.confidence THEN new.confidence + 0.0
        WHEN new.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.confidence))
      END,
      'veracity', CASE
        WHEN new.veracity = 1 THEN 1.0
        WHEN typeof(new.veracity) NOT IN ('real', 'integer') THEN new.veracity || ''
        WHEN CAST(CAST(new.veracity AS TEXT) AS REAL) = new.veracity THEN new.veracity + 0.0
        WHEN new.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.veracity))
      END,
      'context_source', new.context_source || ''
    )
  FROM (SELECT 1) LEFT JOIN history_scratch AS s
    ON s.entity_type = 'edge'
      AND s.entity_id = json_array(new.source || '', new.target || '', new.type || '')
  WHERE NOT (s.entity_id IS NOT NULL AND s.old_value = json_object(
      'source', new.source || '',
      'target', new.target || '',
      'type', new.type || '',
      'confidence', CASE
        WHEN new.confidence = 1 THEN 1.0
        WHEN typeof(new.confidence) NOT IN ('real', 'integer') THEN new.confidence || ''
        WHEN CAST(CAST(new.confidence AS TEXT) AS REAL) = new.confidence THEN new.confidence + 0.0
        WHEN new.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.confidence))
      END,
      'veracity', CASE
        WHEN new.veracity = 1 THEN 1.0
        WHEN typeof(new.veracity) NOT IN ('real', 'integer') THEN new.veracity || ''
        WHEN CAST(CAST(new.veracity AS TEXT) AS REAL) = new.veracity THEN new.veracity + 0.0
        WHEN new.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.veracity))
      END,
      'context_source', new.context_source || ''
    ))
  UNION ALL
  SELECT 'edge', s.entity_id, 'delete', s.old_value, NULL FROM history_scratch AS s
  WHERE s.entity_type = 'edge'
    AND s.entity_id <> json_array(new.source || '', new.target || '', new.type || '')
    AND NOT EXISTS (
      SELECT 1 FROM edges AS e
      WHERE e.source = json_extract(s.entity_id, '$[0]')
        AND e.target = json_extract(s.entity_id, '$[1]')
        AND e.type = json_extract(s.entity_id, '$[2]')
    );
END;

CREATE TRIGGER history_edges_after_update AFTER UPDATE ON edges
WHEN new.source IS old.source AND new.target IS old.target AND new.type IS old.type
  AND new.rowid = old.rowid
  AND (
    new.confidence IS NOT old.confidence
    OR new.veracity IS NOT old.veracity
    OR new.context_source IS NOT old.context_source
  )
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value) VALUES (
    'edge', json_array(new.source || '', new.target || '', new.type || ''), 'update',
    json_object(
      'source', old.source || '',
      'target', old.target || '',
      'type', old.type || '',
      'confidence', CASE
        WHEN old.confidence = 1 THEN 1.0
        WHEN typeof(old.confidence) NOT IN ('real', 'integer') THEN old.confidence || ''
        WHEN CAST(CAST(old.confidence AS TEXT) AS REAL) = old.confidence THEN old.confidence + 0.0
        WHEN old.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN old.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', old.confidence))
      END,
      'veracity', CASE
        WHEN old.veracity = 1 THEN 1.0
        WHEN typeof(old.veracity) NOT IN ('real', 'integer') THEN old.veracity || ''
        WHEN CAST(CAST(old.veracity AS TEXT) AS REAL) = old.veracity THEN old.veracity + 0.0
        WHEN old.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN old.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', old.veracity))
      END,
      'context_source', old.context_source || ''
    ),
    json_object(
      'source', new.source || '',
      'target', new.target || '',
      'type', new.type || '',
      'confidence', CASE
        WHEN new.confidence = 1 THEN 1.0
        WHEN typeof(new.confidence) NOT IN ('real', 'integer') THEN new.confidence || ''
        WHEN CAST(CAST(new.confidence AS TEXT) AS REAL) = new.confidence THEN new.confidence + 0.0
        WHEN new.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.confidence))
      END,
      'veracity', CASE
        WHEN new.veracity = 1 THEN 1.0
        WHEN typeof(new.veracity) NOT IN ('real', 'integer') THEN new.veracity || ''
        WHEN CAST(CAST(new.veracity AS TEXT) AS REAL) = new.veracity THEN new.veracity + 0.0
        WHEN new.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.veracity))
      END,
      'context_source', new.context_source || ''
    )
  );
END;

-- Another key: the row may replace others.
CREATE TRIGGER history_edges_before_update_key BEFORE UPDATE ON edges
WHEN new.source IS NOT old.source OR new.target IS NOT old.target OR new.type IS NOT old.type
  OR new.rowid <> old.rowid
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'edge';
  INSERT INTO history_scratch (entity_type, entity_id, old_value, same_embedding)
  SELECT 'edge', json_array(source || '', target || '', type || ''),
    json_object(
      'source', source || '',
      'target', target || '',
      'type', type || '',
      'confidence', CASE
        WHEN confidence = 1 THEN 1.0
        WHEN typeof(confidence) NOT IN ('real', 'integer') THEN confidence || ''
        WHEN CAST(CAST(confidence AS TEXT) AS REAL) = confidence THEN confidence + 0.0
        WHEN confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', confidence))
      END,
      'veracity', CASE
        WHEN veracity = 1 THEN 1.0
        WHEN typeof(veracity) NOT IN ('real', 'integer') THEN veracity || ''
        WHEN CAST(CAST(veracity AS TEXT) AS REAL) = veracity THEN veracity + 0.0
        WHEN veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', veracity))
      END,
      'context_source', context_source || ''
    ),
    NULL
  FROM edges
  WHERE ((source = new.source AND target = new.target AND type = new.type) OR rowid = new.rowid)
    AND rowid <> old.rowid;
END;

CREATE TRIGGER history_edges_after_update_key AFTER UPDATE ON edges
WHEN new.source IS NOT old.source OR new.target IS NOT old.target OR new.type IS NOT old.type
  OR new.rowid <> old.rowid
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value)
  SELECT 'edge', json_array(old.source || '', old.target || '', old.type || ''), 'delete',
    json_object(
      'source', old.source || '',
      'target', old.target || '',
      'type', old.type || '',
      'confidence', CASE
        WHEN old.confidence = 1 THEN 1.0
        WHEN typeof(old.confidence) NOT IN ('real', 'integer') THEN old.confidence || ''
        WHEN CAST(CAST(old.confidence AS TEXT) AS REAL) = old.confidence THEN old.confidence + 0.0
        WHEN old.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN old.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', old.confidence))
      END,
      'veracity', CASE
        WHEN old.veracity = 1 THEN 1.0
        WHEN typeof(old.veracity) NOT IN ('real', 'integer') THEN old.veracity || ''
        WHEN CAST(CAST(old.veracity AS TEXT) AS REAL) = old.veracity THEN old.veracity + 0.0
        WHEN old.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN old.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', old.veracity))
      END,
      'context_source', old.context_source || ''
    )
  WHERE new.source IS NOT old.source OR new.target IS NOT old.target OR new.type IS NOT old.type;
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value)
  SELECT 'edge', json_array(new.source || '', new.target || '', new.type || ''),
    CASE WHEN s.entity_id IS NULL THEN 'insert' ELSE 'update' END, s.old_value,
    json_object(
      'source', new.source || '',
      'target', new.target || '',
      'type', new.type || '',
      'confidence', CASE
        WHEN new.confidence = 1 THEN 1.0
        WHEN typeof(new.confidence) NOT IN ('real', 'integer') THEN new.confidence || ''
        WHEN CAST(CAST(new.confidence AS TEXT) AS REAL) = new.confidence THEN new.confidence + 0.0
        WHEN new.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.confidence))
      END,
      'veracity', CASE
        WHEN new.veracity = 1 THEN 1.0
        WHEN typeof(new.veracity) NOT IN ('real', 'integer') THEN new.veracity || ''
        WHEN CAST(CAST(new.veracity AS TEXT) AS REAL) = new.veracity THEN new.veracity + 0.0
        WHEN new.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.veracity))
      END,
      'context_source', new.context_source || ''
    )
  FROM (SELECT 1) LEFT JOIN history_scratch AS s
    ON s.entity_type = 'edge'
      AND s.entity_id = json_array(new.source || '', new.target || '', new.type || '')
  WHERE (new.source IS NOT old.source OR new.target IS NOT old.target OR new.type IS NOT old.type)
    AND NOT (s.entity_id IS NOT NULL AND s.old_value = json_object(
      'source', new.source || '',
      'target', new.target || '',
      'type', new.type || '',
      'confidence', CASE
        WHEN new.confidence = 1 THEN 1.0
        WHEN typeof(new.confidence) NOT IN ('real', 'integer') THEN new.confidence || ''
        WHEN CAST(CAST(new.confidence AS TEXT) AS REAL) = new.confidence THEN new.confidence + 0.0
        WHEN new.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.confidence))
      END,
      'veracity', CASE
        WHEN new.veracity = 1 THEN 1.0
        WHEN typeof(new.veracity) NOT IN ('real', 'integer') THEN new.veracity || ''
        WHEN CAST(CAST(new.veracity AS TEXT) AS REAL) = new.veracity THEN new.veracity + 0.0
        WHEN new.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.veracity))
      END,
      'context_source', new.context_source || ''
    ))
  UNION ALL
  SELECT 'edge', s.entity_id, 'delete', s.old_value, NULL FROM history_scratch AS s
  WHERE s.entity_type = 'edge'
    AND s.entity_id <> json_array(new.source || '', new.target || '', new.type || '')
    AND NOT EXISTS (
      SELECT 1 FROM edges AS e
      WHERE e.source = json_extract(s.entity_id, '$[0]')
        AND e.target = json_extract(s.entity_id, '$[1]')
        AND e.type = json_extract(s.entity_id, '$[2]')
    );
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value)
  SELECT 'edge', json_array(new.source || '', new.target || '', new.type || ''), 'update',
    json_object(
      'source', old.source || '',
      'target', old.target || '',
      'type', old.type || '',
      'confidence', CASE
        WHEN old.confidence = 1 THEN 1.0
        WHEN typeof(old.confidence) NOT IN ('real', 'integer') THEN old.confidence || ''
        WHEN CAST(CAST(old.confidence AS TEXT) AS REAL) = old.confidence THEN old.confidence + 0.0
        WHEN old.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN old.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', old.confidence))
      END,
      'veracity', CASE
        WHEN old.veracity = 1 THEN 1.0
        WHEN typeof(old.veracity) NOT IN ('real', 'integer') THEN old.veracity || ''
        WHEN CAST(CAST(old.veracity AS TEXT) AS REAL) = old.veracity THEN old.veracity + 0.0
        WHEN old.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN old.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', old.veracity))
      END,
      'context_source', old.context_source || ''
    ),
    json_object(
      'source', new.source || '',
      'target', new.target || '',
      'type', new.type || '',
      'confidence', CASE
        WHEN new.confidence = 1 THEN 1.0
        WHEN typeof(new.confidence) NOT IN ('real', 'integer') THEN new.confidence || ''
        WHEN CAST(CAST(new.confidence AS TEXT) AS REAL) = new.confidence THEN new.confidence + 0.0
        WHEN new.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.confidence))
      END,
      'veracity', CASE
        WHEN new.veracity = 1 THEN 1.0
        WHEN typeof(new.veracity) NOT IN ('real', 'integer') THEN new.veracity || ''
        WHEN CAST(CAST(new.veracity AS TEXT) AS REAL) = new.veracity THEN new.veracity + 0.0
        WHEN new.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN new.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', new.veracity))
      END,
      'context_source', new.context_source || ''
    )
  WHERE new.source IS old.source AND new.target IS old.target AND new.type IS old.type AND (
    new.confidence IS NOT old.confidence
    OR new.veracity IS NOT old.veracity
    OR new.context_source IS NOT old.context_source
  );
END;

CREATE TRIGGER history_edges_after_delete AFTER DELETE ON edges
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value) VALUES (
    'edge', json_array(old.source || '', old.target || '', old.type || ''), 'delete',
    json_object(
      'source', old.source || '',
      'target', old.target || '',
      'type', old.type || '',
      'confidence', CASE
        WHEN old.confidence = 1 THEN 1.0
        WHEN typeof(old.confidence) NOT IN ('real', 'integer') THEN old.confidence || ''
        WHEN CAST(CAST(old.confidence AS TEXT) AS REAL) = old.confidence THEN old.confidence + 0.0
        WHEN old.confidence > 1.7976931348623157e308 THEN json('9e999')
        WHEN old.confidence < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', old.confidence))
      END,
      'veracity', CASE
        WHEN old.veracity = 1 THEN 1.0
        WHEN typeof(old.veracity) NOT IN ('real', 'integer') THEN old.veracity || ''
        WHEN CAST(CAST(old.veracity AS TEXT) AS REAL) = old.veracity THEN old.veracity + 0.0
        WHEN old.veracity > 1.7976931348623157e308 THEN json('9e999')
        WHEN old.veracity < -1.7976931348623157e308 THEN json('-9e999')
        ELSE json(printf('%!.18g', old.veracity))
      END,
      'context_source', old.context_source || ''
    )
  );
  DELETE FROM history_scratch WHERE entity_type = 'edge'
    AND entity_id = json_array(old.source || '', old.target || '', old.type || '');
END;

-- ---- tags ----

CREATE TRIGGER history_tags_before_insert BEFORE INSERT ON tags
WHEN EXISTS (SELECT 1 FROM tags WHERE node_id = new.node_id AND tag = new.tag)
  OR (new.rowid <> -1 AND EXISTS (SELECT 1 FROM tags WHERE rowid = new.rowid))
  OR EXISTS (SELECT 1 FROM history_scratch WHERE entity_type = 'tag')
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'tag';
  INSERT INTO history_scratch (entity_type, entity_id, old_value, same_embedding)
  SELECT 'tag', json_array(node_id || '', tag || ''),
    json_object('node_id', node_id || '', 'tag', tag || ''),
    NULL
  FROM tags
  WHERE (node_id = new.node_id AND tag = new.tag) OR rowid = new.rowid;
END;

CREATE TRIGGER history_tags_after_insert AFTER INSERT ON tags
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value)
  SELECT 'tag', json_array(new.node_id || '', new.tag || ''),
    CASE WHEN s.entity_id IS NULL THEN 'insert' ELSE 'update' END, s.old_value,
    json_object('node_id', new.node_id || '', 'tag', new.tag || '')
  FROM (SELECT 1) LEFT JOIN history_scratch AS s
    ON s.entity_type = 'tag' AND s.entity_id = json_array(new.node_id || '', new.tag || '')
  WHERE NOT (s.entity_id IS NOT NULL)
  UNION ALL
  SELECT 'tag', s.entity_id, 'delete', s.old_value, NULL FROM history_scratch AS s
  WHERE s.entity_type = 'tag'
    AND s.entity_id <> json_array(new.node_id || '', new.tag || '')
    AND NOT EXISTS (
      SELECT 1 FROM tags AS t
      WHERE t.node_id = json_extract(s.entity_id, '$[0]')
        AND t.tag = json_extract(s.entity_id, '$[1]')
    );
END;

-- Another key: the row may replace others.
CREATE TRIGGER history_tags_before_update_key BEFORE UPDATE ON tags
WHEN new.node_id IS NOT old.node_id OR new.tag IS NOT old.tag OR new.rowid <> old.rowid
BEGIN
  DELETE FROM history_scratch WHERE entity_type = 'tag';
  INSERT INTO history_scratch (entity_type, entity_id, old_value, same_embedding)
  SELECT 'tag', json_array(node_id || '', tag || ''),
    json_object('node_id', node_id || '', 'tag', tag || ''),
    NULL
  FROM tags
  WHERE ((node_id = new.node_id AND tag = new.tag) OR rowid = new.rowid) AND rowid <> old.rowid;
END;

CREATE TRIGGER history_tags_after_update_key AFTER UPDATE ON tags
WHEN new.node_id IS NOT old.node_id OR new.tag IS NOT old.tag OR new.rowid <> old.rowid
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value)
  SELECT 'tag', json_array(old.node_id || '', old.tag || ''), 'delete',
    json_object('node_id', old.node_id || '', 'tag', old.tag || '')
  WHERE new.node_id IS NOT old.node_id OR new.tag IS NOT old.tag;
  INSERT INTO history (entity_type, entity_id, action, old_value, new_value)
  SELECT 'tag', json_array(new.node_id || '', new.tag || ''),
    CASE WHEN s.entity_id IS NULL THEN 'insert' ELSE 'update' END, s.old_value,
    json_object('node_id', new.node_id || '', 'tag', new.tag || '')
  FROM (SELECT 1) LEFT JOIN history_scratch AS s
    ON s.entity_type = 'tag' AND s.entity_id = json_array(new.node_id || '', new.tag || '')
  WHERE (new.node_id IS NOT old.node_id OR new.tag IS NOT old.tag) AND NOT (s.entity_id IS NOT NULL)
  UNION ALL
  SELECT 'tag', s.entity_id, 'delete', s.old_value, NULL FROM history_scratch AS s
  WHERE s.entity_type = 'tag'
    AND s.entity_id <> json_array(new.node_id || '', new.tag || '')
    AND NOT EXISTS (
      SELECT 1 FROM tags AS t
      WHERE t.node_id = json_extract(s.entity_id, '$[0]')
        AND t.tag = json_extract(s.entity_id, '$[1]')
    );
END;

CREATE TRIGGER history_tags_after_delete AFTER DELETE ON tags
BEGIN
  INSERT INTO history (entity_type, entity_id, action, old_value) VALUES (
    'tag', json_array(old.node_id || '', old.tag || ''), 'delete',
    json_object('node_id', old.node_id || '', 'tag', old.tag || '')
  );
  DELETE FROM history_scratch WHERE entity_type = 'tag'
    AND entity_id = json_array(old.node_id || '', old.tag || '');
END;
