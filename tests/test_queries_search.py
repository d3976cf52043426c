"""The query files that search by vector, against Python that scores every pair."""

import collections
import json

import pytest

from reading import (
    SQL,
    SQLITES,
    ask,
    dot,
    fill,
    floats,
    make_store,
    open_engine,
    random_graph,
    rows_of,
    text_of,
    unit,
)


@pytest.fixture(params=SQLITES)
def store(request):
    engine = make_store(open_engine(request.param))
    yield engine
    engine.close()


@pytest.fixture(params=[1, 2])
def graph(request, store):
    fill(store, random_graph(request.param, nodes=60, edges=60))
    return store


def embedded(graph):
    """The nodes with an embedding; a few of them have one dimension, the others six."""
    return [node for node in rows_of(graph, "nodes") if node["embedding"]]


def nearest(nodes, query, k):
    alike = [node for node in nodes if len(node["embedding"]) == len(query)]
    scored = [(dot(query, node["embedding"]), -node["nid"], node) for node in alike]
    scored.sort(key=lambda row: row[:2], reverse=True)
    return [(score, node) for score, _, node in scored[:k]]


def content_of(meta):
    """What the seeds' search shows instead of the text."""
    if meta is None:
        return ""
    try:
        value = json.loads(meta)
    except ValueError:
        return "[Hollow Node: parse error]"
    source = value.get("source") if isinstance(value, dict) else None
    return f"[Hollow Node: {source or 'no source'}]"


QUERY = unit([3, -1, 2, 0.5, -2, 1])


@pytest.mark.parametrize("limit", [None, 0, 1, 7, 1000])
@pytest.mark.parametrize("as_json", [False, True])
def test_search_nodes(graph, limit, as_json):
    query = json.dumps([3, -1, 2, 0.5, -2, 1]) if as_json else QUERY
    plain = floats(3, -1, 2, 0.5, -2, 1) if as_json else QUERY
    hits = nearest(embedded(graph), plain, 5 if limit is None else limit)
    expected = [
        (n["id"], score, n["title"], content_of(n["meta"]), n["meta"], n["date"])
        for score, n in hits
        if score > 0
    ]
    found = ask(graph, "search_nodes", query=query, limit=limit)
    assert [(row[0], *row[2:]) for row in found] == [(row[0], *row[2:]) for row in expected]
    assert [row[1] for row in found] == pytest.approx([row[1] for row in expected], rel=1e-5)
    assert limit != 1000 or 0 < len(found) < len(embedded(graph))  # scores below 0 are left out


def test_every_kind_of_content_is_seen(graph):
    graph.execute("UPDATE nodes SET embedding = ?", (QUERY,))
    found = {row[3] for row in ask(graph, "search_nodes", query=QUERY, limit=1000)}
    assert {"", "[Hollow Node: parse error]", "[Hollow Node: no source]"} <= found
    assert any(text.startswith("[Hollow Node: docs/") for text in found)


def test_search_without_a_query_finds_nothing(graph):
    assert ask(graph, "search_nodes") == []


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"domain": "knowledge"},
        {"type": "note"},
        {"layer": "experience"},
        {"tag": "red"},
        {"domain": "garden", "tag": "Grün"},
        {"domain": "knowledge", "type": "concept", "layer": "experience", "tag": "blue"},
        {"domain": "nowhere"},
    ],
)
def test_search_among(graph, filters):
    tagged = collections.defaultdict(set)
    for t in rows_of(graph, "tags"):
        tagged[t["node_id"]].add(t["tag"])
    among = [
        node
        for node in embedded(graph)
        if all(
            value in tagged[node["id"]] if key == "tag" else node[key] == value
            for key, value in filters.items()
        )
    ]
    expected = [node["id"] for score, node in nearest(among, QUERY, 5) if score > 0]
    found = ask(graph, "search_among", query=QUERY, **filters)
    assert [row[0] for row in found] == expected
    assert bool(found) == (bool(among) and nearest(among, QUERY, 1)[0][0] > 0)


# ---- gaps --------------------------------------------------------------------------------------


@pytest.mark.parametrize("k, min_score", [(None, None), (3, 0.2), (10, -1), (60, 0.5)])
def test_semantic_gaps(graph, k, min_score):
    nodes = embedded(graph)
    known = {frozenset((e["source"], e["target"])) for e in rows_of(graph, "edges")}
    least = 0.82 if min_score is None else min_score
    pairs = {}
    for node in nodes:
        for score, other in nearest(nodes, node["embedding"], k or 5):
            pair = tuple(sorted((node["id"], other["id"])))
            if other is not node and score >= least and frozenset(pair) not in known:
                pairs[pair] = score
    found = ask(graph, "find_semantic_gaps", k=k, min_score=min_score, limit=100000)
    assert {row[:2] for row in found} == set(pairs)
    assert len(found) == len(pairs)
    for row in found:
        assert row[2] == pytest.approx(pairs[row[:2]], abs=1e-5)
    assert [row[2] for row in found] == sorted((row[2] for row in found), reverse=True)
    assert ask(graph, "find_semantic_gaps", k=k, min_score=min_score) == found[:10]


EDGE = "source, target, type, confidence, veracity, context_source"


