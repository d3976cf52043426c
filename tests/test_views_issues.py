"""graph_issues, store_health and check_store.sql, against Python."""

import collections
import json

import pytest

from reading import SQLITES, ask, fill, floats, make_store, open_engine, random_graph, rounded, rows_of

pytestmark = pytest.mark.without_library


@pytest.fixture(params=SQLITES)
def store(request):
    engine = make_store(open_engine(request.param, loaded=False))
    yield engine
    engine.close()


def key_of(*values):
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def issues_of(store):
    """(severity, issue, entity_type, entity_id) of everything that is wrong."""
    nodes, edges = rows_of(store, "nodes"), rows_of(store, "edges")
    ids = {node["id"] for node in nodes}
    found = []
    for e in edges:
        key = key_of(e["source"], e["target"], e["type"])
        if not {e["source"], e["target"]} <= ids:
            found.append(("error", "dangling_edge", "edge", key))
        if e["source"] == e["target"]:
            found.append(("warning", "self_loop", "edge", key))
    for t in rows_of(store, "tags"):
        if t["node_id"] not in ids:
            found.append(("error", "dangling_tag", "tag", key_of(t["node_id"], t["tag"])))
    lengths = collections.Counter()
    for node in nodes:
        blob = node["embedding"]
        if blob is not None and (not isinstance(blob, bytes) or len(blob) % 4 or not blob):
            found.append(("error", "broken_embedding", "node", node["id"]))
        elif blob is not None:
            lengths[len(blob)] += 1
        try:
            json.loads(node["meta"] or "1")
        except ValueError:
            found.append(("error", "broken_meta", "node", node["id"]))
    usual = min(lengths, key=lambda length: (-lengths[length], length), default=0)
    for node in nodes:
        if isinstance(node["embedding"], bytes) and len(node["embedding"]) in lengths:
            if len(node["embedding"]) != usual:
                found.append(("warning", "other_dims", "node", node["id"]))
    degrees = collections.Counter()
    for e in edges:
        degrees.update({e["source"], e["target"]} & ids)
    number = {node["id"]: node["nid"] for node in nodes}
    large = sorted((-n, number[name], name) for name, n in degrees.items() if n > 50)
    found += [("warning", "super_node", "node", name) for _, _, name in large[:5]]
    folded = collections.defaultdict(list)
    for name in ids:
        folded[name.lower()].append(name)
    found += [
        ("warning", "ids_differ_by_case", "node", min(names))
        for names in folded.values()
        if len(names) > 1
    ]
    types = {e["type"] for e in edges}
    found += [
        ("warning", "edge_types_differ_by_case", "edge", name)
        for name in types
        if any(other != name and other.lower() == name.lower() for other in types)
    ]
    found += [
        ("warning", "quarantined_edge", "edge", key_of(e["source"], e["target"], e["type"]))
        for e in rows_of(store, "edges_quarantine")
    ]
    return found


ISSUES = "SELECT severity, issue, entity_type, entity_id FROM graph_issues"


def test_an_empty_store_has_no_issues(store):
    assert store.execute("SELECT * FROM graph_issues") == []


def test_a_sound_graph_has_no_issues(store):
    store.execute("INSERT INTO nodes (id, meta) VALUES ('a', '{}'), ('b', NULL)")
    store.execute("INSERT INTO edges (source, target, type) VALUES ('a', 'b', 'x')")
    assert store.execute("SELECT * FROM graph_issues") == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_issue_of_a_random_graph(store, seed):
    fill(store, random_graph(seed))
    store.execute("PRAGMA foreign_keys = OFF")
    for sql in [
        "INSERT INTO edges (source, target, type) VALUES ('n1', 'nowhere', 'CITES')",
        "INSERT INTO edges (source, target, type) VALUES ('no', 'nowhere', 'CITES')",
        "INSERT INTO edges (source, target, type) VALUES ('n3', 'n3', 'CITES')",
        "INSERT INTO tags (node_id, tag) VALUES ('nowhere', 'red')",
        "INSERT INTO nodes (id, embedding) VALUES ('N1', x'010203'), ('N2', x''), ('N3', 'text')",
        "INSERT INTO edges_quarantine (source, target, type, reason)"
        " VALUES ('a', 'b', 'x', 'source is not a node')",
    ]:
        store.execute(sql)
    for i in range(60):
        for hub in range(7):  # more than the five that are listed
            store.execute(
                "INSERT OR IGNORE INTO edges (source, target, type) VALUES (?, ?, ?)",
                (f"n{hub}", f"n{i % 40}", f"t{i}"),
            )
    expected = issues_of(store)
    assert {row[1] for row in expected} == {
        *("dangling_edge", "dangling_tag", "broken_embedding", "broken_meta", "other_dims"),
        *("self_loop", "super_node", "ids_differ_by_case", "edge_types_differ_by_case"),
        "quarantined_edge",
    }
    assert rounded(store.execute(ISSUES)) == rounded(expected)
    errors = [row for row in expected if row[0] == "error"]
    assert rounded(row[:4] for row in ask(store, "check_store")) == rounded(errors)
    assert rounded(row[:4] for row in ask(store, "check_store", warnings=1)) == rounded(expected)


