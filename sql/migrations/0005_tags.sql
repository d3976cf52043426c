-- 0005_tags: tags and meta.tags in step, and nodes that take their edges along.
--
-- What: triggers. The tags of a node are the distinct texts of meta.tags, an array or one text. Who
-- writes meta changes tags, who writes tags changes meta; a node that goes takes its edges and tags
-- with it, one that gets another id keeps them.
-- Why: programs that know meta only and programs that know tags only work on one file. Foreign keys
-- are off in most clients, so nothing here needs them; with them on, their own action comes first
-- and these triggers find nothing left to do.
--
-- Rules: a trigger writes only where the two sets differ, so that the triggers of one side end the
-- triggers of the other, with recursive_triggers on or off. meta that is no JSON object, and a tag
-- that is no text, are left as they are. Nothing ends in a conflict that OR REPLACE or OR IGNORE of
-- the outer statement could change.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0005_tags.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0004 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0005_tags' FROM _graph_migrations WHERE name = '0004_shape')
);

-- ---- nodes to tags ----

-- A new row with tags in meta decides what its tags are.
CREATE TRIGGER nodes_tags_after_insert AFTER INSERT ON nodes
WHEN CASE
  WHEN typeof(new.meta) <> 'text' OR NOT json_valid(new.meta) THEN 0
  ELSE json_type(new.meta, '$.tags') IN ('array', 'text')
END
BEGIN
  INSERT INTO tags (node_id, tag)
  SELECT DISTINCT new.id, e.value FROM json_each(new.meta, '$.tags') AS e
  WHERE e.type = 'text' AND (
    NOT EXISTS (SELECT 1 FROM tags WHERE node_id = new.id)  -- one look for most nodes
    OR NOT EXISTS (SELECT 1 FROM tags WHERE node_id = new.id AND tag = e.value)
  );
END;

-- Tags may be there before: of the row that OR REPLACE replaced, or because they were loaded first.
-- Tags in meta decide; without them the others stay, so that OR REPLACE with fewer columns loses
-- none.
CREATE TRIGGER nodes_tags_after_insert_kept AFTER INSERT ON nodes
WHEN EXISTS (SELECT 1 FROM tags WHERE node_id = new.id AND typeof(tag) = 'text')
  AND CASE
      WHEN new.meta IS NULL THEN 1
      WHEN typeof(new.meta) <> 'text' OR NOT json_valid(new.meta) THEN 0
      ELSE json_type(new.meta) = 'object'
    END
BEGIN
  DELETE FROM tags WHERE node_id = new.id AND typeof(tag) = 'text'
    AND json_type(new.meta, '$.tags') IS NOT NULL
    AND tag NOT IN (
      SELECT e.value FROM json_each(
        CASE
          WHEN typeof(new.meta) <> 'text' OR NOT json_valid(new.meta) THEN NULL
          WHEN json_type(new.meta, '$.tags') IN ('array', 'text') THEN new.meta
        END, '$.tags'
      ) AS e WHERE e.type = 'text'
    );
  UPDATE nodes SET meta = json_set(ifnull(meta, '{}'), '$.tags', json((
    SELECT json_group_array(t.tag) FROM (
      SELECT tag FROM tags WHERE node_id = new.id AND typeof(tag) = 'text' ORDER BY rowid
    ) AS t
  )))
  WHERE id = new.id AND json_type(new.meta, '$.tags') IS NULL;
END;

-- While a node gets another id, its tags follow and leave meta alone, whether a foreign key moves
-- them before the AFTER triggers run or the trigger below does. At most one row; what an ignored
-- update leaves is no node with this number and this new id.
CREATE TABLE tags_scratch (nid INTEGER NOT NULL, old_id TEXT NOT NULL, new_id TEXT NOT NULL);

CREATE TRIGGER nodes_tags_before_update BEFORE UPDATE OF id ON nodes
WHEN new.id <> old.id
BEGIN
  DELETE FROM tags_scratch;
  INSERT INTO tags_scratch (nid, old_id, new_id) VALUES (new.nid, old.id, new.id);
END;

