"""The query files that walk the graph, against Python that knows neither SQL nor the extension."""

import json
import random

import networkx as nx
import pytest

from reading import SQLITES, ask, dot, floats, make_store, open_engine, text_of, unit

TYPES = ["CITES", "MENTIONS", "LINKS"]
QUERY = unit([3, -1, 2, 0.5, -2, 1])
WORDS = ["tomato", "lentil", "soup", "garden", "pond", "basil"]


class Store:
    """A store with a random graph, and the same as Python has it."""

    def __init__(self, engine, seed, nodes=45, edges=70):
        rng = random.Random(seed)
        self.engine = make_store(engine)
        engine.script(text_of("../optional/fts"))
        self.nodes, self.edges = {}, {}
        for nid in range(1, nodes + 1):
            id = f"n{nid * 37 % 100:02}"
            node = {
                "nid": nid,
                "id": id,
                "type": rng.choice(["note", "note", "concept", "community", None]),
                "title": " ".join(rng.choices(WORDS, k=3)) if nid % 7 else None,
                "summary": " ".join(rng.choices(WORDS, k=rng.randrange(1, 30))) if nid % 5 else None,
                "embedding": unit([rng.gauss(0, 1) for _ in range(6)]) if nid % 6 else None,
            }
            self.nodes[id] = node
            engine.execute(
                "INSERT INTO nodes (nid, id, type, title, summary, embedding)"
                " VALUES (:nid, :id, :type, :title, :summary, :embedding)",
                node,
            )
        ids = sorted(self.nodes)[: nodes * 4 // 5]  # the rest has no edges
        for _ in range(edges):
            key = (rng.choice(ids), rng.choice(ids), rng.choice(TYPES))
            if key in self.edges:
                continue
            self.edges[key] = rng.choice([0.25, 0.5, 1.0])
            engine.execute("INSERT INTO edges VALUES (?, ?, ?, ?, 1, 'why')", (*key, self.edges[key]))

    def ask(self, name, **params):
        return ask(self.engine, name, **params)

    def nearest(self, k, wanted=lambda node: True):
        """(score, node) of the k nearest nodes that have a positive score."""
        found = [
            (dot(QUERY, node["embedding"]), -node["nid"], node)
            for node in self.nodes.values()
            if node["embedding"] and wanted(node)
        ]
        found.sort(key=lambda row: row[:2], reverse=True)
        return [(score, node) for score, _, node in found[:k]]

    def graph(self, types=None, both=True):
        """The edges as they can be walked: one of each pair is enough."""
        graph = nx.Graph() if both else nx.DiGraph()
        for source, target, kind in self.edges:
            if types is None or kind in types:
                graph.add_edge(source, target)
        return graph

    def hops(self, start, depth=None, **options):
        graph = self.graph(**options)
        # A node that no edge of the kind has is found only if the edges have it.
        return nx.single_source_shortest_path_length(graph, start, depth) if start in graph else {}

    def degree(self, id):
        return sum((source == id) + (target == id and source != id) for source, target, _ in self.edges)

    def linked_by(self, one, other, kind):
        return (one, other, kind) in self.edges or (other, one, kind) in self.edges


@pytest.fixture(params=SQLITES)
def engine(request):
    engine = open_engine(request.param)
    yield engine
    engine.close()


@pytest.fixture(params=enumerate(SQLITES), ids=lambda pair: f"{pair[1]}-{pair[0]}")
def store(request):
    """Another graph for each SQLite."""
    seed, sqlite = request.param
    engine = open_engine(sqlite)
    yield Store(engine, seed + 1)
    engine.close()


def pagerank(edges, seeds, damping, weight=lambda key: 1.0):
    """Personalised PageRank along edges both ways, by the definition; a self-loop counts once."""
    out = {}
    for key in edges:
        source, target = key[:2]
        out.setdefault(source, []).append((target, weight(key)))
        if target not in out:
            out[target] = []
        if source != target:
            out[target].append((source, weight(key)))
    seeds = {node: w for node, w in seeds.items() if node in out and w > 0}
    total = sum(seeds.values())
    if not total:
        return {}
    start = {node: seeds.get(node, 0) / total for node in out}
    rank = dict(start)
    for _ in range(300):
        new = {node: (1 - damping) * start[node] for node in out}
        for node, links in out.items():
            all_weights = sum(w for _, w in links)
            if not all_weights:
                for other in new:
                    new[other] += damping * rank[node] * start[other]
            for other, w in links:
                new[other] += damping * rank[node] * w / all_weights if all_weights else 0
        rank = new
    return {node: score for node, score in rank.items() if score > 0}


# ---- R2, R11: hops from what is near a vector -----------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"seeds": 3, "depth": 1, "decay": 0.5, "limit": 1000},
        {"seeds": 2, "depth": 3, "decay": 0.9, "hub": 4, "limit": 1000},
        {"seeds": 5, "types": '["CITES"]', "limit": 1000},
        {"seeds": 0},
    ],
)
def test_expand_hops(store, params):
    seeds = {
        node["id"]: score
        for score, node in store.nearest(params.get("seeds", 8))
        if score > 0
    }
    types = json.loads(params["types"]) if "types" in params else None
    depth, decay = params.get("depth", 2), params.get("decay", 0.6)
    distances = {seed: store.hops(seed, depth, types=types) for seed in seeds}
    # The edges of other types do not make their ends part of the graph.
    nearest = {}
    for hops in distances.values():
        for node, hop in hops.items():
            nearest[node] = min(hop, nearest.get(node, hop))
    found = store.ask("expand_hops", query=QUERY, **params)
    if params.get("limit") == 1000:
        assert {row[0] for row in found} == set(nearest)
    assert len(found) <= params.get("limit", 20)
    for id, score, title, hop, seed, via, from_id in found:
        assert hop == nearest[id] == distances[seed][id]
        damp = 1 + store.degree(id) / params["hub"] if "hub" in params else 1
        assert score == pytest.approx(seeds[seed] * decay**hop / damp, rel=1e-6)
        assert title == store.nodes[id]["title"]
        assert (via is None) == (from_id is None) == (hop == 0)
        if hop:
            assert distances[seed][from_id] == hop - 1
            assert store.linked_by(from_id, id, via)
    assert [row[1] for row in found] == sorted((row[1] for row in found), reverse=True)


