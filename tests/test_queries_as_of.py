"""The graph at a moment in the past, against copies that were taken then; pruning of history."""

import random

import pytest

from reading import SQLITES, ask, make_store, open_engine, rounded

pytestmark = pytest.mark.without_library

NODE = "id, type, title, domain, layer, hash, meta, date, summary"
EDGE = "source, target, type, confidence, veracity, context_source"


@pytest.fixture(params=SQLITES)
def store(request):
    engine = make_store(open_engine(request.param, loaded=False))
    yield engine
    engine.close()


def now(store):
    """The graph as it is."""
    return (
        rounded(store.execute(f"SELECT {NODE} FROM nodes")),
        rounded(store.execute(f"SELECT {EDGE} FROM edges")),
        rounded(store.execute("SELECT node_id, tag FROM tags")),
    )


def as_of(store, at):
    return tuple(
        rounded(ask(store, f"read_{kind}_as_of", at=at)) for kind in ("nodes", "edges", "tags")
    )


def last_change(store):
    return store.execute("SELECT max(id) FROM history")[0][0]


def change(store, rng):
    """One random statement."""
    a, b, c = (f"n{rng.randrange(12)}" for _ in range(3))
    value, number = rng.choice(["x", "ü", "", None]), rng.choice([1, 0.1 + 0.2, 0.25, None])
    statements = [
        ("INSERT OR REPLACE INTO nodes (id, title, embedding) VALUES (?, ?, x'0000803f')", (a, value)),
        ("INSERT INTO put_node (id, type, summary) VALUES (?, 'note', ?)", (a, value)),
        ("UPDATE nodes SET meta = ? WHERE id = ?", ('{"tags": ["red", "blue"]}', a)),
        ("UPDATE nodes SET date = ? WHERE id > ?", (value, a)),
        ("UPDATE OR IGNORE nodes SET id = ? WHERE id = ?", (b, a)),
        ("DELETE FROM nodes WHERE id = ?", (a,)),
        ("INSERT INTO put_edge (source, target, type) SELECT ?, ?, 'x' WHERE (SELECT count(*) FROM"
         " nodes WHERE id IN (?1, ?2)) = 2", (a, b)),
        ("UPDATE edges SET confidence = ? WHERE source = ?", (number, a)),
        ("DELETE FROM edges WHERE source = ? AND target = ?", (a, b)),
        ("INSERT OR REPLACE INTO edges (source, target, type) SELECT id, id, 'self' FROM nodes"
         " WHERE id = ?", (c,)),
        ("INSERT OR IGNORE INTO tags (node_id, tag) SELECT id, 'red' FROM nodes WHERE id = ?", (a,)),
        ("DELETE FROM tags WHERE node_id = ?", (b,)),
    ]
    store.execute(*rng.choice(statements))


@pytest.mark.parametrize("seed", [1, 2])
def test_every_moment_can_be_read_again(store, seed):
    rng, moments = random.Random(seed), {}
    for i in range(12):
        store.execute("INSERT INTO nodes (id) VALUES (?)", (f"n{i}",))
    for _ in range(120):
        change(store, rng)
        moments[last_change(store)] = now(store)
    assert len(moments) > 40
    for at, expected in moments.items():
        assert as_of(store, at) == expected


def test_a_time_means_the_changes_up_to_its_second(store):
    states = {}
    for day in range(1, 6):
        store.execute("INSERT INTO nodes (id) VALUES (?)", (f"n{day}",))
        store.execute("UPDATE nodes SET title = ?", (f"day {day}",))
        store.execute(
            "UPDATE history SET timestamp = ? WHERE id > ?",
            (f"2026-01-{day:02} 12:00:00", max(states, default=0)),
        )
        states[last_change(store)] = now(store)
    states = list(states.values())
    assert as_of(store, "2026-01-03 12:00:00") == states[2]
    assert as_of(store, "2026-01-03T12:00:00Z") == states[2]
    assert as_of(store, "2026-01-03 14:00:00+02:00") == states[2]
    assert as_of(store, "2026-01-03 11:59:59") == states[1]
    assert as_of(store, "2026-01-04") == states[2]
    assert as_of(store, "now") == states[4] == now(store)


def fails(store, at):
    for kind in ("nodes", "edges", "tags"):
        with pytest.raises(store.Error, match="as of: no history goes back to this moment"):
            ask(store, f"read_{kind}_as_of", at=at)