-- An update of meta decides, also by having no tags. Another id takes edges and tags along, which
-- with foreign keys on has happened before. Equal ones may wait there, written before their node:
-- they give way.
CREATE TRIGGER nodes_tags_after_update AFTER UPDATE OF id, meta ON nodes
WHEN new.id IS NOT old.id OR new.meta IS NOT old.meta
BEGIN
  DELETE FROM edges WHERE source = new.id AND old.id <> new.id AND EXISTS (
    SELECT 1 FROM edges AS e
    WHERE e.source = old.id AND e.target = edges.target AND e.type = edges.type
  );
  UPDATE edges SET source = new.id WHERE source = old.id AND old.id <> new.id;
  DELETE FROM edges WHERE target = new.id AND old.id <> new.id AND EXISTS (
    SELECT 1 FROM edges AS e
    WHERE e.source = edges.source AND e.target = old.id AND e.type = edges.type
  );
  UPDATE edges SET target = new.id WHERE target = old.id AND old.id <> new.id;
  DELETE FROM tags WHERE node_id = old.id AND old.id <> new.id AND EXISTS (
    SELECT 1 FROM tags AS t WHERE t.node_id = new.id AND t.tag = tags.tag
  );
  UPDATE tags SET node_id = new.id WHERE node_id = old.id AND old.id <> new.id;
  DELETE FROM tags_scratch WHERE old_id = old.id;
  DELETE FROM tags WHERE node_id = new.id AND typeof(tag) = 'text'
    AND CASE
      WHEN new.meta IS NULL THEN 1
      WHEN typeof(new.meta) <> 'text' OR NOT json_valid(new.meta) THEN 0
      ELSE json_type(new.meta) = 'object'
    END
    AND tag NOT IN (
      SELECT e.value FROM json_each(
        CASE
          WHEN typeof(new.meta) <> 'text' OR NOT json_valid(new.meta) THEN NULL
          WHEN json_type(new.meta, '$.tags') IN ('array', 'text') THEN new.meta
        END, '$.tags'
      ) AS e WHERE e.type = 'text'
    );
  INSERT INTO tags (node_id, tag)
  SELECT DISTINCT new.id, t.value FROM (
    SELECT e.value FROM json_each(
      CASE
        WHEN typeof(new.meta) <> 'text' OR NOT json_valid(new.meta) THEN NULL
        WHEN json_type(new.meta, '$.tags') IN ('array', 'text') THEN new.meta
      END, '$.tags'
    ) AS e WHERE e.type = 'text'
  ) AS t
  WHERE NOT EXISTS (SELECT 1 FROM tags WHERE node_id = new.id AND tag = t.value);
END;

-- Not a foreign key's CASCADE: that would also run when OR REPLACE replaces the node. With
-- recursive_triggers on, SQLite counts that as a delete and runs this trigger too.
CREATE TRIGGER nodes_after_delete AFTER DELETE ON nodes
BEGIN
  DELETE FROM edges WHERE source = old.id OR target = old.id;
  DELETE FROM tags WHERE node_id = old.id;
END;

-- ---- tags to nodes ----

-- A new tag goes to the end of the array; what was no array becomes one. Whether there is something
-- to do is asked in WHEN: an UPDATE, even of no row, would open every index of nodes.
CREATE TRIGGER tags_after_insert AFTER INSERT ON tags
WHEN typeof(new.tag) = 'text' AND EXISTS (
  SELECT 1 FROM nodes AS n WHERE n.id = new.node_id AND CASE
    WHEN n.meta IS NULL THEN 1
    WHEN typeof(n.meta) <> 'text' OR NOT json_valid(n.meta) THEN 0
    WHEN json_type(n.meta, '$.tags') IN ('array', 'text') THEN NOT EXISTS (
      SELECT 1 FROM json_each(n.meta, '$.tags') AS e WHERE e.type = 'text' AND e.value = new.tag
    )
    ELSE json_type(n.meta) = 'object'
  END
)
BEGIN
  UPDATE nodes SET meta = CASE ifnull(json_type(meta, '$.tags'), 'null')
    WHEN 'array' THEN json_insert(meta, '$.tags[#]', new.tag)
    WHEN 'null' THEN json_set(ifnull(meta, '{}'), '$.tags', json_array(new.tag))
    ELSE json_set(meta, '$.tags', json_array(json_extract(meta, '$.tags'), new.tag))
  END
  WHERE id = new.node_id;
END;

