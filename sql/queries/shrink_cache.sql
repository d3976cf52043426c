-- shrink_cache: removes the oldest entries of the cache, until the rest is small enough.
--
--   :max_bytes  how many bytes of values may stay (52428800, 50 MB)
--
-- Cost: one pass over an index, which holds the sizes; then the entries that are removed.

DELETE FROM cache
WHERE key IN (SELECT key FROM cache_by_age WHERE total_bytes > ifnull(:max_bytes, 52428800));
