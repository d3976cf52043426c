-- 0008_views: the graph, ready to be read.
--
-- What: nodes_meta (every column but the embedding), edges_out, edges_in, neighbors, node_tags,
-- lexicon, timeline, orphans, super_nodes, edge_type_counts, vector_coverage,
-- history_recorded, history_sizes, graph_issues and store_health. Views only: nothing is stored.
-- Why: a list of nodes must not read their embeddings, and the questions that every program asks of
-- a graph should have one answer. What each view costs is in docs/reading.md.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0008_views.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0007 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0008_views' FROM _graph_migrations WHERE name = '0007_put')
);

-- Of an embedding only its type and length, which are in the header of the row: typeof() and
-- length() of a blob do not read it, while "embedding IS NULL" does in older SQLite.
CREATE VIEW nodes_meta AS
SELECT
  nid,
  id,
  type,
  title,
  domain,
  layer,
  date,
  summary,
  hash,
  meta,
  -- As in idx_nodes_source, so that the index is used.
  CASE WHEN json_valid(meta) THEN json_extract(meta, '$.source') END AS source_path,
  typeof(embedding) <> 'null' AS has_embedding,
  CASE
    WHEN typeof(embedding) = 'blob' AND length(embedding) % 4 = 0 THEN length(embedding) / 4
  END AS dims
FROM nodes;

-- Edges with what is known of their other end. LEFT JOIN, since with foreign keys off that end may
-- not be a node. The + keeps "source = ? AND type = ?" from looking up all edges of the type.
CREATE VIEW edges_out AS
SELECT e.source, e.target, +e.type AS type, e.confidence, e.veracity, e.context_source,
  n.title, n.type AS node_type, n.domain
FROM edges AS e LEFT JOIN nodes AS n ON n.id = e.target;

CREATE VIEW edges_in AS
SELECT e.target, e.source, +e.type AS type, e.confidence, e.veracity, e.context_source,
  n.title, n.type AS node_type, n.domain
FROM edges AS e LEFT JOIN nodes AS n ON n.id = e.source;

-- Both ways. An edge from a node to itself is one row, its way is 'out'.
CREATE VIEW neighbors AS
SELECT source AS node, 'out' AS way, target AS neighbor, type, confidence, veracity,
  context_source, title, node_type, domain
FROM edges_out
UNION ALL
SELECT target, 'in', source, type, confidence, veracity, context_source, title, node_type, domain
FROM edges_in
WHERE source <> target;

CREATE VIEW node_tags AS
SELECT t.node_id, t.tag, n.nid, n.title, n.type, n.domain
FROM tags AS t JOIN nodes AS n ON n.id = t.node_id;

-- Terms and what they mean. aliases is always an array.
CREATE VIEW lexicon AS
SELECT nid, id, title,
  CASE CASE WHEN json_valid(meta) THEN json_type(meta, '$.aliases') END
    WHEN 'array' THEN json_extract(meta, '$.aliases')
    WHEN 'text' THEN json_array(json_extract(meta, '$.aliases'))
    ELSE '[]'
  END AS aliases,
  summary AS definition
FROM nodes
WHERE domain = 'lexicon' AND type = 'concept';

CREATE VIEW timeline AS
SELECT date, nid, id, type, title, domain, layer, summary
FROM nodes
WHERE date > ''
ORDER BY date DESC, nid DESC;

-- Nodes without any edge. IS NOT, since a node without a type is one as well.
CREATE VIEW orphans AS
SELECT n.nid, n.id, n.type, n.title, n.domain, n.layer, n.date,
  typeof(n.embedding) <> 'null' AS has_embedding
FROM nodes AS n
WHERE n.type IS NOT 'root' AND n.type IS NOT 'domain'
  AND NOT EXISTS (SELECT 1 FROM edges WHERE source = n.id)
  AND NOT EXISTS (SELECT 1 FROM edges WHERE target = n.id);

-- Nodes with more than 50 edges, ways added up. An edge from a node to itself counts once.
CREATE VIEW super_nodes AS
SELECT n.nid, n.id, n.type, n.title, n.domain, d.degree, d.out_degree, d.in_degree
FROM (
  SELECT node, count(*) AS degree, sum(leaves) AS out_degree, sum(arrives) AS in_degree
  FROM (
    SELECT source AS node, 1 AS leaves, source = target AS arrives FROM edges
    UNION ALL
    SELECT target, 0, 1 FROM edges WHERE source <> target
  )
  GROUP BY node
  HAVING count(*) > 50
) AS d
JOIN nodes AS n ON n.id = d.node;

