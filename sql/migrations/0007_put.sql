-- 0007_put: views to write through: a plain INSERT in every client.
--
-- What: put_node, put_edge, put_semantic_edge and put_tag, each with a trigger INSTEAD OF INSERT. A
-- column that is NULL or missing is not given: an existing row keeps what it has. Nothing is written
-- if every given value is the stored one.
-- Why: INSERT OR REPLACE, which programs write instead, loses the columns that it does not name and
-- gives the row another number. A value is cleared, and a row deleted, in the table itself.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0007_put.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0006 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0007_put' FROM _graph_migrations WHERE name = '0006_history_triggers')
);

CREATE VIEW put_node AS
SELECT id, type, title, domain, layer, hash, meta, date, summary, embedding FROM nodes;

-- Tags that only the table has belong to meta: meta without tags keeps those that are stored.
CREATE TRIGGER put_node_insert INSTEAD OF INSERT ON put_node
BEGIN
  UPDATE nodes SET
    type = ifnull(new.type, type),
    title = ifnull(new.title, title),
    domain = ifnull(new.domain, domain),
    layer = ifnull(new.layer, layer),
    hash = ifnull(new.hash, hash),
    meta = CASE
      WHEN new.meta IS NULL THEN meta
      WHEN typeof(new.meta) <> 'text' OR NOT json_valid(new.meta) THEN new.meta
      WHEN json_type(new.meta) <> 'object' THEN new.meta
      WHEN json_type(new.meta, '$.tags') IS NOT NULL THEN new.meta
      WHEN typeof(meta) <> 'text' OR NOT json_valid(meta) THEN new.meta
      WHEN json_type(meta, '$.tags') IS NULL THEN new.meta
      ELSE json_set(new.meta, '$.tags', json_extract(meta, '$.tags'))
    END,
    date = ifnull(new.date, date),
    summary = ifnull(new.summary, summary),
    embedding = ifnull(new.embedding, embedding)
  WHERE id = new.id AND (
    (new.type IS NOT NULL AND type IS NOT new.type)
    OR (new.title IS NOT NULL AND title IS NOT new.title)
    OR (new.domain IS NOT NULL AND domain IS NOT new.domain)
    OR (new.layer IS NOT NULL AND layer IS NOT new.layer)
    OR (new.hash IS NOT NULL AND hash IS NOT new.hash)
    OR (new.date IS NOT NULL AND date IS NOT new.date)
    OR (new.summary IS NOT NULL AND summary IS NOT new.summary)
    OR (new.embedding IS NOT NULL AND embedding IS NOT new.embedding)
    OR (new.meta IS NOT NULL AND meta IS NOT new.meta AND meta IS NOT CASE
      WHEN typeof(new.meta) <> 'text' OR NOT json_valid(new.meta) THEN new.meta
      WHEN json_type(new.meta) <> 'object' THEN new.meta
      WHEN json_type(new.meta, '$.tags') IS NOT NULL THEN new.meta
      WHEN typeof(meta) <> 'text' OR NOT json_valid(meta) THEN new.meta
      WHEN json_type(meta, '$.tags') IS NULL THEN new.meta
      ELSE json_set(new.meta, '$.tags', json_extract(meta, '$.tags'))
    END)
  );
  INSERT INTO nodes (id, type, title, domain, layer, hash, meta, date, summary, embedding)
  SELECT new.id, new.type, new.title, ifnull(new.domain, 'knowledge'),
    ifnull(new.layer, 'experience'), new.hash, new.meta, new.date, new.summary, new.embedding
  WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE id = new.id);
END;

-- An edge that is there stays as it is.
CREATE VIEW put_edge AS
SELECT source, target, type, confidence, veracity, context_source FROM edges;

CREATE TRIGGER put_edge_insert INSTEAD OF INSERT ON put_edge
BEGIN
  INSERT INTO edges (source, target, type, confidence, veracity, context_source)
  SELECT new.source, new.target, ifnull(new.type, 'related_to'), ifnull(new.confidence, 1),
    ifnull(new.veracity, 1), new.context_source
  WHERE NOT EXISTS (
    SELECT 1 FROM edges
    WHERE source = new.source AND target = new.target AND type = ifnull(new.type, 'related_to')
  );
END;

-- An edge that is there takes the given confidence, veracity and context_source.
CREATE VIEW put_semantic_edge AS
SELECT source, target, type, confidence, veracity, context_source FROM edges;

CREATE TRIGGER put_semantic_edge_insert INSTEAD OF INSERT ON put_semantic_edge
BEGIN
  UPDATE edges SET
    confidence = ifnull(new.confidence, confidence),
    veracity = ifnull(new.veracity, veracity),
    context_source = ifnull(new.context_source, context_source)
  WHERE source = new.source AND target = new.target AND type = ifnull(new.type, 'related_to')
    AND (
      (new.confidence IS NOT NULL AND confidence IS NOT new.confidence)
      OR (new.veracity IS NOT NULL AND veracity IS NOT new.veracity)
      OR (new.context_source IS NOT NULL AND context_source IS NOT new.context_source)
    );
  INSERT INTO edges (source, target, type, confidence, veracity, context_source)
  SELECT new.source, new.target, ifnull(new.type, 'related_to'), ifnull(new.confidence, 1),
    ifnull(new.veracity, 1), new.context_source
  WHERE NOT EXISTS (
    SELECT 1 FROM edges
    WHERE source = new.source AND target = new.target AND type = ifnull(new.type, 'related_to')
  );
END;

CREATE VIEW put_tag AS SELECT node_id, tag FROM tags;

CREATE TRIGGER put_tag_insert INSTEAD OF INSERT ON put_tag
BEGIN
  INSERT INTO tags (node_id, tag)
  SELECT new.node_id, new.tag
  WHERE NOT EXISTS (SELECT 1 FROM tags WHERE node_id = new.node_id AND tag = new.tag);
END;