# ---- R3: passages -------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"terms": 2, "passages": 10, "damping": 0.85, "limit": 50}])
def test_search_passages(store, params):
    terms = store.nearest(params.get("terms", 5), lambda n: n["type"] == "concept")
    passages = store.nearest(params.get("passages", 200), lambda n: n["type"] != "concept")
    seeds = {}
    for score, node in terms:
        if score > 0:
            around = {
                target if source == node["id"] else source
                for source, target, _ in store.edges
                if node["id"] in (source, target)
            }
            seeds[node["id"]] = score / max(1, len(around))
    scores = [score for score, _ in passages]
    for score, node in passages:
        seeds[node["id"]] = 0.05 * (score - min(scores)) / (max(scores) - min(scores))
    rank = pagerank(store.edges, seeds, params.get("damping", 0.5), lambda key: store.edges[key])
    expected = sorted(
        ((-score, store.nodes[id]["nid"], id) for id, score in rank.items()
         if store.nodes[id]["type"] != "concept"),
    )[: params.get("limit", 10)]
    found = store.ask("search_passages", query=QUERY, **params)
    assert [row[1] for row in found] == pytest.approx([-row[0] for row in expected], abs=1e-7)
    similar = {node["id"]: score for score, node in passages}
    for row in found:
        assert row[1] == pytest.approx(rank[row[0]], abs=1e-7)
        assert row[2] == store.nodes[row[0]]["title"]
        assert row[3] == (pytest.approx(similar[row[0]], rel=1e-5) if row[0] in similar else None)
    assert len(found) == len(expected) > 3


