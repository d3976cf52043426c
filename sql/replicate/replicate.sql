-- replicate: brings the attached database `replica` to the state of nodes, edges and tags.
--
-- What: the first run copies everything; every later run copies the rows that history has logged
-- since, deleted ones included, each as it is now, blobs byte for byte. If history was pruned beyond
-- what the replica knows, everything is copied again. Watermark: the id of the last row of history.
-- Why: a replica in memory, or on another disk, costs what changed and not what there is.
--
-- The replica has the same columns and indexes, and no triggers, foreign keys or history: nothing is
-- logged twice, and it takes whatever the source holds. Only this file may write to it. nid is the
-- source's number of the row when it was copied. Needs the migrations up to 0006_history_triggers.
--
--   sqlite3 -bail my.db "ATTACH 'copy.db' AS replica" BEGIN '.read sql/replicate/replicate.sql' COMMIT
--
-- ATTACH ':memory:' AS replica makes one in memory, for the connection. To make the next run copy
-- everything: UPDATE replica.replica_state SET watermark = NULL.

-- ---- what is to be done: one row; what must not be is a constraint with the reason as its name ----

CREATE TEMP TABLE IF NOT EXISTS replicate_plan (
  is_replica INTEGER,
  logs INTEGER,
  watermark INTEGER,  -- of the replica
  newest INTEGER,     -- id of history
  logged INTEGER,     -- rows of history after the watermark
  same_version INTEGER,
  same_source INTEGER,
  everything INTEGER,
  CONSTRAINT "the database attached as replica has tables of its own: attach a new file"
    CHECK (is_replica),
  CONSTRAINT "the source has no history triggers: apply its migrations first" CHECK (logs),
  CONSTRAINT "the replica is newer than its source: delete it and make it anew"
    CHECK (ifnull(watermark, 0) <= newest),
  CONSTRAINT "the replica was made with other migrations: delete it and make it anew"
    CHECK (same_version),
  CONSTRAINT "the replica is of another source, or of another past of it: delete it and make it anew"
    CHECK (same_source)
);
CREATE TEMP TABLE IF NOT EXISTS replicate_nodes (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS replicate_edges (
  source TEXT, target TEXT, type TEXT, PRIMARY KEY (source, target, type)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS replicate_tags (
  node_id TEXT, tag TEXT, PRIMARY KEY (node_id, tag)
) WITHOUT ROWID;
DELETE FROM temp.replicate_plan;
DELETE FROM temp.replicate_nodes;
DELETE FROM temp.replicate_edges;
DELETE FROM temp.replicate_tags;

-- Before anything is made there.
INSERT INTO temp.replicate_plan (is_replica, newest)
SELECT NOT EXISTS (SELECT 1 FROM replica.sqlite_master)
    OR EXISTS (SELECT 1 FROM replica.sqlite_master WHERE name = 'replica_state'), 0;

CREATE TABLE IF NOT EXISTS replica.replica_state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  watermark INTEGER,  -- NULL: copy everything
  entry TEXT,         -- the row of history with that id
  migration TEXT      -- the newest of the source
);
CREATE TABLE IF NOT EXISTS replica.nodes (
  nid INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT,
  title TEXT,
  domain TEXT,
  layer TEXT,
  hash TEXT,
  meta TEXT,
  date TEXT,
  summary TEXT,
  embedding BLOB
);
CREATE TABLE IF NOT EXISTS replica.edges (
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  type TEXT NOT NULL,
  confidence REAL DEFAULT 1,
  veracity REAL DEFAULT 1,
  context_source TEXT,
  PRIMARY KEY (source, target, type)
);
CREATE TABLE IF NOT EXISTS replica.tags (
  node_id TEXT NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY (node_id, tag)
);
CREATE INDEX IF NOT EXISTS replica.idx_nodes_type ON nodes (type);
CREATE INDEX IF NOT EXISTS replica.idx_nodes_domain ON nodes (domain);
CREATE INDEX IF NOT EXISTS replica.idx_nodes_layer ON nodes (layer);
CREATE INDEX IF NOT EXISTS replica.idx_nodes_hash ON nodes (hash);
CREATE INDEX IF NOT EXISTS replica.idx_nodes_date ON nodes (date);
CREATE INDEX IF NOT EXISTS replica.idx_nodes_source
ON nodes (CASE WHEN json_valid(meta) THEN json_extract(meta, '$.source') END);
CREATE INDEX IF NOT EXISTS replica.idx_edges_source ON edges (source);
CREATE INDEX IF NOT EXISTS replica.idx_edges_target ON edges (target);
CREATE INDEX IF NOT EXISTS replica.idx_edges_type ON edges (type);
CREATE INDEX IF NOT EXISTS replica.idx_tags_tag ON tags (tag);

-- Deletes nothing, but takes the replica's write lock before anything is read from it: of two runs
-- at once the second waits.
DELETE FROM replica.replica_state WHERE one <> 1;

DELETE FROM temp.replicate_plan;
INSERT INTO temp.replicate_plan
SELECT 1, p.logs, p.watermark, p.newest, p.logged, p.same_version, p.same_source,
  p.watermark IS NULL OR p.logged < p.newest - p.watermark
FROM (
  SELECT
    EXISTS (SELECT 1 FROM main._graph_migrations WHERE name = '0006_history_triggers') AS logs,
    s.watermark AS watermark,
    max(
      ifnull((SELECT seq FROM main.sqlite_sequence WHERE name = 'history'), 0),
      ifnull((SELECT max(id) FROM main.history), 0)
    ) AS newest,
    (SELECT count(*) FROM main.history WHERE id > s.watermark) AS logged,
    s.migration IS NULL
      OR s.migration = (SELECT max(name) FROM main._graph_migrations) AS same_version,
    -- The last row that was copied; it may have been pruned since.
    ifnull((
      SELECT json_array(entity_type, entity_id, action, timestamp) = s.entry
      FROM main.history WHERE id = s.watermark
    ), 1) AS same_source
  FROM (SELECT 1) LEFT JOIN replica.replica_state AS s
) AS p;

-- ---- the keys that changed; the + keeps SQLite from making an index of the whole history first ----

INSERT OR IGNORE INTO temp.replicate_nodes (id)
SELECT h.entity_id
FROM temp.replicate_plan AS p CROSS JOIN main.history AS h ON h.id > p.watermark
WHERE NOT p.everything AND +h.entity_type = 'node';

-- REPLACE gives a node another nid, and may leave the old one to the next. Whoever has a number in
-- the replica that is now another's moves as well, and so on.
INSERT OR IGNORE INTO temp.replicate_nodes (id)
WITH RECURSIVE moved (id) AS (
  SELECT id FROM temp.replicate_nodes
  UNION
  SELECT r.id
  FROM moved AS m
  CROSS JOIN main.nodes AS n ON n.id = m.id
  CROSS JOIN replica.nodes AS r ON r.nid = n.nid
)
SELECT id FROM moved;

-- Other programs write rows of their own, with keys that are no JSON.
INSERT OR IGNORE INTO temp.replicate_edges (source, target, type)
SELECT json_extract(k.id, '$[0]'), json_extract(k.id, '$[1]'), json_extract(k.id, '$[2]')
FROM (
  SELECT CASE WHEN json_valid(h.entity_id) THEN h.entity_id ELSE '[]' END AS id
  FROM temp.replicate_plan AS p CROSS JOIN main.history AS h ON h.id > p.watermark
  WHERE NOT p.everything AND +h.entity_type = 'edge'
) AS k;
INSERT OR IGNORE INTO temp.replicate_tags (node_id, tag)
SELECT json_extract(k.id, '$[0]'), json_extract(k.id, '$[1]')
FROM (
  SELECT CASE WHEN json_valid(h.entity_id) THEN h.entity_id ELSE '[]' END AS id
  FROM temp.replicate_plan AS p CROSS JOIN main.history AS h ON h.id > p.watermark
  WHERE NOT p.everything AND +h.entity_type = 'tag'
) AS k;

-- ---- what was there goes: all of it, or the changed keys ----

DELETE FROM replica.tags WHERE rowid IN (
  SELECT r.rowid FROM temp.replicate_plan AS p CROSS JOIN replica.tags AS r WHERE p.everything
  UNION ALL
  SELECT r.rowid FROM temp.replicate_tags AS c
  CROSS JOIN replica.tags AS r ON r.node_id = c.node_id AND r.tag = c.tag
);
DELETE FROM replica.edges WHERE rowid IN (
  SELECT r.rowid FROM temp.replicate_plan AS p CROSS JOIN replica.edges AS r WHERE p.everything
  UNION ALL
  SELECT r.rowid FROM temp.replicate_edges AS c
  CROSS JOIN replica.edges AS r ON r.source = c.source AND r.target = c.target AND r.type = c.type
);
DELETE FROM replica.nodes WHERE nid IN (
  SELECT r.nid FROM temp.replicate_plan AS p CROSS JOIN replica.nodes AS r WHERE p.everything
  UNION ALL
  SELECT r.nid FROM temp.replicate_nodes AS c CROSS JOIN replica.nodes AS r ON r.id = c.id
);

-- ---- what is there now comes ----

INSERT INTO replica.nodes
  (nid, id, type, title, domain, layer, hash, meta, date, summary, embedding)
SELECT n.nid, n.id, n.type, n.title, n.domain, n.layer, n.hash, n.meta, n.date, n.summary, n.embedding
FROM temp.replicate_plan AS p CROSS JOIN main.nodes AS n WHERE p.everything
UNION ALL
SELECT n.nid, n.id, n.type, n.title, n.domain, n.layer, n.hash, n.meta, n.date, n.summary, n.embedding
FROM temp.replicate_nodes AS c CROSS JOIN main.nodes AS n ON n.id = c.id;

INSERT INTO replica.edges (source, target, type, confidence, veracity, context_source)
SELECT e.source, e.target, e.type, e.confidence, e.veracity, e.context_source
FROM temp.replicate_plan AS p CROSS JOIN main.edges AS e WHERE p.everything
UNION ALL
SELECT e.source, e.target, e.type, e.confidence, e.veracity, e.context_source
FROM temp.replicate_edges AS c
CROSS JOIN main.edges AS e ON e.source = c.source AND e.target = c.target AND e.type = c.type;

INSERT INTO replica.tags (node_id, tag)
SELECT t.node_id, t.tag
FROM temp.replicate_plan AS p CROSS JOIN main.tags AS t WHERE p.everything
UNION ALL
SELECT t.node_id, t.tag
FROM temp.replicate_tags AS c CROSS JOIN main.tags AS t ON t.node_id = c.node_id AND t.tag = c.tag;

-- ---- the watermark; nothing is written if nothing changed ----

INSERT OR REPLACE INTO replica.replica_state (one, watermark, entry, migration)
SELECT 1, p.newest,
  (SELECT json_array(entity_type, entity_id, action, timestamp) FROM main.history WHERE id = p.newest),
  (SELECT max(name) FROM main._graph_migrations)
FROM temp.replicate_plan AS p
WHERE p.everything OR p.newest > p.watermark;

DELETE FROM temp.replicate_plan;
DELETE FROM temp.replicate_nodes;
DELETE FROM temp.replicate_edges;
DELETE FROM temp.replicate_tags;
