-- get_nodes: many nodes by their ids, in one statement.
--
--   :ids  a JSON array of ids, in any number
--
-- Returns a row for each id that is a node, in the order of the array; place counts from 0.
-- Cost: one look-up in an index for each id.

SELECT i.key AS place, n.*
FROM json_each(:ids) AS i CROSS JOIN nodes_meta AS n ON n.id = CAST(i.value AS TEXT)
ORDER BY i.key;
