"""The cache of the store: what is put, what is live, expiry, the cap; on disk and in memory."""

import random
import re

import pytest

from conftest import Engine
from reading import SQL, SQLITES, ask, make_store, open_engine, plan_of

pytestmark = pytest.mark.without_library


@pytest.fixture(params=SQLITES)
def store(request):
    engine = make_store(open_engine(request.param, loaded=False))
    yield engine
    engine.close()


@pytest.fixture(params=["", "ram."])
def schema(request, store):
    if request.param:
        store.script((SQL / "optional" / "cache_in_memory.sql").read_text())
    return request.param


def put(store, schema="", **values):
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    store.execute(f"INSERT INTO {schema}put_cache ({names}) VALUES ({marks})", tuple(values.values()))


def age(store, key, seconds):
    """Makes an entry older: no test waits."""
    store.execute(
        "UPDATE cache SET created_at = created_at - ?1, expires_at = expires_at - ?1 WHERE key = ?2",
        (int(seconds * 1000), key),
    )


def live(store, schema=""):
    return store.execute(f"SELECT key, value FROM {schema}cache_live ORDER BY key")


def test_what_is_put_is_found(store, schema):
    put(store, schema, key="a", value="text ü")
    put(store, schema, key="b", value=b"\x00\x01")
    assert live(store, schema) == [("a", "text ü"), ("b", b"\x00\x01")]
    assert store.execute(f"SELECT size FROM {schema}cache ORDER BY key") == [(7,), (2,)]


def test_a_second_put_replaces_the_whole_entry(store, schema):
    put(store, schema, key="a", value="old", ttl=5, hash="h1")
    put(store, schema, key="a", value="newer", ttl=50, hash="h2")
    found = store.execute(
        f"SELECT key, value, hash, size, expires_at - created_at FROM {schema}cache_live"
    )
    assert found == [("a", "newer", "h2", 5, 50000)]
    put(store, schema, key="a", value="last")
    found = store.execute(f"SELECT value, hash, expires_at - created_at FROM {schema}cache")
    assert found == [("last", None, 3600000)]


@pytest.mark.parametrize("conflict", ["REPLACE", "IGNORE", "ABORT", "FAIL"])
def test_a_conflict_clause_changes_nothing(store, schema, conflict):
    for value in ("old", "new"):
        store.execute(
            f"INSERT OR {conflict} INTO {schema}put_cache (key, value) VALUES ('a', ?)", (value,)
        )
    assert live(store, schema) == [("a", "new")]


def test_how_long_entries_live(store, schema):
    put(store, schema, key="hour", value=1)
    put(store, schema, key="short", value=1, ttl=0.5)
    put(store, schema, key="long", value=1, ttl=1e9)
    put(store, schema, key="longest", value=1, ttl=1e30)
    put(store, schema, hash="content", value=1)
    put(store, schema, hash="content too", value=1, ttl=60)
    found = store.execute(f"SELECT key, expires_at - created_at FROM {schema}cache ORDER BY key")
    lives = dict(found)
    assert lives.pop("longest") > 1e17
    assert lives == {
        "content": None,
        "content too": 60000,
        "hour": 3600000,
        "long": 1000000000000,
        "short": 500,
    }
    assert len(live(store, schema)) >= 5  # all but perhaps the short one


@pytest.mark.parametrize("ttl", [0, -1, -1e30])
def test_a_ttl_of_nothing_is_expired_at_once(store, schema, ttl):
    put(store, schema, key="a", value=1, ttl=ttl)
    assert live(store, schema) == []
    assert store.execute(f"SELECT key FROM {schema}cache_expired") == [("a",)]


def test_the_times_are_of_now(store, schema):
    put(store, schema, key="a", value=1)
    ((seconds,),) = store.execute(
        f"SELECT abs(created_at / 1000 - CAST(strftime('%s', 'now') AS INTEGER)) FROM {schema}cache"
    )
    assert seconds < 60


@pytest.mark.parametrize(
    "values, message",
    [
        ({"value": 1}, "put_cache: give a key, or a hash to be the key"),
        ({"key": "a"}, "put_cache: value is NULL; to remove an entry, DELETE FROM cache"),
        ({"key": "a", "value": 1, "ttl": "soon"}, "put_cache: ttl must be a number of seconds"),
        ({"key": "a", "value": 1, "ttl": b"1"}, "put_cache: ttl must be a number of seconds"),
    ],
)
def test_what_cannot_be_put_is_an_error(store, schema, values, message):
    put(store, schema, key="a", value="old")
    with pytest.raises(store.Error, match=re.escape(message)):
        put(store, schema, **values)
    assert live(store, schema) == [("a", "old")]


def test_an_entry_made_from_other_content_is_a_miss(store, schema):
    put(store, schema, key="notes.md", value="summary", hash="h1")
    sql = f"SELECT value FROM {schema}cache_live WHERE key = 'notes.md' AND hash = ?"
    assert store.execute(sql, ("h1",)) == [("summary",)]
    assert store.execute(sql, ("h2",)) == []


