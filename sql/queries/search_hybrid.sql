-- search_hybrid: the best nodes by words and by vector, the two rankings fused.
--
--   :query       the vector, a float32 blob or a JSON array; NULL: words only
--   :text        an expression of FTS5, 'lentil OR soup'; NULL: the vector only
--   :candidates  how many are taken from each ranking (50)
--   :k           60: the larger, the less the very first places count
--   :limit       rows (10)
--
-- Reciprocal rank fusion: a node scores 1 / (k + rank) in each ranking that it is in.
-- Needs the extension and sql/optional/fts.sql. Cost: one search of each kind.

SELECT n.id, graph_rrf(f.rank, ifnull(:k, 60)) AS score, n.title,
  min(f.rank) FILTER (WHERE f.kind = 'vector') AS vector_rank,
  min(f.rank) FILTER (WHERE f.kind = 'text') AS text_rank,
  n.meta, n.date
FROM (
  SELECT rowid AS nid, 'vector' AS kind, rank
  FROM vec_topk('nodes', 'embedding', :query, ifnull(:candidates, 50))
  WHERE score > 0
  UNION ALL
  SELECT nid, 'text', row_number() OVER (ORDER BY relevance, nid)
  FROM (
    SELECT rowid AS nid, bm25(nodes_fts) AS relevance
    FROM nodes_fts
    WHERE nodes_fts MATCH ifnull(:text, '""')
    ORDER BY relevance, rowid
    LIMIT ifnull(:candidates, 50)
  )
) AS f
JOIN nodes AS n ON n.nid = f.nid
GROUP BY n.nid
ORDER BY score DESC, n.nid
LIMIT ifnull(:limit, 10);