-- What is no text stays in the array. Each update leaves both sides equal: between two, the update
-- of meta would decide what the tags are.
CREATE TRIGGER tags_after_delete AFTER DELETE ON tags
WHEN typeof(old.tag) = 'text'
BEGIN
  UPDATE nodes SET meta = json_set(ifnull(meta, '{}'), '$.tags', json((
    SELECT json_group_array(CASE e.type
      WHEN 'object' THEN json(e.value)
      WHEN 'array' THEN json(e.value)
      WHEN 'true' THEN json('true')
      WHEN 'false' THEN json('false')
      ELSE e.value
    END)
    FROM (
      SELECT type, value FROM json_each(CASE ifnull(json_type(meta, '$.tags'), 'null')
        WHEN 'array' THEN json_extract(meta, '$.tags')
        WHEN 'null' THEN '[]'
        ELSE json_array(json_extract(meta, '$.tags'))
      END)
      WHERE type <> 'text' OR value IN (SELECT tag FROM tags WHERE node_id = nodes.id)
      UNION ALL
      SELECT 'text', tag FROM tags
      WHERE node_id = nodes.id AND typeof(tag) = 'text' AND tag NOT IN (
        SELECT e.value FROM json_each(
          CASE
            WHEN typeof(meta) <> 'text' OR NOT json_valid(meta) THEN NULL
            WHEN json_type(meta, '$.tags') IN ('array', 'text') THEN meta
          END, '$.tags'
        ) AS e WHERE e.type = 'text'
      )
    ) AS e
  )))
  WHERE id = old.node_id AND CASE
    WHEN typeof(meta) <> 'text' OR NOT json_valid(meta) THEN 0
    WHEN json_type(meta, '$.tags') IN ('array', 'text') THEN EXISTS (
      SELECT 1 FROM json_each(meta, '$.tags') AS e WHERE e.type = 'text' AND e.value = old.tag
    )
  END;
END;

CREATE TRIGGER tags_after_update AFTER UPDATE OF node_id, tag ON tags
WHEN (new.node_id IS NOT old.node_id OR new.tag IS NOT old.tag)
  AND NOT EXISTS (
    SELECT 1 FROM tags_scratch AS s JOIN nodes AS n ON n.nid = s.nid AND n.id = s.new_id
    WHERE s.old_id = old.node_id AND s.new_id = new.node_id
  )
BEGIN
  UPDATE nodes SET meta = json_set(ifnull(meta, '{}'), '$.tags', json((
    SELECT json_group_array(CASE e.type
      WHEN 'object' THEN json(e.value)
      WHEN 'array' THEN json(e.value)
      WHEN 'true' THEN json('true')
      WHEN 'false' THEN json('false')
      ELSE e.value
    END)
    FROM (
      SELECT type, value FROM json_each(CASE ifnull(json_type(meta, '$.tags'), 'null')
        WHEN 'array' THEN json_extract(meta, '$.tags')
        WHEN 'null' THEN '[]'
        ELSE json_array(json_extract(meta, '$.tags'))
      END)
      WHERE type <> 'text' OR value IN (SELECT tag FROM tags WHERE node_id = nodes.id)
      UNION ALL
      SELECT 'text', tag FROM tags
      WHERE node_id = nodes.id AND typeof(tag) = 'text' AND tag NOT IN (
        SELECT e.value FROM json_each(
          CASE
            WHEN typeof(meta) <> 'text' OR NOT json_valid(meta) THEN NULL
            WHEN json_type(meta, '$.tags') IN ('array', 'text') THEN meta
          END, '$.tags'
        ) AS e WHERE e.type = 'text'
      )
    ) AS e
  )))
  WHERE id IN (old.node_id, new.node_id) AND CASE
    WHEN meta IS NULL THEN id = new.node_id AND typeof(new.tag) = 'text'
    WHEN typeof(meta) <> 'text' OR NOT json_valid(meta) THEN 0
    WHEN json_type(meta) <> 'object' THEN 0
    WHEN ifnull(json_type(meta, '$.tags'), 'null') NOT IN ('array', 'text') THEN
      id = new.node_id AND typeof(new.tag) = 'text'
    ELSE (id = new.node_id AND typeof(new.tag) = 'text' AND NOT EXISTS (
      SELECT 1 FROM json_each(meta, '$.tags') AS e WHERE e.type = 'text' AND e.value = new.tag
    ))
      OR (EXISTS (
      SELECT 1 FROM json_each(meta, '$.tags') AS e WHERE e.type = 'text' AND e.value = old.tag
    )
        AND NOT EXISTS (SELECT 1 FROM tags WHERE node_id = nodes.id AND tag = old.tag))
  END;
END;
