"""sql/examples/web_app.sql, against a model in Python, in two SQLites, without the extension."""

import random
import subprocess

import pytest

from conftest import ROOT, Engine

pytestmark = pytest.mark.without_library

SCHEMA = ROOT / "sql" / "examples" / "web_app.sql"


@pytest.fixture
def app(connect):
    engine = connect(loaded=False)
    engine.script(SCHEMA.read_text())
    engine.execute("PRAGMA foreign_keys = ON")
    return engine


def add_user(app, email, **columns):
    columns = {"email": email, "password_hash": "x", **columns}
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    sql = f"INSERT INTO users ({names}) VALUES ({marks})"
    app.execute(sql, tuple(columns.values()))
    return app.execute("SELECT last_insert_rowid()")[0][0]


def plan(app, sql):
    return [row[-1] for row in app.execute("EXPLAIN QUERY PLAN " + sql)]


# ---- constraints -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO users (email, password_hash) VALUES ('a@x', 'y')",
        "INSERT INTO users (email) VALUES ('b@x')",
        "INSERT INTO users (email, password_hash, role) VALUES ('b@x', 'y', 'root')",
        "INSERT INTO users (email, password_hash, meta) VALUES ('b@x', 'y', '{')",
        "UPDATE users SET meta = 'no JSON'",
        "INSERT INTO items (user_id, title) VALUES (99, 't')",
        "INSERT INTO items (user_id, title, status) VALUES (1, 't', 'gone')",
        "INSERT INTO sessions (user_id, token, expires_at) VALUES (1, 'token', '2030-01-01')",
        "INSERT INTO user_preferences (user_id) VALUES (1)",
        "UPDATE user_preferences SET theme = 'blue'",
    ],
)
def test_wrong_rows_are_refused(app, sql):
    add_user(app, "a@x")
    app.execute("INSERT INTO sessions (user_id, token, expires_at) VALUES (1, 'token', '2030-01-01')")
    app.execute("INSERT INTO user_preferences (user_id) VALUES (1)")
    with pytest.raises(Engine.Error):
        app.execute(sql)


def test_wrong_json_is_named(app):
    with pytest.raises(Engine.Error, match="users.meta must be JSON"):
        add_user(app, "a@x", meta="{")


def test_defaults(app):
    add_user(app, "a@x")
    app.execute("INSERT INTO items (user_id, title) VALUES (1, 't')")
    app.execute("INSERT INTO user_preferences (user_id) VALUES (1)")
    sql = "SELECT meta, is_active, role, last_login, created_at = updated_at FROM users"
    assert app.execute(sql) == [("{}", 1, "user", None, 1)]
    assert app.execute("SELECT status, views FROM items") == [("active", 0)]
    sql = "SELECT theme, language, notifications_enabled FROM user_preferences"
    assert app.execute(sql) == [("light", "en", 1)]


def test_a_deleted_user_takes_everything_along(app):
    for email in ("a@x", "b@x"):
        user = add_user(app, email)
        app.execute("INSERT INTO items (user_id, title, views) VALUES (?, 't', 5)", (user,))
        app.execute("INSERT INTO sessions (user_id, token, expires_at) VALUES (?, ?, 1)", (user, email))
        app.execute("INSERT INTO user_preferences (user_id) VALUES (?)", (user,))
    app.execute("DELETE FROM users WHERE id = 1")
    for table in ("items", "sessions", "user_preferences", "user_stats"):
        assert app.execute(f"SELECT user_id FROM {table}") == [(2,)], table
    assert app.execute("SELECT * FROM user_stats") == [(2, 1, 5)]


def test_an_id_is_never_used_again(app):
    add_user(app, "a@x")
    app.execute("DELETE FROM users")
    assert add_user(app, "b@x") == 2


# ---- indexes -----------------------------------------------------------------------------------


