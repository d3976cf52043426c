"""The query files that need no vectors, each against Python, without the extension."""

import collections
import json
import math
import random
import re
import sqlite3

import pytest

from reading import (
    SQLITES,
    ask,
    columns_of,
    fill,
    make_store,
    meta_of,
    open_engine,
    plan_of,
    random_graph,
    rounded,
    rows_of,
    text_of,
)

pytestmark = pytest.mark.without_library


@pytest.fixture(params=SQLITES)
def store(request):
    engine = make_store(open_engine(request.param, loaded=False))
    yield engine
    engine.close()


@pytest.fixture(params=[1, 2])
def graph(request, store):
    fill(store, random_graph(request.param))
    return store


# ---- the files ---------------------------------------------------------------------------------

READING = """page_nodes get_nodes collect_nodes search_nodes search_among search_hybrid
find_semantic_gaps find_structural_gaps rescue_orphans link_domains weave_timeline suggest_tags
read_nodes_as_of read_edges_as_of read_tags_as_of list_changes prune_history take_snapshot
check_store purge_cache shrink_cache""".split()
NEED_THE_EXTENSION = {
    *("search_nodes", "search_among", "search_hybrid", "find_semantic_gaps", "rescue_orphans"),
    "link_domains",
}


@pytest.mark.parametrize("name", READING)
def test_a_file_says_what_it_takes_and_costs(name):
    text = text_of(name)
    head, _, statement = text.partition("\n\n")
    assert head.startswith(f"-- {name}: ")
    assert "Cost: " in head
    assert all(line.startswith("--") for line in head.splitlines())
    assert max(map(len, text.splitlines())) <= 100
    code = re.sub(r"--.*|'(?:[^']|'')*'", "", statement)
    used = set(re.findall(r":(\w+)", code))
    listed = re.findall(r"^--   (:\w+(?:, :\w+)*)  ", head, re.M)
    documented = {name.lstrip(":") for line in listed for name in line.split(", ")}
    assert used == documented
    # One statement, so that every binding can prepare it.
    assert statement.rstrip().endswith(";") and code.count(";") == 1
    assert sqlite3.complete_statement(text)
    needs = bool(re.search(r"\b(vec|graph|db)_\w+\s*\(", code)) or "vec_" in code
    assert needs == (name in NEED_THE_EXTENSION) == ("Needs the extension" in head)


# ---- nodes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("domain", [None, "knowledge", "nowhere"])
@pytest.mark.parametrize("type", [None, "note", "nowhere"])
@pytest.mark.parametrize("limit", [3, 1000])
def test_pages_cover_the_filter_in_order(graph, domain, type, limit):
    rows = sorted(rows_of(graph, "nodes_meta"), key=lambda row: row["nid"])
    expected = [
        row["nid"]
        for row in rows
        if domain in (None, row["domain"]) and type in (None, row["type"])
    ]
    found, after = [], None
    while page := ask(graph, "page_nodes", domain=domain, type=type, after=after, limit=limit):
        assert len(page) <= limit
        found += [row[0] for row in page]
        after = found[-1]
    assert found == expected


def test_a_page_has_twenty_rows_of_nodes_meta(graph):
    found = ask(graph, "page_nodes")
    assert found == graph.execute("SELECT * FROM nodes_meta ORDER BY nid LIMIT 20")


def test_a_page_is_searched_not_scanned(store):
    plan = plan_of(store, text_of("page_nodes"))
    assert len([step for step in plan if "SEARCH nodes" in step]) == 4
    assert not [step for step in plan if "SCAN" in step or "TEMP" in step]


@pytest.mark.parametrize("count", [0, 1, 30])
def test_get_nodes_follows_the_array(graph, count):
    rng = random.Random(count)
    ids = [f"n{rng.randrange(60)}" for _ in range(count)]  # some are no nodes, some come twice
    rows = {row[1]: row for row in graph.execute("SELECT * FROM nodes_meta")}
    expected = [(place, *rows[name]) for place, name in enumerate(ids) if name in rows]
    assert ask(graph, "get_nodes", ids=json.dumps(ids)) == expected


def test_ids_that_look_like_numbers_are_found(store):
    store.execute("INSERT INTO nodes (id) VALUES ('1'), ('2.0')")
    found = ask(store, "get_nodes", ids='[1, "1", "2.0", 2.0]')
    assert [(row[0], row[2]) for row in found] == [(0, "1"), (1, "1"), (2, "2.0"), (3, "2.0")]