-- spellings lists the types that differ only by case, if there is more than one: they are different
-- edges, which is seldom meant.
CREATE VIEW edge_type_counts AS
SELECT type, edges, avg_confidence,
  CASE
    WHEN count(*) OVER same > 1 THEN json_group_array(type || '') OVER (
      PARTITION BY lower(type) ORDER BY type
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
  END AS spellings
FROM (SELECT type, count(*) AS edges, avg(confidence) AS avg_confidence FROM edges GROUP BY type)
WINDOW same AS (PARTITION BY lower(type));

-- LIMIT -1, here and below: a GROUP BY that sorts would take whole embeddings through the sort,
-- unless the subquery is a step of its own.
CREATE VIEW vector_coverage AS
SELECT type, domain,
  count(*) AS nodes,
  sum(has_embedding) AS vectorized,
  count(*) - sum(has_embedding) AS missing,
  round(100.0 * sum(has_embedding) / count(*), 1) AS percent
FROM (SELECT type, domain, has_embedding FROM nodes_meta LIMIT -1)
GROUP BY type, domain;

-- The rows of history that the triggers wrote, without those that a program wrote itself: older
-- ones logged a node without its columns, and an edge by a text.
CREATE VIEW history_recorded AS
SELECT id, timestamp, entity_type, entity_id, action, old_value, new_value
FROM history
WHERE action IN ('insert', 'update', 'delete')
  AND CASE entity_type
    WHEN 'node' THEN CASE
      WHEN json_valid(ifnull(new_value, old_value))
      THEN json_type(ifnull(new_value, old_value), '$.embedding_bytes') IS NOT NULL
    END
    ELSE substr(entity_id, 1, 1) = '[' AND json_valid(entity_id)
  END;

CREATE VIEW history_sizes AS
SELECT entity_type, action,
  count(*) AS changes,
  sum(ifnull(length(CAST(old_value AS BLOB)), 0) + ifnull(length(CAST(new_value AS BLOB)), 0))
    AS bytes,
  min(timestamp) AS oldest,
  max(timestamp) AS newest
FROM history
GROUP BY entity_type, action;

-- What is wrong with the graph, a row each. The id of an edge or tag is a JSON array of its key, as
-- in history: || '' because JSON holds no blob, which a key may be.
CREATE VIEW graph_issues AS
SELECT 'error' AS severity, 'dangling_edge' AS issue, 'edge' AS entity_type,
  json_array(source || '', target || '', type || '') AS entity_id,
  CASE
    WHEN target IN (SELECT id FROM nodes) THEN 'source is not a node'
    WHEN source IN (SELECT id FROM nodes) THEN 'target is not a node'
    ELSE 'source and target are not nodes'
  END AS detail
FROM edges
WHERE source NOT IN (SELECT id FROM nodes) OR target NOT IN (SELECT id FROM nodes)
UNION ALL
SELECT 'error', 'dangling_tag', 'tag', json_array(node_id || '', tag || ''), 'node_id is not a node'
FROM tags
WHERE node_id NOT IN (SELECT id FROM nodes)
UNION ALL
SELECT 'error', 'broken_meta', 'node', id, 'meta is not JSON'
FROM nodes
WHERE meta IS NOT NULL AND NOT json_valid(meta)
UNION ALL
SELECT 'error', 'broken_embedding', 'node', id,
  CASE
    WHEN typeof(embedding) <> 'blob' THEN 'the embedding is not a blob, but ' || typeof(embedding)
    ELSE 'the embedding has ' || length(embedding) || ' bytes: no whole number of float32'
  END
FROM nodes
WHERE typeof(embedding) NOT IN ('null', 'blob')
  OR (typeof(embedding) = 'blob' AND (length(embedding) % 4 <> 0 OR length(embedding) = 0))
UNION ALL
SELECT 'warning', 'other_dims', 'node', n.id,
  'the embedding has ' || n.dims || ' dimensions, most have ' || usual.dims
FROM (
  SELECT dims FROM (SELECT dims FROM nodes_meta WHERE dims > 0 LIMIT -1)
  GROUP BY dims ORDER BY count(*) DESC, dims LIMIT 1
) AS usual
JOIN nodes_meta AS n ON n.dims > 0 AND n.dims <> usual.dims
UNION ALL
SELECT 'warning', 'self_loop', 'edge', json_array(source || '', target || '', type || ''),
  'the edge ends where it begins'
FROM edges
WHERE source = target
UNION ALL
SELECT 'warning', 'super_node', 'node', id,
  'has ' || degree || ' edges; super_nodes lists all of more than 50'
FROM (SELECT id, degree FROM super_nodes ORDER BY degree DESC, nid LIMIT 5)
UNION ALL
SELECT 'warning', 'ids_differ_by_case', 'node', min(id), json_group_array(id || '')
FROM (SELECT id FROM nodes ORDER BY lower(id), id)
GROUP BY lower(id)
HAVING count(*) > 1
UNION ALL
SELECT 'warning', 'edge_types_differ_by_case', 'edge', type, spellings
FROM edge_type_counts
WHERE spellings IS NOT NULL
UNION ALL
SELECT 'warning', 'quarantined_edge', 'edge',
  json_array(source || '', target || '', type || ''), reason
FROM edges_quarantine;

-- Three measures of a graph and what is considered healthy. connected is the share of the nodes that
-- can be reached, against the arrows too, from the node with the most edges: 1 means one component.
CREATE VIEW store_health AS
WITH RECURSIVE
  sizes (nodes, edges) AS (SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM edges)),
  reached (id) AS (
    SELECT ifnull(
      (
        SELECT node FROM (
          SELECT source AS node FROM edges UNION ALL SELECT target FROM edges WHERE source <> target
        )
        WHERE node IN (SELECT id FROM nodes)
        GROUP BY node ORDER BY count(*) DESC, node LIMIT 1
      ),
      (SELECT id FROM nodes LIMIT 1)
    )
    UNION
    SELECT e.target FROM reached AS r JOIN edges AS e ON e.source = r.id
    UNION
    SELECT e.source FROM reached AS r JOIN edges AS e ON e.target = r.id
  ),
  measures (metric, value, ideal_low, ideal_high) AS (
    SELECT 'density', 1.0 * edges / nullif(nodes * (nodes - 1), 0), 0.01, 0.1 FROM sizes
    UNION ALL
    SELECT 'average_degree', 2.0 * edges / nullif(nodes, 0), 3, 6 FROM sizes
    UNION ALL
    SELECT 'connected',
      1.0 * (SELECT count(*) FROM reached JOIN nodes USING (id)) / nullif(nodes, 0), 1, 1
    FROM sizes
  )
SELECT metric, value, ideal_low, ideal_high,
  CASE
    WHEN value < ideal_low THEN 'low'
    WHEN value > ideal_high THEN 'high'
    WHEN value IS NOT NULL THEN 'ideal'
  END AS verdict
FROM measures;