def test_no_index_repeats_the_first_columns_of_another(app):
    indexes = []
    for (table,) in app.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for (name,) in app.execute("SELECT name FROM pragma_index_list(?)", (table,)):
            sql = "SELECT name FROM pragma_index_info(?) ORDER BY seqno"
            columns = [column for (column,) in app.execute(sql, (name,))]
            indexes.append((table, name, columns))
    assert len(indexes) == 8
    for table, name, columns in indexes:
        for other_table, other, others in indexes:
            if (table, name) != (other_table, other) and table == other_table and None not in columns:
                assert others[: len(columns)] != columns, f"{other} serves what {name} does"


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT * FROM users WHERE email = 'a'", "sqlite_autoindex_users_1 (email=?)"),
        ("SELECT * FROM sessions WHERE token = 'a'", "sqlite_autoindex_sessions_1 (token=?)"),
        ("SELECT * FROM sessions WHERE user_id = 1", "idx_sessions_user_id (user_id=?)"),
        ("SELECT * FROM items WHERE user_id = 1", "idx_items_user_views (user_id=?)"),
        ("SELECT * FROM items WHERE status = 'active'", "idx_items_status (status=?)"),
        (
            "SELECT id FROM users WHERE json_extract(meta, '$.country') = 'USA'",
            "idx_users_meta_country (<expr>=?)",
        ),
        (
            "SELECT id FROM users WHERE json_extract(meta, '$.phone') = '1'",
            "idx_users_meta_phone (<expr>=?)",
        ),
    ],
)
def test_queries_use_an_index(app, sql, index):
    (step,) = plan(app, sql)
    assert step.startswith("SEARCH") and step.endswith("INDEX " + index)


def test_the_most_viewed_items_are_read_from_the_index_alone(app):
    sql = "SELECT id, title, views FROM items WHERE user_id = 1 ORDER BY views DESC"
    (step,) = plan(app, sql)  # and no step that sorts
    assert "USING COVERING INDEX idx_items_user_views" in step


def test_json_is_read_and_changed(app):
    add_user(app, "a@x", meta='{"country": "USA", "phone": "555-1234"}')
    add_user(app, "b@x", meta=None)
    app.execute("UPDATE users SET meta = json_set(meta, '$.phone', '555-9999') WHERE id = 1")
    found = "SELECT id, json_extract(meta, '$.phone') FROM users"
    assert app.execute(found + " WHERE json_extract(meta, '$.country') = 'USA'") == [(1, "555-9999")]
    assert app.execute(found + " WHERE json_extract(meta, '$.phone') = '555-1234'") == []


# ---- timestamps --------------------------------------------------------------------------------

OLD = "2001-02-03 04:05:06"
ROWS = {
    "users": ("email, password_hash", "'e', 'p'", "full_name = 'n'"),
    "items": ("title", "'t'", "description = 'd'"),
    "user_preferences": ("user_id", "1", "theme = 'dark'"),
}


@pytest.mark.parametrize("recursive", ["OFF", "ON"])
@pytest.mark.parametrize("table", ROWS)
@pytest.mark.parametrize("age", ["old", "of this second"])
def test_an_update_sets_the_time_once(app, table, recursive, age):
    columns, values, change = ROWS[table]
    if table == "user_preferences":
        add_user(app, "a@x")
    app.execute(f"PRAGMA recursive_triggers = {recursive}")
    time = f"'{OLD}'" if age == "old" else "CURRENT_TIMESTAMP"
    app.execute(f"INSERT INTO {table} ({columns}, updated_at) VALUES ({values}, {time})")
    app.execute(f"UPDATE {table} SET {change}")
    sql = f"SELECT updated_at <> ?, abs(julianday('now') - julianday(updated_at)) < 1 FROM {table}"
    assert app.execute(sql, (OLD,)) == [(1, 1)]
    # What a statement sets itself is kept.
    app.execute(f"UPDATE {table} SET updated_at = '1999-01-01 00:00:00'")
    assert app.execute(f"SELECT updated_at FROM {table}") == [("1999-01-01 00:00:00",)]


@pytest.mark.parametrize("guard", ["", "WHEN new.updated_at IS old.updated_at"])
def test_control_other_triggers_call_themselves(engine, guard):
    """The trigger that one finds everywhere, and the obvious cure, which fails within a second."""
    engine.script(
        f"""CREATE TABLE t (id INTEGER PRIMARY KEY, x, updated_at DEFAULT CURRENT_TIMESTAMP);
            CREATE TRIGGER touch AFTER UPDATE ON t {guard} BEGIN
              UPDATE t SET updated_at = CURRENT_TIMESTAMP WHERE id = new.id;
            END;
            PRAGMA recursive_triggers = ON;"""
    )
    # One statement, so that both times are of the same second.
    engine.script(
        """CREATE TRIGGER made AFTER INSERT ON t BEGIN UPDATE t SET x = 2 WHERE id = new.id; END"""
    )
    with pytest.raises(Engine.Error, match="recursion|nested too deep"):
        engine.execute("INSERT INTO t (x) VALUES (1)")


