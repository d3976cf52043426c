-- purge_cache: removes what has expired from the cache.
--
--   :max_age  seconds: entries older than this go as well, whenever they end (none)
--
-- Cost: the entries that are removed, found by indexes.

DELETE FROM cache
WHERE expires_at <= CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
  OR created_at <= CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) - 1000 * :max_age;
