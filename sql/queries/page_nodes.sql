-- page_nodes: the next page of nodes, without their embeddings.
--
--   :domain  only nodes of this domain (all)
--   :type    only nodes of this type (all)
--   :after   the nid of the last row of the page before (the first page)
--   :limit   rows of a page (20)
--
-- Cost: the rows of the page, however far in; with both filters, the rows of one of them.
-- One branch runs: of the others, a condition that names no row is false.

SELECT * FROM nodes_meta
WHERE :domain IS NULL AND :type IS NULL AND nid > ifnull(:after, -9223372036854775808)
UNION ALL
SELECT * FROM nodes_meta
WHERE domain = :domain AND :type IS NULL AND nid > ifnull(:after, -9223372036854775808)
UNION ALL
SELECT * FROM nodes_meta
WHERE :domain IS NULL AND type = :type AND nid > ifnull(:after, -9223372036854775808)
UNION ALL
SELECT * FROM nodes_meta
WHERE domain = :domain AND type = :type AND nid > ifnull(:after, -9223372036854775808)
ORDER BY nid
LIMIT ifnull(:limit, 20);
