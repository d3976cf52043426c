-- find_communities: groups of nodes that are densely linked, a row each.
--
--   :resolution  above 1 more and smaller groups (1)
--   :seed        another one, another order in which nodes are tried (0)
--   :types       a JSON array: only edges of these types (all)
--   :min_size    only groups of so many nodes (3)
--   :members     how many nodes of each are listed, those with the most edges first (10)
--   :limit       rows, the largest first (50)
--
-- Leiden's method: a group is connected. community is its smallest id, nodes a JSON array. To keep
-- who is where: CREATE TABLE community AS SELECT node, community FROM graph_leiden('edges').
-- Needs the extension. Cost: all edges some dozen times.

SELECT community, count(*) AS size,
  json_group_array(node) FILTER (WHERE place <= ifnull(:members, 10)) AS nodes
FROM (
  SELECT l.community, l.node,
    row_number() OVER (PARTITION BY l.community ORDER BY d.degree DESC, l.node) AS place
  FROM (
    SELECT node, community FROM graph_leiden('edges', ifnull(:resolution, 1), ifnull(:seed, 0)) AS c
    WHERE c.types = :types
    LIMIT -1
  ) AS l
  JOIN (SELECT node, degree FROM graph_degree('edges') AS c WHERE c.types = :types LIMIT -1) AS d
    ON d.node = l.node
  ORDER BY l.community, place
)
GROUP BY community
HAVING count(*) >= ifnull(:min_size, 3)
ORDER BY size DESC, community
LIMIT ifnull(:limit, 50);