# ---- R4: fused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {"text": "tomato OR pond"},
        {"text": '"lentil soup"', "candidates": 8, "seeds": 3, "limit": 40, "k": 5},
        {"text": None, "types": '["CITES", "LINKS"]', "limit": 40, "damping": 0.85},
    ],
)
def test_search_fused(store, params):
    text = params["text"]
    candidates, k = params.get("candidates", 50), params.get("k", 60)
    vector = {
        node["id"]: place
        for place, (score, node) in enumerate(store.nearest(candidates), 1)
        if score > 0
    }
    words = {}
    if text:
        rows = store.engine.execute(
            "SELECT n.id FROM nodes_fts AS f JOIN nodes AS n ON n.nid = f.rowid"
            " WHERE nodes_fts MATCH ? ORDER BY bm25(nodes_fts), n.nid",
            (text,),
        )
        words = {id: place for place, (id,) in enumerate(rows[:candidates], 1)}
    fused = {
        id: sum(1 / (k + ranks[id]) for ranks in (vector, words) if id in ranks)
        for id in {*vector, *words}
    }
    seeds = sorted(fused, key=lambda id: (-fused[id], store.nodes[id]["nid"]))
    seeds = {id: fused[id] for id in seeds[: params.get("seeds", 20)]}
    types = json.loads(params["types"]) if "types" in params else None
    edges = [key for key in store.edges if types is None or key[2] in types]
    scores = pagerank(edges, seeds, params.get("damping", 0.5))
    by_rank = sorted(scores.values(), reverse=True)
    found = store.ask("search_fused", query=QUERY, **params)
    graph_ranks = {}
    for id, score, title, vector_rank, text_rank, graph_rank, hops, seed, via, from_id in found:
        assert vector_rank == vector.get(id) and text_rank == words.get(id)
        if graph_rank is not None:
            assert scores[id] == pytest.approx(by_rank[graph_rank - 1], abs=1e-7)
            graph_ranks[id] = graph_rank
        ranks = [r for r in (vector_rank, text_rank, graph_rank) if r is not None]
        assert score == pytest.approx(sum(1 / (k + r) for r in ranks))
        assert title == store.nodes[id]["title"]
        distances = {s: store.hops(s, 2, types=types).get(id) for s in seeds}
        near = [d for d in distances.values() if d is not None]
        assert hops == (min(near) if near else None)
        if hops is not None:
            assert distances[seed] == hops
        if hops:
            assert store.linked_by(from_id, id, via)
    assert [row[1] for row in found] == sorted((row[1] for row in found), reverse=True)
    limit = params.get("limit", 10)
    if len(found) == limit == 10:
        assert len({*vector, *words, *scores}) >= limit
    else:
        assert {row[0] for row in found} == {*vector, *words, *graph_ranks}
        assert sorted(graph_ranks.values()) == [*range(1, min(candidates, len(scores)) + 1)]
    assert len(set(graph_ranks.values())) == len(graph_ranks) > 0
    if params.get("limit") == 40:  # some were found by the graph alone
        assert any(row[3] is None and row[4] is None for row in found)


def test_search_fused_without_words_or_vectors(store):
    assert store.ask("search_fused") == []
    assert store.ask("search_fused", query=QUERY, limit=0) == []
    by_text = store.ask("search_fused", text="pond")
    assert by_text and all(row[3] is None for row in by_text)


# ---- R5: by distance ----------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"candidates": 12, "depth": 2, "limit": 5}])
def test_rerank_by_distance(store, params):
    focus = max(sorted(store.nodes), key=store.degree)
    hops = store.hops(focus, params.get("depth", 4))
    expected = []
    for score, node in store.nearest(params.get("candidates", 50)):
        if score > 0:
            hop = hops.get(node["id"])
            expected.append((node["id"], score / (1 + (99 if hop is None else hop)), score, hop))
    expected.sort(key=lambda row: -row[1])
    found = store.ask("rerank_by_distance", query=QUERY, focus=focus, **params)
    found = [(row[0], row[1], row[3], row[4]) for row in found]
    assert [row[0] for row in found] == [row[0] for row in expected[: params.get("limit", 10)]]
    for row, wanted in zip(found, expected):
        assert row[1:3] == pytest.approx(wanted[1:3], rel=1e-5) and row[3] == wanted[3]
    assert any(row[3] is not None for row in expected)


