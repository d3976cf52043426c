"""store_counts, store_stats, snapshots with their alerts and growth, against Python."""

import random

import pytest

from reading import SQLITES, ask, fill, make_store, open_engine, random_graph, rows_of

pytestmark = pytest.mark.without_library


@pytest.fixture(params=SQLITES)
def store(request):
    engine = make_store(open_engine(request.param, loaded=False))
    yield engine
    engine.close()


COUNTS = ["nodes", "edges", "vectors", "semantic_tokens"]


@pytest.mark.parametrize("seed", [1, 2])
def test_store_stats(store, seed):
    assert store.execute("SELECT nodes, edges, vectors, semantic_tokens FROM store_stats") == [(0,) * 4]
    fill(store, random_graph(seed))
    nodes = rows_of(store, "nodes")
    ((pages,),), ((size,),) = store.execute("PRAGMA page_count"), store.execute("PRAGMA page_size")
    expected = (
        len(nodes),
        store.execute("SELECT count(*) FROM edges")[0][0],
        sum(node["embedding"] is not None for node in nodes),
        sum("semantic_tokens" in (node["meta"] or "") for node in nodes),
    )
    assert expected[3] > 0
    assert store.execute("SELECT * FROM store_counts") == [expected]
    assert store.execute("SELECT * FROM store_stats") == [(*expected, pages * size)]


def test_counts_and_snapshots_do_without_trusted_schema(store):
    store.execute("PRAGMA trusted_schema = OFF")
    assert store.execute("SELECT nodes FROM store_counts") == [(0,)]
    ask(store, "take_snapshot")
    assert store.execute("SELECT nodes FROM stats_snapshots") == [(0,)]
    with pytest.raises(store.Error, match="unsafe use of virtual table"):
        store.execute("SELECT * FROM store_stats")


@pytest.mark.parametrize("sqlite", SQLITES)
def test_who_can_open_the_store_without_trusted_schema(sqlite, tmp_path):
    """SQLite 3.38 to 3.40 call their own JSON functions unsafe; the schema has them in an index."""
    path = str(tmp_path / "store.db")
    make_store(open_engine(sqlite, path, loaded=False)).close()
    engine = open_engine(sqlite, path, loaded=False)
    version = tuple(map(int, engine.execute("SELECT sqlite_version()")[0][0].split(".")))
    engine.execute("PRAGMA trusted_schema = OFF")
    if (3, 38) <= version < (3, 41):
        with pytest.raises(engine.Error, match="unsafe use of json_extract"):
            engine.execute("SELECT id FROM nodes_meta")
    else:
        engine.execute("INSERT INTO put_node (id, meta) VALUES ('a', '{\"tags\": [\"red\"]}')")
        assert engine.execute("SELECT tag FROM node_tags") == [("red",)]
    engine.close()


def test_a_snapshot_is_what_the_store_is(store):
    fill(store, random_graph(1))
    expected = store.execute("SELECT * FROM store_stats")
    ask(store, "take_snapshot", version="1.2", gate_checked=7, gate_rejected=2)
    names = ", ".join([*COUNTS, "db_size_bytes"])
    assert store.execute(f"SELECT {names} FROM stats_snapshots") == expected
    found = store.execute("SELECT version, gate_checked, gate_rejected FROM stats_snapshots")
    assert found == [("1.2", 7, 2)]
    ((recent,),) = store.execute(
        "SELECT abs(julianday('now') - julianday(taken_at)) < 0.1 AND taken_at GLOB"
        " '????-??-??T??:??:??.???Z' FROM stats_snapshots"
    )
    assert recent == 1


def test_the_last_hundred_stay(store):
    for i in range(130):
        store.execute("INSERT INTO nodes (id) VALUES (?)", (f"n{i}",))
        ask(store, "take_snapshot")
        kept = [row[0] for row in store.execute("SELECT nodes FROM stats_snapshots ORDER BY id")]
        assert kept == list(range(max(1, i - 98), i + 2))