def test_collect_nodes(graph):
    ids = ["n3", "nowhere", "n1", "n39", "n7"]
    edges, tags = rows_of(graph, "edges"), rows_of(graph, "tags")
    expected = []
    for name in ids:
        for node in rows_of(graph, "nodes", f"WHERE id = '{name}'"):
            out = [(e["target"], e["type"], e["confidence"]) for e in edges if e["source"] == name]
            into = [(e["source"], e["type"], e["confidence"]) for e in edges if e["target"] == name]
            own = sorted(t["tag"] for t in tags if t["node_id"] == name)
            expected.append((node["nid"], name, sorted(out), sorted(into), own))

    def ends(text, end):
        return [(e[end], e["type"], e["confidence"]) for e in json.loads(text)]

    found = [
        (row[0], row[1], ends(row[7], "target"), ends(row[8], "source"), json.loads(row[9]))
        for row in ask(graph, "collect_nodes", ids=json.dumps(ids))
    ]
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    for row, wanted in zip(found, expected):
        for have, want in zip(row[2:4], wanted[2:4]):
            assert [edge[:2] for edge in have] == [edge[:2] for edge in want]
            assert [e[2] for e in have] == pytest.approx([e[2] for e in want])
        assert row[4] == wanted[4]
    assert any(not row[2] for row in found)  # [] rather than [null]


def test_collect_nodes_writes_an_infinite_confidence_as_json(store):
    store.execute("INSERT INTO nodes (id) VALUES ('a'), ('b')")
    for edge in ("'a', 'b', 'x', 9e999", "'b', 'a', 'x', -9e999"):
        store.execute(f"INSERT INTO edges (source, target, type, confidence) VALUES ({edge})")
    (row,) = ask(store, "collect_nodes", ids='["a"]')
    assert [json.loads(text)[0]["confidence"] for text in row[7:9]] == [math.inf, -math.inf]


@pytest.mark.parametrize("name", ["get_nodes", "collect_nodes"])
def test_look_ups_use_indexes(store, name):
    plan = plan_of(store, text_of(name))
    scans = [step for step in plan if step.startswith("SCAN")]
    # The array, and rows of a node that an index has found.
    assert all("VIRTUAL" in step or "subquery" in step.lower() for step in scans), plan


# ---- structure ---------------------------------------------------------------------------------


def links_of(graph):
    links = collections.defaultdict(set)
    for e in rows_of(graph, "edges"):
        if e["source"] != e["target"]:
            links[e["source"]].add(e["target"])
            links[e["target"]].add(e["source"])
    return links


def structural_gaps(links, hub=1000, node=None):
    found = []
    names = sorted(links)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            shared = [w for w in links[a] & links[b] if len(links[w]) <= hub]
            if shared and b not in links[a] and node in (None, a, b):
                score = sum(1 / math.log(len(links[w])) for w in shared)
                found.append((a, b, score, len(shared)))
    return sorted(found, key=lambda row: (-round(row[2], 9), row[0], row[1]))


@pytest.mark.parametrize("hub", [None, 3, 5])
@pytest.mark.parametrize("node", [None, "n3", "n17", "nowhere"])
def test_structural_gaps(graph, hub, node):
    expected = structural_gaps(links_of(graph), hub or 1000, node)
    found = ask(graph, "find_structural_gaps", hub=hub, node=node, limit=100000)
    assert rounded(found) == rounded(expected)
    assert found or hub == 3 or node == "nowhere"
    scores = [row[2] for row in ask(graph, "find_structural_gaps", hub=hub, node=node)]
    assert scores == pytest.approx([row[2] for row in expected[:10]])


@pytest.mark.parametrize("degree", [2, 3, 4, 5, 7, 8, 100, 127, 128, 129, 1000])
def test_the_logarithm_is_the_real_one(store, degree):
    store.execute("INSERT INTO nodes (id) VALUES ('hub')")
    for i in range(degree):
        store.execute("INSERT INTO nodes (id) VALUES (?)", (f"n{i}",))
        store.execute("INSERT INTO edges (source, target, type) VALUES ('hub', ?, 'x')", (f"n{i}",))
    (row,) = ask(store, "find_structural_gaps", limit=1)
    assert row[2] == pytest.approx(1 / math.log(degree), rel=1e-14)


