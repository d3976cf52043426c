-- Full-text search over title and summary of nodes, for sql/queries/search_hybrid.sql and MATCH.
--
-- WARNING: from then on every program that writes nodes needs an SQLite with FTS5; in one without it
-- each write fails with "no such module: fts5". Reading goes on working. sql/optional/fts_drop.sql
-- undoes it.
--
-- The index holds no copy of the texts. Applied to filled tables too; not to be run twice:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/optional/fts.sql' COMMIT

CREATE VIRTUAL TABLE nodes_fts USING fts5 (
  title,
  summary,
  content = 'nodes',
  content_rowid = 'nid',
  tokenize = 'porter unicode61'
);
INSERT INTO nodes_fts (nodes_fts) VALUES ('rebuild');

-- A REPLACE removes rows without a trigger for them. So what a write may remove is noted before it,
-- and taken out of the index when the write has come about: an INSERT that was ignored, or became an
-- UPDATE, leaves only a note, which the next write throws away.
CREATE TABLE nodes_fts_replaced (nid INTEGER PRIMARY KEY, title TEXT, summary TEXT);

CREATE TRIGGER nodes_fts_before_insert BEFORE INSERT ON nodes
BEGIN
  DELETE FROM nodes_fts_replaced;
  INSERT INTO nodes_fts_replaced
  SELECT nid, title, summary FROM nodes WHERE id = new.id OR nid = new.nid;
END;

-- Before an INSERT that leaves the choice of nid to SQLite, new.nid is -1: a note may be of a node
-- that stays.
CREATE TRIGGER nodes_fts_after_insert AFTER INSERT ON nodes
BEGIN
  INSERT INTO nodes_fts (nodes_fts, rowid, title, summary)
  SELECT 'delete', nid, title, summary FROM nodes_fts_replaced
  WHERE nid = new.nid OR nid NOT IN (SELECT nid FROM nodes);
  DELETE FROM nodes_fts_replaced;
  INSERT INTO nodes_fts (rowid, title, summary) VALUES (new.nid, new.title, new.summary);
END;

CREATE TRIGGER nodes_fts_before_update BEFORE UPDATE OF nid, id ON nodes
WHEN old.nid <> new.nid OR old.id <> new.id
BEGIN
  DELETE FROM nodes_fts_replaced;
  INSERT INTO nodes_fts_replaced
  SELECT nid, title, summary FROM nodes WHERE (id = new.id OR nid = new.nid) AND nid <> old.nid;
END;

CREATE TRIGGER nodes_fts_after_update AFTER UPDATE OF nid, id, title, summary ON nodes
WHEN old.nid <> new.nid OR old.id <> new.id
  OR old.title IS NOT new.title OR old.summary IS NOT new.summary
BEGIN
  INSERT INTO nodes_fts (nodes_fts, rowid, title, summary)
  SELECT 'delete', nid, title, summary FROM nodes_fts_replaced
  WHERE old.nid <> new.nid OR old.id <> new.id;
  DELETE FROM nodes_fts_replaced;
  INSERT INTO nodes_fts (nodes_fts, rowid, title, summary)
  VALUES ('delete', old.nid, old.title, old.summary);
  INSERT INTO nodes_fts (rowid, title, summary) VALUES (new.nid, new.title, new.summary);
END;

-- With recursive_triggers on, a REPLACE comes here too, and then there is nothing left to do for it.
CREATE TRIGGER nodes_fts_after_delete AFTER DELETE ON nodes
BEGIN
  INSERT INTO nodes_fts (nodes_fts, rowid, title, summary)
  VALUES ('delete', old.nid, old.title, old.summary);
  DELETE FROM nodes_fts_replaced WHERE nid = old.nid;
END;