def put(store, nodes, edges, vectors):
    store.execute(
        "INSERT INTO stats_snapshots (nodes, edges, vectors) VALUES (?, ?, ?)",
        (nodes, edges, vectors),
    )


def alerts_of(before, now):
    """The rules, for (nodes, edges, vectors) of two snapshots."""
    nodes, edges, vectors = now
    found = {"no_nodes"} if nodes == 0 else set()
    if vectors == 0:
        found.add("no_vectors")
    if before:
        if nodes < 0.8 * before[0]:
            found.add("fewer_nodes")
        if edges < 0.8 * before[1]:
            found.add("fewer_edges")
        if (nodes, edges) == before[:2]:
            found.add("no_growth")
    if (edges / nodes if nodes else 0) < 0.1:
        found.add("few_edges")
    if vectors < 0.9 * nodes:
        found.add("few_vectors")
    return found


def test_alerts_of_random_snapshots(store):
    rng, snapshots = random.Random(5), []
    for _ in range(80):
        nodes = rng.choice([0, 1, 10, 79, 80, 100, 125])
        edges = rng.choice([0, 1, 8, 9, 10, 80, 100])
        snapshots.append((nodes, edges, rng.choice([0, nodes, 9 * nodes // 10, 89 * nodes // 100])))
        put(store, *snapshots[-1])
    expected = {
        (number, alert)
        for number, (before, now) in enumerate(zip([None, *snapshots], snapshots), 1)
        for alert in alerts_of(before, now)
    }
    assert len({alert for _, alert in expected}) == 7
    found = store.execute("SELECT snapshot_id, alert, severity FROM stats_alerts")
    assert {row[:2] for row in found} == expected
    assert len(found) == len(expected)
    for _, alert, severity in found:
        assert severity == ("error" if alert in ("no_nodes", "no_vectors") else "warning")


@pytest.mark.parametrize(
    "before, now, alerts",
    [
        ((100, 100, 100), (80, 80, 80), set()),
        ((100, 100, 100), (79, 80, 79), {"fewer_nodes"}),
        ((100, 100, 100), (80, 79, 80), {"fewer_edges"}),
        ((100, 100, 100), (100, 100, 100), {"no_growth"}),
        ((100, 100, 100), (101, 100, 90), {"few_vectors"}),
        ((100, 10, 100), (101, 10, 101), {"few_edges"}),
        ((100, 100, 100), (0, 0, 0), {"no_nodes", "no_vectors", "fewer_nodes", "fewer_edges", "few_edges"}),
    ],
)
def test_each_threshold(store, before, now, alerts):
    put(store, *before)
    put(store, *now)
    found = store.execute("SELECT alert FROM stats_alerts WHERE snapshot_id = 2")
    assert {row[0] for row in found} == alerts == alerts_of(before, now)


def test_growth_is_from_the_first_kept_to_the_last(store):
    assert store.execute("SELECT * FROM stats_growth") == []
    put(store, 10, 20, 5)
    names = "snapshots, nodes, nodes_growth, edges, edges_growth, vectors, vectors_growth"
    growth = f"SELECT {names} FROM stats_growth"
    assert store.execute(growth) == [(1, 10, 0, 20, 0, 5, 0)]
    put(store, 99, 99, 99)
    put(store, 12, 15, 9)
    assert store.execute(growth) == [(3, 12, 2, 15, -5, 9, 4)]


def test_check_store_names_the_alerts_of_the_last_snapshot(store):
    ask(store, "take_snapshot")
    assert [row[:2] for row in ask(store, "check_store")] == [
        ("error", "no_nodes"),
        ("error", "no_vectors"),
    ]
    store.execute("INSERT INTO nodes (id, embedding) VALUES ('a', x'0000803f')")
    ask(store, "take_snapshot")
    assert ask(store, "check_store") == []
