-- prune_history: removes the oldest rows of the history.
--
--   :keep    how many of the newest rows stay in any case (10000)
--   :before  a time in UTC ('2026-01-31', or 'now'): only rows from before it go (any age)
--
-- Only a beginning of the history is ever removed, so that what stays can still be walked back.
-- Cost: the rows that stay, passed over once, and those that go.

DELETE FROM history
WHERE id <= (SELECT id FROM history ORDER BY id DESC LIMIT 1 OFFSET ifnull(:keep, 10000))
  AND (
    :before IS NULL
    OR id < ifnull(
      (SELECT id FROM history WHERE timestamp >= datetime(:before) ORDER BY id LIMIT 1),
      9223372036854775807
    )
  );