# ---- clearing ----------------------------------------------------------------------------------


def test_live_and_expired_share_the_entries(store):
    rng, lives = random.Random(3), {}
    for i in range(60):
        lives[f"k{i}"] = rng.choice([None, 100, 1000, 10000])
        old = rng.choice([0, 50, 500, 5000, 50000])
        if lives[f"k{i}"] is None:
            put(store, hash=f"k{i}", value=i)
        else:
            put(store, key=f"k{i}", value=i, ttl=lives[f"k{i}"])
            if lives[f"k{i}"] < old:
                lives[f"k{i}"] = 0
        age(store, f"k{i}", old)
    expired = {key for key, life in lives.items() if life == 0}
    assert 5 < len(expired) < 55
    assert {row[0] for row in live(store)} == set(lives) - expired
    assert {row[0] for row in store.execute("SELECT key FROM cache_expired")} == expired
    ask(store, "purge_cache")
    assert {row[0] for row in store.execute("SELECT key FROM cache")} == set(lives) - expired


def test_what_is_too_old_goes_whenever_it_ends(store):
    put(store, hash="old", value=1)
    put(store, key="young", value=1, ttl=1e6)
    age(store, "old", 90000)
    ask(store, "purge_cache")
    assert len(live(store)) == 2
    ask(store, "purge_cache", max_age=86400)
    assert live(store) == [("young", 1)]


@pytest.mark.parametrize("max_bytes", [0, 1, 99, 100, 1234, 10**9, None])
def test_the_newest_stay_below_the_cap(store, max_bytes):
    rng, entries = random.Random(8), []
    for i in range(40):
        size = rng.randrange(1, 200)
        put(store, key=f"k{i}", value=b"x" * size)
        old = rng.choice([0, 10, 20, 30])
        store.execute("UPDATE cache SET created_at = ? WHERE key = ?", (1000000 - old, f"k{i}"))
        entries.append((old, f"k{i}", size))
    expected, total = set(), 0
    for _, key, size in sorted(entries):  # the newest first, then by key
        total += size
        if total <= (52428800 if max_bytes is None else max_bytes):
            expected.add(key)
    ask(store, "shrink_cache", max_bytes=max_bytes)
    assert {row[0] for row in store.execute("SELECT key FROM cache")} == expected


def test_the_cap_is_fifty_megabytes_unless_given(store):
    put(store, key="a", value=1)
    put(store, key="b", value=1)
    store.execute("UPDATE cache SET size = 52428800, created_at = 5 WHERE key = 'b'")
    store.execute("UPDATE cache SET created_at = 4 WHERE key = 'a'")
    ask(store, "shrink_cache")
    assert live(store) == [("b", 1)]


def test_clearing_looks_at_indexes_only(store):
    assert plan_of(store, "SELECT * FROM cache_live WHERE key = 'a'") == [
        "SEARCH cache USING INDEX sqlite_autoindex_cache_1 (key=?)"
    ]
    assert plan_of(store, "SELECT * FROM cache_expired") == [
        "SEARCH cache USING INDEX idx_cache_expires (expires_at<?)"
    ]
    plan = plan_of(store, "SELECT key FROM cache_by_age")
    assert any("SCAN cache USING COVERING INDEX idx_cache_created" in step for step in plan)


# ---- in memory ---------------------------------------------------------------------------------


def test_the_copy_in_memory_is_the_same_text():
    migration = (SQL / "migrations" / "0010_cache.sql").read_text()
    copy = (SQL / "optional" / "cache_in_memory.sql").read_text()
    body = migration[migration.index("CREATE TABLE") :]
    assert copy.endswith(re.sub(r"CREATE (TABLE|INDEX|VIEW|TRIGGER) ", r"CREATE \1 ram.", body))
    assert copy.count("ATTACH ':memory:' AS ram;") == 1


def test_the_cache_in_memory_leaves_the_file_alone(tmp_path):
    path = tmp_path / "store.db"
    engine = make_store(Engine("sqlite3", path, loaded=False))
    before = path.read_bytes()
    engine.script((SQL / "optional" / "cache_in_memory.sql").read_text())
    put(engine, "ram.", key="a", value="b")
    assert live(engine, "ram.") == [("a", "b")]
    assert live(engine) == []
    engine.execute("DELETE FROM ram.cache WHERE key IN (SELECT key FROM ram.cache_by_age WHERE total_bytes > 0)")
    assert live(engine, "ram.") == []
    engine.close()
    assert path.read_bytes() == before


def test_a_put_that_does_not_commit_leaves_the_old_entry(tmp_path):
    one = make_store(Engine("sqlite3", tmp_path / "store.db", loaded=False))
    put(one, key="a", value="old")
    one.execute("BEGIN")
    put(one, key="a", value="new")
    other = Engine("apsw", tmp_path / "store.db", loaded=False)
    assert live(other) == [("a", "old")]
    one.execute("ROLLBACK")
    assert live(one) == [("a", "old")]
    one.close()
    other.close()