@pytest.mark.parametrize("by", [None, "type", "domain", "layer", "community"])
@pytest.mark.parametrize("type", [None, "debrief"])
def test_weave_timeline(graph, by, type):
    nodes = [n for n in rows_of(graph, "nodes") if n["date"] and type in (None, n["type"])]
    lines = collections.defaultdict(list)
    for node in sorted(nodes, key=lambda node: (node["date"], node["nid"])):
        line = meta_of(node, by) if by == "community" else by and node[by]
        lines[line].append(node)
    known = {(e["source"], e["target"], e["type"]) for e in rows_of(graph, "edges")}
    pairs = [pair for line in lines.values() for pair in zip(line[1:], line)]
    pairs.sort(key=lambda pair: (pair[0]["date"], pair[0]["nid"]), reverse=True)
    expected = [
        (newer["id"], older["id"], "SUCCEEDS", 1.0, 1.0, "timeline")
        for newer, older in pairs
        if (newer["id"], older["id"], "SUCCEEDS") not in known
    ]
    assert ask(graph, "weave_timeline", by=by, type=type) == expected


def test_what_is_woven_can_be_inserted_and_is_then_known(graph):
    names = "source, target, type, confidence, veracity, context_source"
    # As a program does it: the query is the source of the INSERT.
    params = collections.defaultdict(lambda: None, by="type")
    woven = ask(graph, "weave_timeline", by="type")
    assert woven
    graph.execute(f"INSERT INTO put_semantic_edge ({names})\n{text_of('weave_timeline')}", params)
    assert ask(graph, "weave_timeline", by="type") == []
    stored = graph.execute(f"SELECT {names} FROM edges WHERE context_source = 'timeline'")
    assert rounded(stored) == rounded(woven)


@pytest.mark.parametrize("id", [None, "n2", "n11", "nowhere"])
@pytest.mark.parametrize("min_share, min_neighbors", [(None, None), (0.25, 1), (1, 2)])
def test_suggest_tags(graph, id, min_share, min_neighbors):
    links, tags = links_of(graph), collections.defaultdict(set)
    for t in rows_of(graph, "tags"):
        tags[t["node_id"]].add(t["tag"])
    expected = []
    for name, near in links.items():
        if id in (None, name) and len(near) >= (min_neighbors or 3):
            counts = collections.Counter(tag for other in near for tag in tags[other])
            for tag, n in counts.items():
                if tag not in tags[name] and n / len(near) >= (min_share or 0.5):
                    expected.append((name, tag, n, len(near), n / len(near)))
    expected.sort(key=lambda row: (-row[4], -row[2], row[0].encode(), row[1].encode()))
    params = {"id": id, "min_share": min_share, "min_neighbors": min_neighbors}
    found = ask(graph, "suggest_tags", **params, limit=100000)
    assert found == expected
    assert ask(graph, "suggest_tags", **params) == expected[:20]


def test_suggestions_for_one_node_look_up_its_edges(store):
    plan = plan_of(store, text_of("suggest_tags"))
    assert any("(source=?)" in step for step in plan)
    assert any("(target=?)" in step for step in plan)


# ---- changes -----------------------------------------------------------------------------------


def test_list_changes(graph):
    graph.execute("UPDATE nodes SET title = 'new' WHERE id = 'n3'")
    graph.execute("DELETE FROM edges WHERE target = 'n3'")
    graph.execute("DELETE FROM nodes WHERE id = 'n3'")
    graph.execute(
        "INSERT INTO history (entity_type, entity_id, action) VALUES ('edge', 'n3-n4-x', 'insert')"
    )
    names = ["id", "timestamp", "entity_type", "entity_id", "action", "old_value", "new_value"]
    expected = []
    for row in rows_of(graph, "history", "ORDER BY id DESC"):
        key = row["entity_id"]
        parts = json.loads(key) if key.startswith("[") else [key]
        ends = parts[:2] if row["entity_type"] == "edge" and len(parts) == 3 else parts[:1]
        if "n3" in ends:
            expected.append(tuple(row[name] for name in names))
    assert len(expected) > 4
    assert ask(graph, "list_changes", id="n3", limit=1000) == expected
    assert ask(graph, "list_changes", id="n3") == expected[:20]
    assert ask(graph, "list_changes", id="nowhere") == []


def test_history_sizes(graph):
    graph.execute("UPDATE nodes SET title = 'ü' WHERE id < 'n3'")
    groups = collections.defaultdict(list)
    for row in rows_of(graph, "history"):
        size = sum(len((row[name] or "").encode()) for name in ("old_value", "new_value"))
        groups[row["entity_type"], row["action"]].append(size)
    expected = [(*key, len(sizes), sum(sizes)) for key, sizes in groups.items()]
    found = graph.execute("SELECT entity_type, action, changes, bytes FROM history_sizes")
    assert rounded(found) == rounded(expected)


def test_the_views_have_the_columns_that_the_pages_name(store):
    assert columns_of(store, "edges_out")[:6] == columns_of(store, "edges")[:6]