# ---- sums --------------------------------------------------------------------------------------


def random_change(draw, app, users, items):
    """One statement, on the database and on the model: items maps id to [user or None, views]."""
    kind = draw.random()
    owner = draw.choice([None, *users]) if users else None
    if kind < 0.1 or not users:
        users.add(add_user(app, f"user{draw.random()}@x"))
    elif kind < 0.5:
        views = draw.randrange(100)
        app.execute("INSERT INTO items (user_id, title, views) VALUES (?, 't', ?)", (owner, views))
        items[app.execute("SELECT last_insert_rowid()")[0][0]] = [owner, views]
    elif kind < 0.6:
        item = draw.choice([*items, 10**6])
        app.execute("DELETE FROM items WHERE id = ?", (item,))
        items.pop(item, None)
    elif kind < 0.7:
        app.execute("UPDATE items SET views = views + 3 WHERE user_id IS ?", (owner,))
        for row in items.values():
            row[1] += 3 * (row[0] == owner)
    elif kind < 0.8:
        to = draw.choice([None, *users])
        app.execute("UPDATE items SET user_id = ?, views = 7 WHERE user_id IS ?", (to, owner))
        for row in items.values():
            if row[0] == owner:
                row[:] = [to, 7]
    elif kind < 0.9 and items:
        item, views = draw.choice(list(items)), draw.randrange(100)
        app.execute(
            """INSERT INTO items (id, user_id, title, views) VALUES (?, ?, 't', ?)
               ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, views = excluded.views""",
            (item, owner, views),
        )
        items[item] = [owner, views]
    elif kind < 0.95:
        app.execute("UPDATE items SET status = 'archived' WHERE user_id IS ?", (owner,))
    elif owner is not None:
        app.execute("DELETE FROM users WHERE id = ?", (owner,))
        users.remove(owner)
        for item in [item for item, row in items.items() if row[0] == owner]:
            del items[item]


@pytest.mark.parametrize("recursive", ["OFF", "ON"])
@pytest.mark.parametrize("seed", range(4))
def test_the_sums_are_those_of_the_items(app, seed, recursive):
    app.execute(f"PRAGMA recursive_triggers = {recursive}")
    draw, users, items = random.Random(seed), set(), {}
    for step in range(300):
        random_change(draw, app, users, items)
        if step % 10 == 0:
            expected = {
                (
                    user,
                    sum(row[0] == user for row in items.values()),
                    sum(row[1] for row in items.values() if row[0] == user),
                )
                for user in users
            }
            assert set(app.execute("SELECT * FROM user_stats")) == expected
            assert app.execute("SELECT * FROM user_stats_wrong") == []
    assert len(items) > 5


def test_a_replace_is_seen_and_repaired_as_the_file_says(app):
    add_user(app, "a@x")
    app.execute("INSERT INTO items (id, user_id, title, views) VALUES (1, 1, 't', 5)")
    replace = "INSERT OR REPLACE INTO items (id, user_id, title, views) VALUES (1, 1, 't', 6)"
    app.execute("PRAGMA recursive_triggers = ON")
    app.execute(replace)
    assert app.execute("SELECT * FROM user_stats") == [(1, 1, 6)]
    app.execute("PRAGMA recursive_triggers = OFF")
    app.execute(replace)
    assert app.execute("SELECT * FROM user_stats_wrong") == [(1, 2, 12, 1, 6)]
    comment = SCHEMA.read_text().partition("--   UPDATE user_stats SET")[2].partition(";")[0]
    app.execute("UPDATE user_stats SET" + comment.replace("\n--", "\n"))
    assert app.execute("SELECT * FROM user_stats") == [(1, 1, 6)]
    assert app.execute("SELECT * FROM user_stats_wrong") == []


def test_reading_the_sums_reads_one_row(app):
    (step,) = plan(app, "SELECT * FROM user_stats WHERE user_id = 1")
    assert step.endswith("USING INTEGER PRIMARY KEY (rowid=?)")


def test_the_shell_runs_the_file_as_it_says(tmp_path):
    command = ["sqlite3", "-bail", tmp_path / "app.db", "BEGIN IMMEDIATE"]
    command += [".read sql/examples/web_app.sql", "COMMIT"]
    for expected in (0, 1):  # a second time it refuses: the tables are there
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode != 0) == expected, done.stderr
