-- group_synonyms: the nodes that edges of one type join, a group for each row.
--
--   :edge   the type of the edges (SYNONYM)
--   :limit  rows, the largest groups first (100)
--
-- component is the smallest id of the group, nodes a JSON array of all. What is joined to one member
-- belongs to the group: look at large ones before you merge them.
-- Needs the extension. Cost: all edges of the type.

SELECT component, count(*) AS size, json_group_array(node) AS nodes
FROM (
  SELECT component, node FROM graph_components('edges') AS c
  WHERE c.types = json_array(ifnull(:edge, 'SYNONYM'))
  ORDER BY component, node
)
GROUP BY component
HAVING count(*) > 1
ORDER BY size DESC, component
LIMIT ifnull(:limit, 100);