@pytest.mark.parametrize("min_score", [None, 0.1, -1])
def test_rescue_orphans(graph, min_score):
    linked = {end for e in rows_of(graph, "edges") for end in (e["source"], e["target"])}
    nodes = embedded(graph)
    homes = [n for n in nodes if n["layer"] == "experience" or n["type"] == "note"]
    expected = {}
    for orphan in nodes:
        if orphan["id"] not in linked and orphan["type"] not in ("root", "domain"):
            others = [home for home in homes if home is not orphan]
            score, home = nearest(others, orphan["embedding"], 1)[0]
            if score > (0.85 if min_score is None else min_score):
                expected[orphan["id"]] = (home["id"], score)
    found = ask(graph, "rescue_orphans", min_score=min_score)
    assert {row[0]: row[1] for row in found} == {name: home for name, (home, _) in expected.items()}
    assert len(found) == len(expected)
    for row in found:
        assert row[2] == "RELATED_TO" and row[4:] == (1.0, "orphan_rescue")
        assert row[3] == pytest.approx(expected[row[0]][1], abs=1e-5)
    assert min_score is None or found
    if found:
        params = collections.defaultdict(lambda: None, min_score=min_score)
        sql = f"INSERT INTO put_semantic_edge ({EDGE})\n{text_of('rescue_orphans')}"
        graph.execute(sql, params)
        assert ask(graph, "rescue_orphans", min_score=min_score) == []


@pytest.mark.parametrize(
    "params", [{}, {"k": 2}, {"from": "garden", "to": "lexicon", "type": "near"}, {"to": "it's"}]
)
def test_link_domains(graph, params):
    graph.execute("UPDATE nodes SET domain = 'it''s' WHERE id IN ('n8', 'n9', 'n10')")
    nodes = embedded(graph)
    targets = [n for n in nodes if n["domain"] == params.get("to", "knowledge")]
    expected = [
        (node["id"], other["id"], params.get("type", "appears_in"), score)
        for node in nodes
        if node["domain"] == params.get("from", "lexicon")
        for score, other in nearest(targets, node["embedding"], params.get("k", 5))
    ]
    found = ask(graph, "link_domains", **params)
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    assert [row[3] for row in found] == pytest.approx([row[3] for row in expected], abs=1e-5)
    assert {row[4:] for row in found} == {(1.0, "vector_similarity_topk")}


def test_linked_domains_can_be_inserted(graph):
    found = ask(graph, "link_domains")
    sql = f"INSERT INTO put_semantic_edge ({EDGE})\n{text_of('link_domains')}"
    graph.execute(sql, collections.defaultdict(lambda: None))
    stored = graph.execute("SELECT count(*) FROM edges WHERE context_source = 'vector_similarity_topk'")
    assert stored == [(len(found),)]


@pytest.mark.parametrize("name", ["rescue_orphans", "link_domains", "find_semantic_gaps", "search_nodes"])
def test_an_embedding_of_other_dimensions_stops_nothing(store, name):
    for i, values in enumerate([[1, 0], [0.9, 0.1], [1, 0, 0], [0, 1]]):
        domain = "lexicon" if i % 2 == 0 else "knowledge"
        row = (f"n{i}", "note" if i == 1 else "x", domain, unit(values))
        store.execute("INSERT INTO nodes (id, type, domain, embedding) VALUES (?, ?, ?, ?)", row)
    assert ask(store, name, query=floats(1, 0))


# ---- hybrid ------------------------------------------------------------------------------------

WORDS = ["soup", "garden", "tomato", "pond", "curry", "seed"]


def words_of(node):
    return f"{node['title']} {node['summary']}".lower().split()


@pytest.fixture
def searchable(graph):
    for i, node in enumerate(rows_of(graph, "nodes")):
        text = " ".join(WORDS[(i * 7 + j * j) % 6] for j in range(i % 4))
        graph.execute("UPDATE nodes SET summary = ? WHERE id = ?", (text, node["id"]))
    graph.script((SQL / "optional" / "fts.sql").read_text())
    return graph


@pytest.mark.parametrize("candidates, k, limit", [(None, None, None), (4, 1, 100), (100, 60, 100)])
@pytest.mark.parametrize("text", ["soup OR pond", "tomato AND seed", None])
@pytest.mark.parametrize("query", [QUERY, None])
def test_search_hybrid(searchable, candidates, k, limit, text, query):
    ranks = collections.defaultdict(dict)
    if query:
        hits = nearest(embedded(searchable), query, candidates or 50)
        for rank, (score, node) in enumerate(hits, 1):
            if score > 0:
                ranks[node["id"]]["vector"] = rank
    if text:
        # Only SQLite knows its bm25; which rows match is checked below.
        hits = searchable.execute(
            "SELECT n.id FROM nodes_fts AS f JOIN nodes AS n ON n.nid = f.rowid"
            " WHERE nodes_fts MATCH ? ORDER BY bm25(nodes_fts), f.rowid",
            (text,),
        )
        one, _, other = text.split()
        both = all if "AND" in text else any
        matching = {
            node["id"]
            for node in rows_of(searchable, "nodes")
            if both(word in words_of(node) for word in (one, other))
        }
        assert {name for (name,) in hits} == matching and matching
        for rank, (name,) in enumerate(hits[: candidates or 50], 1):
            ranks[name]["text"] = rank
    number = {node["id"]: node["nid"] for node in rows_of(searchable, "nodes")}
    scores = {name: sum(1 / ((k or 60) + rank) for rank in own.values()) for name, own in ranks.items()}
    order = sorted(scores, key=lambda name: (-round(scores[name], 12), number[name]))
    expected = [
        (name, round(scores[name], 9), ranks[name].get("vector"), ranks[name].get("text"))
        for name in order[: limit or 10]
    ]
    params = {"query": query, "text": text, "candidates": candidates, "k": k, "limit": limit}
    found = ask(searchable, "search_hybrid", **params)
    assert [(row[0], round(row[1], 9), row[3], row[4]) for row in found] == expected
    assert bool(found) == bool(text or query)
