-- web_app: users with what belongs to them, and sums that are kept instead of computed.
--
-- What: users, items, sessions and user_preferences, JSON in users.meta with an index on two of its
-- fields, timestamps that triggers keep, and user_stats, a row of sums per user.
-- Why: an example of the patterns of the store on tables that everybody knows. Nothing of the store
-- needs it, and it needs nothing of the store.
--
--   sqlite3 -bail app.db 'BEGIN IMMEDIATE' '.read sql/examples/web_app.sql' COMMIT
--
-- Every connection should set PRAGMA foreign_keys = ON: without it a deleted user's rows stay.
-- Change rows with UPDATE or INSERT ... ON CONFLICT DO UPDATE. INSERT OR REPLACE deletes the old row
-- without telling the triggers, unless PRAGMA recursive_triggers = ON; user_stats_wrong shows what
-- that broke.

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL UNIQUE,  -- UNIQUE makes the index that a login needs: a second is a waste
  password_hash TEXT NOT NULL,
  full_name TEXT,
  meta TEXT DEFAULT '{}' CONSTRAINT "users.meta must be JSON" CHECK (meta IS NULL OR json_valid(meta)),
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  last_login DATETIME,
  is_active INTEGER DEFAULT 1,
  role TEXT DEFAULT 'user' CHECK (role IN ('user', 'admin', 'moderator'))
);

CREATE TABLE items (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  description TEXT,
  status TEXT DEFAULT 'active' CHECK (status IN ('active', 'archived', 'deleted')),
  views INTEGER NOT NULL DEFAULT 0,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  token TEXT NOT NULL UNIQUE,
  expires_at DATETIME NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE user_preferences (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
  theme TEXT DEFAULT 'light' CHECK (theme IN ('light', 'dark', 'auto')),
  language TEXT DEFAULT 'en',
  notifications_enabled INTEGER DEFAULT 1,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP
);

-- A query uses an index on an expression only if it writes the same expression:
--   SELECT id FROM users WHERE json_extract(meta, '$.country') = 'USA'
CREATE INDEX idx_users_meta_phone ON users (json_extract(meta, '$.phone'));
CREATE INDEX idx_users_meta_country ON users (json_extract(meta, '$.country'));

-- Covers "the most viewed items of a user", and serves every other look-up by user_id as well. The
-- id is in every index.
CREATE INDEX idx_items_user_views ON items (user_id, views DESC, title);
CREATE INDEX idx_items_status ON items (status);
CREATE INDEX idx_sessions_user_id ON sessions (user_id);

-- Timestamps. A trigger that updates its own table would call itself under recursive_triggers = ON:
-- it stops when the time is there already, which also holds for a row made in the same second. An
-- updated_at that the statement sets itself, as an import does, is kept.

CREATE TRIGGER users_touch AFTER UPDATE ON users
WHEN new.updated_at IS old.updated_at AND new.updated_at IS NOT CURRENT_TIMESTAMP
BEGIN
  UPDATE users SET updated_at = CURRENT_TIMESTAMP WHERE id = new.id;
END;

CREATE TRIGGER items_touch AFTER UPDATE ON items
WHEN new.updated_at IS old.updated_at AND new.updated_at IS NOT CURRENT_TIMESTAMP
BEGIN
  UPDATE items SET updated_at = CURRENT_TIMESTAMP WHERE id = new.id;
END;

CREATE TRIGGER user_preferences_touch AFTER UPDATE ON user_preferences
WHEN new.updated_at IS old.updated_at AND new.updated_at IS NOT CURRENT_TIMESTAMP
BEGIN
  UPDATE user_preferences SET updated_at = CURRENT_TIMESTAMP WHERE id = new.id;
END;

-- Sums per user: reading them costs one row, however many items there are.

CREATE TABLE user_stats (
  user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  item_count INTEGER NOT NULL DEFAULT 0,
  total_views INTEGER NOT NULL DEFAULT 0
);

CREATE TRIGGER users_stats_insert AFTER INSERT ON users
BEGIN
  INSERT INTO user_stats (user_id) VALUES (new.id) ON CONFLICT (user_id) DO NOTHING;
END;

CREATE TRIGGER items_stats_insert AFTER INSERT ON items
BEGIN
  UPDATE user_stats SET item_count = item_count + 1, total_views = total_views + new.views
  WHERE user_id = new.user_id;
END;

CREATE TRIGGER items_stats_delete AFTER DELETE ON items
BEGIN
  UPDATE user_stats SET item_count = item_count - 1, total_views = total_views - old.views
  WHERE user_id = old.user_id;
END;

-- The old user's sums first: it may be the same user.
CREATE TRIGGER items_stats_update AFTER UPDATE OF user_id, views ON items
WHEN new.user_id IS NOT old.user_id OR new.views IS NOT old.views
BEGIN
  UPDATE user_stats SET item_count = item_count - 1, total_views = total_views - old.views
  WHERE user_id = old.user_id;
  UPDATE user_stats SET item_count = item_count + 1, total_views = total_views + new.views
  WHERE user_id = new.user_id;
END;

-- What the sums should be, where they are not. It reads every item: for tests, and after a REPLACE.
--   UPDATE user_stats SET (item_count, total_views) =
--     (SELECT count(*), ifnull(sum(views), 0) FROM items WHERE user_id = user_stats.user_id)
--   WHERE user_id IN (SELECT user_id FROM user_stats_wrong);
CREATE VIEW user_stats_wrong AS
SELECT u.id AS user_id, s.item_count, s.total_views,
       count(i.id) AS true_item_count, ifnull(sum(i.views), 0) AS true_total_views
FROM users AS u
LEFT JOIN user_stats AS s ON s.user_id = u.id
LEFT JOIN items AS i ON i.user_id = u.id
GROUP BY u.id
HAVING s.item_count IS NOT count(i.id) OR s.total_views IS NOT ifnull(sum(i.views), 0);
