"""The views over edges and tags, against Python; what is looked up by which index."""

import collections
import json

import pytest

from reading import (
    SQLITES,
    fill,
    make_store,
    open_engine,
    plan_of,
    random_graph,
    rounded,
    rows_of,
)

pytestmark = pytest.mark.without_library


@pytest.fixture(params=SQLITES)
def store(request):
    engine = make_store(open_engine(request.param, loaded=False))
    yield engine
    engine.close()


@pytest.fixture(params=[1, 2, 3])
def graph(request, store):
    fill(store, random_graph(request.param))
    store.execute("PRAGMA foreign_keys = OFF")
    store.execute("INSERT INTO edges (source, target, type) VALUES ('n1', 'nowhere', 'CITES')")
    return store


EDGE = ["type", "confidence", "veracity", "context_source"]


def known_of(graph):
    nodes = {node["id"]: node for node in rows_of(graph, "nodes")}
    nothing = {"title": None, "type": None, "domain": None}
    return lambda name: [nodes.get(name, nothing)[key] for key in ("title", "type", "domain")]


def test_edges_out_and_in(graph):
    known, out, into = known_of(graph), [], []
    for e in rows_of(graph, "edges"):
        values = [e[name] for name in EDGE]
        out.append((e["source"], e["target"], *values, *known(e["target"])))
        into.append((e["target"], e["source"], *values, *known(e["source"])))
    assert len(out) > 50
    assert rounded(graph.execute("SELECT * FROM edges_out")) == rounded(out)
    assert rounded(graph.execute("SELECT * FROM edges_in")) == rounded(into)


def test_neighbors(graph):
    known, expected = known_of(graph), []
    for e in rows_of(graph, "edges"):
        values = [e[name] for name in EDGE]
        expected.append((e["source"], "out", e["target"], *values, *known(e["target"])))
        if e["source"] != e["target"]:
            expected.append((e["target"], "in", e["source"], *values, *known(e["source"])))
    assert any(row[0] == row[2] for row in expected)  # an edge from a node to itself, once
    assert rounded(graph.execute("SELECT * FROM neighbors")) == rounded(expected)
    one = [row for row in expected if row[0] == "n2"]
    assert rounded(graph.execute("SELECT * FROM neighbors WHERE node = 'n2'")) == rounded(one)


def test_node_tags(graph):
    nodes = {node["id"]: node for node in rows_of(graph, "nodes")}
    expected = []
    for t in rows_of(graph, "tags"):
        node = nodes[t["node_id"]]
        known = (node[name] for name in ("nid", "title", "type", "domain"))
        expected.append((t["node_id"], t["tag"], *known))
    assert expected
    assert rounded(graph.execute("SELECT * FROM node_tags")) == rounded(expected)


def test_edge_type_counts(graph):
    groups = collections.defaultdict(list)
    for e in rows_of(graph, "edges"):
        groups[e["type"]].append(e["confidence"])
    expected = []
    for name, values in groups.items():
        alike = sorted(other for other in groups if other.lower() == name.lower())
        average = sum(values) / len(values)
        expected.append((name, len(values), average, alike if len(alike) > 1 else None))
    found = [
        (*row[:3], row[3] and json.loads(row[3]))
        for row in graph.execute("SELECT * FROM edge_type_counts")
    ]
    assert rounded(found) == rounded(expected)
    assert any(row[3] for row in expected)


@pytest.mark.parametrize("edges, expected", [(50, []), (51, [("hub", 51, 26, 25)])])
def test_super_nodes_have_more_than_fifty_edges(store, edges, expected):
    store.execute("INSERT INTO nodes (id) VALUES ('hub')")
    for i in range(edges - 1):
        store.execute("INSERT INTO nodes (id) VALUES (?)", (f"n{i}",))
        ends = ("hub", f"n{i}") if i % 2 == 0 else (f"n{i}", "hub")
        store.execute("INSERT INTO edges (source, target, type) VALUES (?, ?, 'x')", ends)
    store.execute("INSERT INTO edges (source, target, type) VALUES ('hub', 'hub', 'x')")
    # The edge to itself leaves and arrives, but is one edge.
    found = store.execute("SELECT id, degree, out_degree, in_degree FROM super_nodes")
    assert found == [(*row[:3], row[3] + 1) for row in expected]


@pytest.mark.parametrize(
    "sql, steps",
    [
        ("edges_out WHERE source = 'a'", ["source=?"]),
        ("edges_out WHERE source = 'a' AND type = 'x'", ["source=?"]),
        ("edges_in WHERE target = 'a' AND type = 'x'", ["target=?"]),
        ("neighbors WHERE node = 'a'", ["source=?", "target=?"]),
        ("neighbors WHERE node = 'a' AND type = 'x'", ["source=?", "target=?"]),
        ("neighbors WHERE node IN (SELECT value FROM json_each('[1]'))", ["source=?", "target=?"]),
    ],
)
def test_edges_are_looked_up_by_the_node(store, sql, steps):
    plan = plan_of(store, f"SELECT * FROM {sql}")
    edges = [step for step in plan if "idx_edges" in step or "autoindex_edges" in step]
    assert len(edges) == len(steps)
    assert all(f"({key}" in step for step, key in zip(edges, steps)), plan
    assert not [step for step in plan if step.startswith("SCAN") and "json_each" not in step]


@pytest.mark.parametrize("key, index", [("tag", "idx_tags_tag"), ("node_id", "autoindex_tags_1")])
def test_tags_are_looked_up_either_way(store, key, index):
    plan = plan_of(store, f"SELECT * FROM node_tags WHERE {key} = 'a'")
    assert any(index in step for step in plan)
    assert not any(step.startswith("SCAN") for step in plan)
