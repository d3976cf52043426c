-- find_structural_gaps: pairs of nodes that share neighbours, but are not linked.
--
--   :node   only pairs with this node (all pairs)
--   :hub    shared nodes with more neighbours than this are passed over (1000)
--   :limit  pairs (10)
--
-- The score is that of Adamic and Adar: the sum of 1 / ln(neighbours of w) over the shared
-- neighbours w. Direction, type and number of edges between two nodes do not matter, nor edges from
-- a node to itself.
-- Cost: all edges, and for each shared node the square of its neighbours; with :node only those
-- around it. Without :hub a node with 20,000 neighbours alone would make 200 million pairs.

WITH RECURSIVE
  linked (a, b) AS (
    SELECT source, target FROM edges WHERE source <> target
    UNION
    SELECT target, source FROM edges WHERE source <> target
  ),
  shared (node, degree) AS (
    SELECT a, count(*) FROM linked
    WHERE :node IS NULL OR a IN (
      SELECT target FROM edges WHERE source = :node
      UNION ALL
      SELECT source FROM edges WHERE target = :node
    )
    GROUP BY a
    HAVING count(*) BETWEEN 2 AND ifnull(:hub, 1000)
  ),
  -- The natural logarithm, which not every SQLite has: degree = power * m with 1 <= m < 2, and
  -- ln(m) = 2 (z + z^3/3 + z^5/5 + ...) with z = (m - 1) / (m + 1), here to z^33.
  powers (exponent, power) AS (
    SELECT 0, 1
    UNION ALL
    SELECT exponent + 1, power * 2 FROM powers WHERE exponent < 60
  ),
  reduced (degree, exponent, z) AS (
    SELECT degree, exponent, (1.0 * degree - power) / (1.0 * degree + power)
    FROM (SELECT DISTINCT degree FROM shared) JOIN powers
    WHERE power <= degree AND degree < power * 2
  ),
  logarithms (degree, n, z_to_n, z_squared, ln) AS (
    SELECT degree, 1, z, z * z, exponent * 0.69314718055994530942 + 2 * z FROM reduced
    UNION ALL
    SELECT degree, n + 2, z_to_n * z_squared, z_squared, ln + 2 * z_to_n * z_squared / (n + 2)
    FROM logarithms
    WHERE n < 33
  ),
  weights (degree, weight) AS (SELECT degree, 1 / ln FROM logarithms WHERE n = 33)
SELECT x.b AS node, y.b AS other, sum(w.weight) AS score, count(*) AS shared
FROM shared AS s
JOIN weights AS w ON w.degree = s.degree
JOIN linked AS x ON x.a = s.node
JOIN linked AS y ON y.a = s.node AND y.b > x.b
WHERE :node IS NULL OR :node IN (x.b, y.b)
GROUP BY x.b, y.b
HAVING NOT EXISTS (SELECT 1 FROM edges WHERE source = x.b AND target = y.b)
  AND NOT EXISTS (SELECT 1 FROM edges WHERE source = y.b AND target = x.b)
ORDER BY score DESC, node, other
LIMIT ifnull(:limit, 10);