# ---- R6: a budget of tokens ---------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"entity": "concept", "entities": 4, "budget": 500}])
def test_collect_context(store, params):
    kind, budget = params.get("entity"), params.get("budget", 8000)
    entities = [
        (score, node)
        for score, node in store.nearest(
            params.get("entities", 10), lambda n: kind is None or n["type"] == kind
        )
        if score > 0
    ]
    ids = {node["id"]: score for score, node in entities}
    parts = {"entity": [], "text": [], "community": [], "relation": []}
    for score, node in entities:
        text = (node["title"] or node["id"]) + (f": {node['summary']}" if node["summary"] else "")
        parts["entity"].append((node["id"], text))
    hits = {}
    for source, target, _ in store.edges:
        for one, other in [(source, target), (target, source)]:
            if one in ids and other not in ids:
                hits.setdefault(other, set()).add(one)
    order = sorted(
        hits,
        key=lambda i: (-len(hits[i]), -sum(ids[e] for e in hits[i]), store.nodes[i]["nid"]),
    )
    for id in order:
        node = store.nodes[id]
        if node["summary"]:
            part = "community" if node["type"] == "community" else "text"
            parts[part].append((id, node["summary"]))
    for key, confidence in sorted(
        store.edges.items(), key=lambda e: (-(e[0][0] in ids) - (e[0][1] in ids), -e[1], e[0])
    ):
        if key[0] in ids or key[1] in ids:
            name = [store.nodes[end]["title"] or end for end in key[:2]]
            text = f"{name[0]} - {key[2]} - {name[1]}"
            parts["relation"].append((json.dumps(list(key), separators=(",", ":")), text))
    expected = []
    for part, share in [("entity", 8), ("text", 2), ("community", 4), ("relation", 8)]:
        used = 0
        for id, text in parts[part]:
            tokens = (len(text) + 3) // 4
            used += tokens
            if used > budget / share:
                break
            expected.append((part, id, text, tokens))
    assert store.ask("collect_context", query=QUERY, **params) == expected
    assert {row[0] for row in expected} >= {"entity", "text", "relation"}
    assert sum(row[3] for row in expected) <= budget


# ---- R7: the past -------------------------------------------------------------------------------


def test_walk_as_of(store):
    before = store.graph(both=False)
    start = max(before, key=before.out_degree)
    (moment,) = store.engine.execute("SELECT max(id) FROM history")[0]
    rng = random.Random(5)
    for source, target, kind in rng.sample(sorted(store.edges), 30):
        store.engine.execute(
            "DELETE FROM edges WHERE source = ? AND target = ? AND type = ?", (source, target, kind)
        )
        del store.edges[source, target, kind]
    for source in sorted(store.nodes)[:5]:
        store.engine.execute("INSERT INTO edges (source, target, type) VALUES (?, ?, 'NEW')", (start, source))
    for depth in (1, 3, 9):
        expected = nx.single_source_shortest_path_length(before, start, depth)
        found = store.ask("walk_as_of", start=start, at=moment, depth=depth)
        assert {row[0]: row[1] for row in found} == expected
        for id, hop, parent, title in found:
            assert title == store.nodes[id]["title"]
            assert hop == 0 or ((parent, id) in before.edges and expected[parent] == hop - 1)
    now = store.ask("walk_as_of", start=start, at="9999-12-31")
    assert {row[0] for row in now} != {row[0] for row in found}
    with pytest.raises(store.engine.Error, match="as of: no history goes back to this moment"):
        store.ask("walk_as_of", start=start, at="1999-01-01' OR 1=1 --")


