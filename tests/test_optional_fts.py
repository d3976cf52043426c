"""sql/optional/fts.sql: the index follows every kind of write; dropping it leaves nothing behind."""

import random

import pytest

from reading import SQL, SQLITES, make_store, open_engine, rows_of

pytestmark = pytest.mark.without_library

WORDS = ["soup", "garden", "tomato", "pond"]


def run(store, name):
    store.script("BEGIN;" + (SQL / "optional" / f"{name}.sql").read_text() + "COMMIT;")


@pytest.fixture(params=SQLITES)
def store(request):
    engine = make_store(open_engine(request.param, loaded=False))
    yield engine
    engine.close()


def check(store):
    """MATCH finds exactly the rows that hold the word, and the index agrees with the table."""
    nodes = rows_of(store, "nodes")
    for word in WORDS:
        expected = {
            n["nid"] for n in nodes if word in f"{n['title'] or ''} {n['summary'] or ''}".split()
        }
        found = store.execute("SELECT rowid FROM nodes_fts WHERE nodes_fts MATCH ?", (word,))
        assert {row[0] for row in found} == expected
        assert len(found) == len(expected)
    store.execute("INSERT INTO nodes_fts (nodes_fts) VALUES ('integrity-check')")


def change(store, rng):
    nid, id, title, summary = rng.randrange(1, 9), f"n{rng.randrange(8)}", *rng.choices(WORDS, k=2)
    new = rng.choice([None, summary])
    statements = [
        ("INSERT OR REPLACE INTO nodes (nid, id, title, summary) VALUES (?, ?, ?, ?)", (nid, id, title, new)),
        ("INSERT OR REPLACE INTO nodes (id, title, summary) VALUES (?, ?, ?)", (id, title, new)),
        ("INSERT OR IGNORE INTO nodes (nid, id, title) VALUES (?, ?, ?)", (nid, id, title)),
        ("INSERT OR IGNORE INTO nodes (id, title) VALUES (?, ?)", (id, title)),
        ("INSERT INTO nodes (id, title) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET title ="
         " excluded.title", (id, title)),
        ("INSERT INTO nodes (id, title) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET hash = 'h'", (id, title)),
        ("INSERT INTO nodes (nid, id, title) VALUES (-1, 'minus', ?) ON CONFLICT DO NOTHING", (title,)),
        ("INSERT INTO put_node (id, title, summary) VALUES (?, ?, ?)", (id, title, new)),
        ("UPDATE nodes SET title = ?, summary = ? WHERE id = ?", (title, new, id)),
        ("UPDATE nodes SET hash = 'x' WHERE id = ?", (id,)),
        ("UPDATE OR REPLACE nodes SET id = ? WHERE nid = ?", (id, nid)),
        ("UPDATE OR REPLACE nodes SET nid = ? WHERE id = ?", (nid, id)),
        ("UPDATE OR IGNORE nodes SET nid = ?, title = ? WHERE id = ?", (nid, title, id)),
        ("DELETE FROM nodes WHERE id = ?", (id,)),
    ]
    store.execute(*rng.choice(statements))


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_index_follows_every_write(store, recursive, seed):
    store.execute(f"PRAGMA recursive_triggers = {recursive}")
    rng = random.Random(seed)
    for _ in range(20):
        change(store, rng)
    run(store, "fts")  # over rows that are there already
    check(store)
    for _ in range(150):
        change(store, rng)
        check(store)
    run(store, "fts_drop")
    change(store, rng)
    run(store, "fts")
    check(store)


def test_dropping_it_leaves_nothing(store):
    names = "SELECT name FROM sqlite_master ORDER BY name"
    before = store.execute(names)
    run(store, "fts")
    assert store.execute(names) != before
    run(store, "fts_drop")
    assert store.execute(names) == before


def test_words_are_found_by_their_stem_and_without_accents(store):
    run(store, "fts")
    store.execute("INSERT INTO nodes (id, title) VALUES ('a', 'Growing Tomatoes'), ('b', 'Crème')")
    match = "SELECT rowid FROM nodes_fts WHERE nodes_fts MATCH ?"
    assert store.execute(match, ("tomato",)) == [(1,)]
    assert store.execute(match, ("creme",)) == [(2,)]


def test_the_warning_stands_in_the_file():
    text = (SQL / "optional" / "fts.sql").read_text()
    assert "WARNING: from then on every program that writes nodes needs an SQLite with FTS5" in text
