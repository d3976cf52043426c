-- explain_path: how two nodes are linked, by the fewest edges.
--
--   :from, :to   ids
--   :direction   out, in or both (both)
--   :types       a JSON array: only edges of these types (all)
--   :max_depth   hops (no limit)
--
-- A row is a node on the way. via is the type of the edge that leads to it, way tells whether that
-- edge points to it (out) or from it (in), and why where it was read. No rows: there is no way.
-- Needs the extension. Cost: the edges between the two.

SELECT p.step, n.id, n.title, e.type AS via,
  CASE WHEN e.target = p.node THEN 'out' WHEN e.source = p.node THEN 'in' END AS way,
  e.confidence, e.context_source AS why
FROM graph_shortest_path('edges', :from, :to, NULL, ifnull(:direction, 'both'), :max_depth) AS p
LEFT JOIN nodes AS n ON n.id = p.node
LEFT JOIN edges AS e ON e.rowid = p.edge_id
WHERE p.types = :types
ORDER BY p.step;