def test_walk_as_of_reads_what_read_edges_as_of_reads():
    inner = text_of("walk_as_of").split("db_query(replace('")[1].split("\n  ', ':at'")[0]
    edges = text_of("read_edges_as_of").partition("WITH\n")[2].rpartition("\nORDER BY")[0]
    assert inner.replace("''", "'").split() == ["WITH", *edges.split()]


# ---- R8: a subgraph -----------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"depth": 1, "types": '["CITES", "MENTIONS"]'}, {"limit": 5}])
def test_extract_subgraph(store, params):
    types = json.loads(params["types"]) if "types" in params else None
    graph = store.graph(types=types)
    start = max(sorted(graph), key=graph.degree)
    near = nx.single_source_shortest_path_length(graph, start, params.get("depth", 2))
    limit = params.get("limit", 200)
    ((text,),) = store.ask("extract_subgraph", ids=start, **params)
    read = nx.node_link_graph(json.loads(text), edges="links")
    assert read.graph == {"is_truncated": len(near) > limit}
    assert len(read) == min(limit, len(near)) and start in read
    if limit < len(near):  # the nearest are kept
        left_out = [near[node] for node in near if node not in read]
        assert max(near[node] for node in read) <= min(left_out)
    else:
        assert set(read) == set(near)
    for id, data in read.nodes(data=True):
        node = store.nodes[id]
        members = {"label": node["title"], "type": node["type"]}
        assert {**members, **data} == {k: v for k, v in members.items()}
    found = sorted((s, t, d["label"], d["confidence"]) for s, t, d in read.edges(data=True))
    assert found == sorted(
        (*key, confidence)
        for key, confidence in store.edges.items()
        if key[0] in read and key[1] in read and (types is None or key[2] in types)
    )


# ---- R9: a path ---------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", [None, "out", "in"])
def test_explain_path(store, direction):
    graph = store.graph(both=direction is None)
    if direction == "in":
        graph = graph.reverse()
    rng = random.Random(7)
    lengths = set()
    for _ in range(30):
        one, other = rng.choice(sorted(graph)), rng.choice(sorted(graph))
        found = store.ask("explain_path", direction=direction, **{"from": one, "to": other})
        if not nx.has_path(graph, one, other):
            assert found == []
            continue
        assert [row[0] for row in found] == list(range(len(found)))
        assert (found[0][1], found[-1][1]) == (one, other)
        assert len(found) - 1 == nx.shortest_path_length(graph, one, other)
        assert found[0][3:] == (None, None, None, None)
        lengths.add(len(found))
        for before, after in zip(found, found[1:]):
            _, id, title, via, way, confidence, why = after
            key = (before[1], id, via) if way == "out" else (id, before[1], via)
            assert store.edges[key] == confidence and why == "why"
            assert direction in (None, way)
            assert title == store.nodes[id]["title"]
    assert max(lengths) > 2


