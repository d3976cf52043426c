-- 0010_cache: values that were expensive to get, kept for a while.
--
-- What: the table cache; put_cache, the view that takes them by plain INSERT; cache_live,
-- cache_expired and cache_by_age, by which they are read and cleared.
-- Why: a program that asks a model or the network wants to ask once. The value and when it ends are
-- one row, so that a crash leaves the old entry or the new one.
--
-- Times are milliseconds since 1970. sql/optional/cache_in_memory.sql makes the same in a database in
-- memory.
--
-- Run by graph_migrate(), or by the shell, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/0010_cache.sql' COMMIT

-- A second run stops here (the name is the key), and so does a run without 0009 (the name would be
-- NULL).
INSERT INTO _graph_migrations (name) VALUES (
  (SELECT '0010_cache' FROM _graph_migrations WHERE name = '0009_stats')
);

CREATE TABLE cache (
  key TEXT NOT NULL PRIMARY KEY,
  hash TEXT,                     -- of the content that the value was made from
  size INTEGER NOT NULL,         -- bytes of the value
  created_at INTEGER NOT NULL,
  expires_at INTEGER,            -- NULL: never
  value NOT NULL                 -- last, so that the others are read without it
);

CREATE INDEX idx_cache_expires ON cache (expires_at);
CREATE INDEX idx_cache_created ON cache (created_at, key, size);

CREATE VIEW cache_live AS
SELECT key, value, hash, size, created_at, expires_at
FROM cache
WHERE expires_at IS NULL
  OR expires_at > CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER);

CREATE VIEW cache_expired AS
SELECT key, hash, size, created_at, expires_at
FROM cache
WHERE expires_at <= CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER);

-- Newest first, with the bytes so far: what is beyond a limit goes.
CREATE VIEW cache_by_age AS
SELECT key, size, created_at,
  sum(size) OVER (ORDER BY created_at DESC, key ROWS UNBOUNDED PRECEDING) AS total_bytes
FROM cache;

-- ttl is in seconds, an hour if it is not given. Without a key the hash is the key, and the entry
-- never expires unless a ttl is given: what is found by its content cannot get old.
CREATE VIEW put_cache AS SELECT key, value, NULL AS ttl, hash FROM cache;

CREATE TRIGGER put_cache_insert INSTEAD OF INSERT ON put_cache
BEGIN
  SELECT RAISE(ABORT, 'put_cache: give a key, or a hash to be the key')
  WHERE new.key IS NULL AND new.hash IS NULL;
  SELECT RAISE(ABORT, 'put_cache: value is NULL; to remove an entry, DELETE FROM cache')
  WHERE new.value IS NULL;
  SELECT RAISE(ABORT, 'put_cache: ttl must be a number of seconds')
  WHERE typeof(new.ttl) NOT IN ('null', 'integer', 'real');
  INSERT INTO cache (key, hash, size, created_at, expires_at, value)
  SELECT
    ifnull(new.key, new.hash),
    new.hash,
    length(CAST(new.value AS BLOB)),
    now_ms,
    CASE
      WHEN new.ttl IS NOT NULL THEN CAST(now_ms + new.ttl * 1000 AS INTEGER)
      WHEN new.key IS NOT NULL THEN now_ms + 3600000
    END,
    new.value
  FROM (SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS now_ms)
  WHERE true
  ON CONFLICT (key) DO UPDATE SET
    hash = excluded.hash,
    size = excluded.size,
    created_at = excluded.created_at,
    expires_at = excluded.expires_at,
    value = excluded.value;
END;