def test_a_moment_before_the_history_is_an_error(store):
    for at in (None, 1, "now"):
        fails(store, at)  # there is no history at all
    store.execute("INSERT INTO nodes (id) VALUES ('a'), ('b')")
    store.execute("DELETE FROM history WHERE id = 1")
    assert as_of(store, 2) == now(store)
    assert as_of(store, 99) == now(store)
    for at in (1, 0, -1, "2001-01-01", "not a time", None):
        fails(store, at)


def test_rows_that_a_program_wrote_itself_are_no_past(store):
    """Older programs logged nodes without their columns, and edges by a text."""
    store.execute("INSERT INTO nodes (id, title) VALUES ('a', 'one'), ('b', 'two')")
    store.execute("INSERT INTO edges (source, target, type) VALUES ('a', 'b', 'x')")
    store.execute("DELETE FROM history")
    foreign = (
        "INSERT INTO history (entity_type, entity_id, action, old_value, new_value) VALUES"
        " ('node', 'a', 'upsert', NULL, '{\"id\":\"a\"}'), ('node', 'a', 'update', '{}', '{\"x\":1}'),"
        " ('node', 'b', 'update', 'old', 'not json'), ('edge', 'a-b-x', 'insert', NULL, '{}')"
    )
    store.execute(foreign)
    first = last_change(store)
    fails(store, first)
    fails(store, "now")
    store.execute("UPDATE nodes SET title = 'three' WHERE id = 'b'")
    then, at = now(store), last_change(store)
    store.execute(foreign)
    store.execute("DELETE FROM nodes WHERE id = 'b'")
    store.execute(foreign)
    assert as_of(store, at) == then
    assert as_of(store, last_change(store)) == now(store)
    kept = store.execute("SELECT action FROM history_recorded ORDER BY id")
    assert [row[0] for row in kept][0] == "update" and "upsert" not in {row[0] for row in kept}


# ---- pruning -----------------------------------------------------------------------------------


def kept_ids(store):
    return [row[0] for row in store.execute("SELECT id FROM history ORDER BY id")]


@pytest.mark.parametrize("keep", [0, 1, 7, 40, 1000])
@pytest.mark.parametrize("before", [None, "2026-01-15", "2020-01-01", "2030-01-01", "2026-01-20T06:00:00Z"])
def test_pruning_removes_a_beginning(store, keep, before):
    for i in range(1, 41):
        store.execute("INSERT INTO nodes (id) VALUES (?)", (f"n{i}",))
        when = f"2026-01-{(i + 1) // 2:02} 06:00:00"
        store.execute("UPDATE history SET timestamp = ? WHERE id = ?", (when, i))
    rows = store.execute("SELECT id, timestamp FROM history ORDER BY id")
    limit = before and before.replace("T", " ").rstrip("Z")
    gone = 0
    while gone < len(rows) - keep and (limit is None or rows[gone][1] < limit):
        gone += 1
    ask(store, "prune_history", keep=keep, before=before)
    assert kept_ids(store) == [row[0] for row in rows[gone:]]


def test_ten_thousand_rows_stay_unless_told_otherwise(store):
    store.execute(
        "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10020)"
        " INSERT INTO history (entity_type, entity_id, action) SELECT 'node', i, 'insert' FROM n"
    )
    ask(store, "prune_history")
    assert kept_ids(store) == list(range(21, 10021))


def test_a_clock_that_went_back_does_not_tear_a_hole(store):
    store.execute("INSERT INTO nodes (id) VALUES ('a'), ('b'), ('c'), ('d')")
    for i, day in enumerate([1, 9, 2, 9], 1):
        store.execute("UPDATE history SET timestamp = ? WHERE id = ?", (f"2026-01-0{day} 00:00:00", i))
    ask(store, "prune_history", keep=0, before="2026-01-05")
    assert kept_ids(store) == [2, 3, 4]


def test_what_is_left_after_pruning_can_be_walked_back(store):
    rng, moments = random.Random(9), {}
    for i in range(12):
        store.execute("INSERT INTO nodes (id) VALUES (?)", (f"n{i}",))
    for _ in range(80):
        change(store, rng)
        moments[last_change(store)] = now(store)
    ask(store, "prune_history", keep=30)
    oldest = kept_ids(store)[0]
    assert sum(at < oldest for at in moments) > 10
    for at, expected in moments.items():
        if at < oldest:
            fails(store, at)
        else:
            assert as_of(store, at) == expected