# ---- R10: synonyms ------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"type": "note", "min_score": 0.5, "edge": "SAME"}])
def test_synonyms(store, params):
    kind, edge = params.get("type"), params.get("edge", "SYNONYM")
    nodes = [
        node
        for node in store.nodes.values()
        if node["embedding"] and (kind is None or node["type"] == kind)
    ]
    pairs = {}
    for one in nodes:
        for other in nodes:
            score = dot(one["embedding"], other["embedding"])
            if one["id"] < other["id"] and score >= params.get("min_score", 0.8):
                pairs[one["id"], other["id"]] = score
    found = store.ask("link_synonyms", **params)
    assert {row[:2]: row[3] for row in found} == {
        pair: pytest.approx(score, rel=1e-5) for pair, score in pairs.items()
    }
    assert {(row[2], *row[4:]) for row in found} == {(edge, 1.0, "synonyms")}
    assert len(pairs) > 1
    for row in found:
        store.engine.execute(
            "INSERT INTO put_semantic_edge (source, target, type, confidence, veracity,"
            " context_source) VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
    assert store.ask("link_synonyms", **params) == []
    groups = store.ask("group_synonyms", edge=params.get("edge"))
    expected = [sorted(group) for group in nx.connected_components(nx.Graph(list(pairs)))]
    expected.sort(key=lambda group: (-len(group), group[0]))
    assert [(g[0], len(g), g) for g in expected] == [(c, n, json.loads(m)) for c, n, m in groups]


def test_a_type_with_a_quote_is_no_sql(store):
    assert store.ask("link_synonyms", type="x' OR '1'='1") == []


# ---- near, but unlike one another ----------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"lambda": 0.8, "candidates": 12, "limit": 6}, {"lambda": 1}])
def test_search_diverse(store, params):
    share, limit = params.get("lambda", 0.5), params.get("limit", 10)
    left = store.nearest(max(params.get("candidates", 50), limit))
    picked = []
    while left and len(picked) < limit:

        def value(hit):
            likest = max((dot(hit[1]["embedding"], p[1]["embedding"]) for p in picked), default=0)
            return share * hit[0] - (1 - share) * likest

        best = max(left, key=value)  # of equal ones the nearest
        picked.append((*best, value(best)))
        left.remove(best)
    found = store.ask("search_diverse", query=QUERY, **params)
    assert [row[0] for row in found] == [node["id"] for _, node, _ in picked]
    assert [row[1] for row in found] == pytest.approx([score for score, _, _ in picked], rel=1e-5)
    assert [row[2] for row in found] == pytest.approx([value for _, _, value in picked], abs=1e-5)
    assert [row[3] for row in found] == [node["title"] for _, node, _ in picked]


# ---- R12: communities ---------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"types": '["CITES", "LINKS"]', "min_size": 1, "limit": 1000}])
def test_find_communities(store, params):
    types = json.loads(params["types"]) if "types" in params else None
    edges = [key for key in store.edges if types is None or key[2] in types]
    graph = nx.MultiGraph()
    graph.add_edges_from((source, target) for source, target, _ in edges)
    all_of_them = {**params, "min_size": 1, "limit": 1000, "members": 1000}
    rows = store.ask("find_communities", **all_of_them)
    groups = [json.loads(nodes) for _, _, nodes in rows]
    assert sorted(node for group in groups for node in group) == sorted(graph)
    for (community, size, _), group in zip(rows, groups):
        assert (community, size) == (min(group), len(group))
        assert nx.is_connected(graph.subgraph(group))
        # A self-loop is an edge in and an edge out of a node.
        assert group == sorted(group, key=lambda node: (-graph.degree(node), node))
    best = max(
        nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=seed))
        for seed in range(3)
    )
    assert nx.community.modularity(graph, groups) >= best - 0.02
    assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)
    found = store.ask("find_communities", **params)
    wanted = [(c, n, g[:10]) for (c, n, _), g in zip(rows, groups) if n >= params.get("min_size", 3)]
    assert [(c, n, json.loads(nodes)) for c, n, nodes in found] == wanted
    assert len(wanted) > 2


# ---- the files ----------------------------------------------------------------------------------

QUERIES = [
    "expand_hops", "search_passages", "search_fused", "rerank_by_distance", "collect_context",
    "walk_as_of", "extract_subgraph", "explain_path", "link_synonyms", "group_synonyms",
    "find_communities", "search_diverse",
]  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
def test_on_an_empty_store(engine, name):
    make_store(engine)
    engine.script(text_of("../optional/fts"))
    if name == "walk_as_of":
        with pytest.raises(engine.Error, match="as of"):
            ask(engine, name, start="a", at=1)
        return
    found = ask(engine, name, query=floats(1, 2), ids="a", focus="a", **{"from": "a", "to": "b"})
    if name == "extract_subgraph":
        assert json.loads(found[0][0])["nodes"] == []
    else:
        assert found == []