def test_details_say_what_is_wrong(store):
    store.execute("PRAGMA foreign_keys = OFF")
    store.execute(
        "INSERT INTO nodes (id, embedding) VALUES ('a', ?), ('A', ?), ('b', ?), ('c', x'01'), ('d', 5)",
        (floats(1, 2), floats(1, 2), floats(1)),
    )
    store.execute("INSERT INTO edges (source, target, type) VALUES ('a', 'x', 'X'), ('x', 'b', 'x')")
    found = store.execute("SELECT issue, entity_id, detail FROM graph_issues ORDER BY 1, 2")
    assert found == [
        ("broken_embedding", "c", "the embedding has 1 bytes: no whole number of float32"),
        ("broken_embedding", "d", "the embedding is not a blob, but integer"),
        ("dangling_edge", '["a","x","X"]', "target is not a node"),
        ("dangling_edge", '["x","b","x"]', "source is not a node"),
        ("edge_types_differ_by_case", "X", '["X","x"]'),
        ("edge_types_differ_by_case", "x", '["X","x"]'),
        ("ids_differ_by_case", "A", '["A","a"]'),
        ("other_dims", "b", "the embedding has 1 dimensions, most have 2"),
    ]


# ---- store_health ------------------------------------------------------------------------------


def health_of(store):
    """{metric: value}, the share that is connected by a search in Python."""
    ids = {node["id"] for node in rows_of(store, "nodes")}
    edges = rows_of(store, "edges")
    n, links, degrees = len(ids), collections.defaultdict(set), collections.Counter()
    for e in edges:
        links[e["source"]].add(e["target"])
        links[e["target"]].add(e["source"])
        degrees.update({e["source"], e["target"]} & ids)
    start = min(degrees, key=lambda name: (-degrees[name], name), default=None)
    reached, waiting = set(), [start or next(iter(ids), None)]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(links[name])
    return {
        "density": len(edges) / (n * (n - 1)) if n > 1 else None,
        "average_degree": 2 * len(edges) / n if n else None,
        "connected": len(reached & ids) / n if n else None,
    }


@pytest.mark.parametrize("seed, edges", [(1, 90), (2, 20), (3, 0), (4, 400)])
def test_health_of_a_random_graph(store, seed, edges):
    fill(store, random_graph(seed, edges=edges))
    expected = health_of(store)
    found = {row[0]: row[1:] for row in store.execute("SELECT * FROM store_health")}
    assert found.keys() == expected.keys()
    for metric, (value, low, high, verdict) in found.items():
        assert value == pytest.approx(expected[metric])
        assert verdict == ("low" if value < low else "high" if value > high else "ideal")


def test_the_ideals(store):
    found = store.execute("SELECT metric, ideal_low, ideal_high FROM store_health")
    assert found == [("density", 0.01, 0.1), ("average_degree", 3, 6), ("connected", 1, 1)]


def test_health_of_next_to_nothing(store):
    assert store.execute("SELECT value, verdict FROM store_health") == [(None, None)] * 3
    store.execute("INSERT INTO nodes (id) VALUES ('a')")
    found = store.execute("SELECT value, verdict FROM store_health")
    assert found == [(None, None), (0.0, "low"), (1.0, "ideal")]


def test_one_component_is_connected_and_two_are_not(store):
    store.execute("INSERT INTO nodes (id) VALUES ('a'), ('b'), ('c'), ('d')")
    store.execute("INSERT INTO edges (source, target, type) VALUES ('b', 'a', 'x'), ('b', 'c', 'x')")
    connected = "SELECT value, verdict FROM store_health WHERE metric = 'connected'"
    assert store.execute(connected) == [(0.75, "low")]
    store.execute("INSERT INTO edges (source, target, type) VALUES ('d', 'c', 'x')")
    assert store.execute(connected) == [(1.0, "ideal")]


def test_keys_that_are_blobs_hide_nothing(store):
    """JSON cannot hold a blob; without a cast one such row would make every question an error."""
    store.execute("PRAGMA foreign_keys = OFF")
    store.execute("INSERT INTO nodes (id, title) VALUES ('a', 'A'), (x'62', 'B')")
    store.execute(
        "INSERT INTO edges (source, target, type, confidence) VALUES"
        " ('a', x'63', 'x', 1), (x'64', 'a', x'78', x'65')"
    )
    store.execute("INSERT INTO tags (node_id, tag) VALUES ('a', x'66'), (x'67', 'red')")
    change = store.execute("SELECT max(id) FROM history")[0][0]
    assert set(store.execute(ISSUES)) >= {
        ("error", "dangling_edge", "edge", '["a","c","x"]'),
        ("error", "dangling_edge", "edge", '["d","a","x"]'),
        ("error", "dangling_tag", "tag", '["g","red"]'),
    }
    assert [row[1] for row in store.execute("SELECT * FROM edge_type_counts")] == [1, 1]
    found = ask(store, "collect_nodes", ids='["a"]')[0]
    assert found[-3:] == (
        '[{"target":"c","type":"x","confidence":1.0}]',
        '[{"source":"d","type":"x","confidence":null}]',
        '["f"]',
    )
    for kind, rows in [("nodes", 2), ("edges", 2), ("tags", 2)]:
        assert len(ask(store, f"read_{kind}_as_of", at=change)) == rows
    store.execute("UPDATE nodes SET title = 'new'")
    store.execute("UPDATE edges SET veracity = 0")
    assert [row[2] for row in ask(store, "read_nodes_as_of", at=change)] == ["A", "B"]
    assert [row[4] for row in ask(store, "read_edges_as_of", at=change)] == [1, 1]
