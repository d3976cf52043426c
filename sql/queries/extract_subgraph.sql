-- extract_subgraph: the neighbourhood of some nodes as JSON, for a viewer or a prompt.
--
--   :ids    an id, or a JSON array of ids
--   :depth  hops, either way (2)
--   :types  a JSON array: only edges of these types (all)
--   :limit  nodes, the nearest first (200)
--
-- One row, node-link JSON: networkx.node_link_graph(json, edges="links") and D3 read it. Every edge
-- between two of its nodes is in it and none that ends elsewhere. is_truncated, an attribute of the
-- graph, says whether there were more nodes. graph_dot, graph_mermaid and graph_graphml in its place
-- write the same for others.
-- Needs the extension. Cost: the edges of what is found.

WITH
  found (id, depth) AS (
    SELECT node, depth
    FROM graph_bfs('edges', :ids, ifnull(:depth, 2), 'both', :types, ifnull(:limit, 200) + 1)
    LIMIT -1
  ),
  kept (id) AS (SELECT id FROM found ORDER BY depth, id LIMIT ifnull(:limit, 200))
SELECT graph_node_link_json(source, target, label, attributes, json_object(
  'is_truncated', json(CASE WHEN (SELECT count(*) FROM found) > ifnull(:limit, 200) THEN 'true'
    ELSE 'false' END)
)) AS graph
FROM (
  SELECT e.source || '' AS source, e.target || '' AS target, e.type || '' AS label,
    json_object('confidence',
      CASE WHEN typeof(confidence) = 'real' AND abs(confidence) < 9e999 THEN confidence END)
    AS attributes
  FROM edges AS e
  WHERE e.source IN (SELECT id FROM kept) AND e.target IN (SELECT id FROM kept)
    AND (:types IS NULL OR e.type IN (SELECT value FROM json_each(:types)))
  UNION ALL
  SELECT k.id, NULL, n.title || '', json_object('type', n.type || '', 'domain', n.domain || '')
  FROM kept AS k LEFT JOIN nodes AS n ON n.id = k.id
);
