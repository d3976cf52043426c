-- The cache of 0010_cache once more, in a database in memory named ram: nothing of it is written to
-- disk, and it ends with the connection.
--
--   INSERT INTO ram.put_cache (key, value) VALUES ('a', 'b');
--   SELECT value FROM ram.cache_live WHERE key = 'a';
--
-- Run once for each connection that wants it.

ATTACH ':memory:' AS ram;

CREATE TABLE ram.cache (
  key TEXT NOT NULL PRIMARY KEY,
  hash TEXT,                     -- of the content that the value was made from
  size INTEGER NOT NULL,         -- bytes of the value
  created_at INTEGER NOT NULL,
  expires_at INTEGER,            -- NULL: never
  value NOT NULL                 -- last, so that the others are read without it
);

CREATE INDEX ram.idx_cache_expires ON cache (expires_at);
CREATE INDEX ram.idx_cache_created ON cache (created_at, key, size);

CREATE VIEW ram.cache_live AS
SELECT key, value, hash, size, created_at, expires_at
FROM cache
WHERE expires_at IS NULL
  OR expires_at > CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER);

CREATE VIEW ram.cache_expired AS
SELECT key, hash, size, created_at, expires_at
FROM cache
WHERE expires_at <= CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER);

-- Newest first, with the bytes so far: what is beyond a limit goes.
CREATE VIEW ram.cache_by_age AS
SELECT key, size, created_at,
  sum(size) OVER (ORDER BY created_at DESC, key ROWS UNBOUNDED PRECEDING) AS total_bytes
FROM cache;

-- ttl is in seconds, an hour if it is not given. Without a key the hash is the key, and the entry
-- never expires unless a ttl is given: what is found by its content cannot get old.
CREATE VIEW ram.put_cache AS SELECT key, value, NULL AS ttl, hash FROM cache;

CREATE TRIGGER ram.put_cache_insert INSTEAD OF INSERT ON put_cache
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
