"""The views over nodes: every row against Python, plans, and the bytes that are read."""

import collections
import json
import os
import subprocess
import sys

import pytest

from conftest import ROOT, Engine
from reading import (
    SQL,
    SQLITES,
    columns_of,
    fill,
    floats,
    make_store,
    meta_of,
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
    return store


def dims_of(node):
    blob = node["embedding"]
    return len(blob) // 4 if isinstance(blob, bytes) and len(blob) % 4 == 0 else None


# ---- rows --------------------------------------------------------------------------------------


def test_nodes_meta(graph):
    expected = []
    for node in rows_of(graph, "nodes"):
        known = (meta_of(node, "source"), int(node["embedding"] is not None), dims_of(node))
        names = "nid id type title domain layer date summary hash meta".split()
        expected.append((*(node[name] for name in names), *known))
    assert len(expected) == 40
    assert rounded(graph.execute("SELECT * FROM nodes_meta")) == rounded(expected)


def test_nodes_meta_has_every_column_but_the_embedding(store):
    names = columns_of(store, "nodes_meta")
    assert set(columns_of(store, "nodes")) - set(names) == {"embedding"}
    assert names[-3:] == ["source_path", "has_embedding", "dims"]


@pytest.mark.parametrize(
    "embedding, has, dims",
    [(None, 0, None), (b"", 1, 0), (b"123", 1, None), (floats(1, 2), 1, 2), ("text", 1, None), (7, 1, None)],
)
def test_what_is_said_of_an_embedding(store, embedding, has, dims):
    store.execute("INSERT INTO nodes (id, embedding) VALUES ('a', ?)", (embedding,))
    assert store.execute("SELECT has_embedding, dims FROM nodes_meta") == [(has, dims)]


def test_lexicon(graph):
    expected = []
    for node in rows_of(graph, "nodes"):
        if (node["domain"], node["type"]) == ("lexicon", "concept"):
            aliases = meta_of(node, "aliases")
            aliases = [aliases] if isinstance(aliases, str) else aliases
            aliases = aliases if isinstance(aliases, list) else []
            expected.append((node["nid"], node["id"], node["title"], aliases, node["summary"]))
    found = graph.execute("SELECT nid, id, title, aliases, definition FROM lexicon")
    assert rounded((*row[:3], json.loads(row[3]), row[4]) for row in found) == rounded(expected)


@pytest.mark.parametrize(
    "meta, aliases",
    [(None, "[]"), ("x", "[]"), ("{}", "[]"), ('{"aliases": "a"}', '["a"]'), ('{"aliases": ["ü"]}', '["ü"]')],
)
def test_aliases_are_always_an_array(store, meta, aliases):
    row = ("a", "concept", "lexicon", meta)
    store.execute("INSERT INTO nodes (id, type, domain, meta) VALUES (?, ?, ?, ?)", row)
    assert store.execute("SELECT aliases FROM lexicon") == [(aliases,)]


def test_timeline_is_newest_first(graph):
    dated = [node for node in rows_of(graph, "nodes") if node["date"]]
    dated.sort(key=lambda node: (node["date"], node["nid"]), reverse=True)
    assert dated
    found = graph.execute("SELECT date, nid, id FROM timeline")
    assert found == [(node["date"], node["nid"], node["id"]) for node in dated]
    assert graph.execute("SELECT date, nid, id FROM timeline LIMIT 3") == found[:3]


def test_orphans(graph):
    linked = {end for e in rows_of(graph, "edges") for end in (e["source"], e["target"])}
    expected = [
        (node["nid"], node["id"], int(node["embedding"] is not None))
        for node in rows_of(graph, "nodes")
        if node["id"] not in linked and node["type"] not in ("root", "domain")
    ]
    assert expected
    assert rounded(graph.execute("SELECT nid, id, has_embedding FROM orphans")) == rounded(expected)


def test_a_node_without_a_type_may_be_an_orphan(store):
    store.execute("INSERT INTO nodes (id, type) VALUES ('a', NULL), ('b', 'root'), ('c', 'domain')")
    assert store.execute("SELECT id FROM orphans") == [("a",)]


def test_vector_coverage(graph):
    groups = collections.defaultdict(list)
    for node in rows_of(graph, "nodes"):
        groups[node["type"], node["domain"]].append(node["embedding"] is not None)
    expected = [
        (*key, len(has), sum(has), len(has) - sum(has), round(100 * sum(has) / len(has), 1))
        for key, has in groups.items()
    ]
    assert rounded(graph.execute("SELECT * FROM vector_coverage")) == rounded(expected)


# ---- plans -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where, index",
    [
        ("domain = 'x'", "INDEX idx_nodes_domain (domain=?)"),
        ("type = 'x'", "INDEX idx_nodes_type (type=?)"),
        ("layer = 'x'", "INDEX idx_nodes_layer (layer=?)"),
        ("hash = 'x'", "INDEX idx_nodes_hash (hash=?)"),
        ("date = 'x'", "INDEX idx_nodes_date (date=?)"),
        ("source_path = 'x'", "INDEX idx_nodes_source (<expr>=?)"),
        ("id = 'x'", "INDEX sqlite_autoindex_nodes_1 (id=?)"),
        ("nid > 5 ORDER BY nid LIMIT 3", "INTEGER PRIMARY KEY (rowid>?)"),
        ("domain = 'x' ORDER BY nid LIMIT 3", "INDEX idx_nodes_domain (domain=?)"),
        ("domain = 'x' AND nid > 5 ORDER BY nid LIMIT 3", "INDEX idx_nodes_domain (domain=? AND rowid>?)"),
    ],
)
def test_filters_use_indexes(store, where, index):
    plan = plan_of(store, f"SELECT * FROM nodes_meta WHERE {where}")
    assert plan == [f"SEARCH nodes USING {index}"]


def test_other_views_use_indexes(store):
    assert plan_of(store, "SELECT * FROM lexicon") == [
        "SEARCH nodes USING INDEX idx_nodes_domain (domain=?)"
    ]
    assert plan_of(store, "SELECT * FROM timeline LIMIT 5") == [
        "SEARCH nodes USING INDEX idx_nodes_date (date>?)"
    ]
    plan = plan_of(store, "SELECT * FROM orphans")
    assert any("idx_edges_source (source=?)" in step for step in plan)
    assert any("idx_edges_target (target=?)" in step for step in plan)


# ---- pages -------------------------------------------------------------------------------------

EMBEDDING_PAGES = 24  # of one embedding of 100,000 bytes
NODES = 200

# Prints the pages that each statement reads from the file, as the kernel counts them.
READER = """
import json, sys
path, kind = sys.argv[1:]
if kind == "apsw":
    import apsw
    open_it = apsw.Connection
else:
    import sqlite3
    open_it = sqlite3.connect
def bytes_read():
    with open("/proc/self/io") as file:
        return int(file.readline().split()[1])
answer = []
for sql in json.load(sys.stdin):
    connection = open_it(path)
    list(connection.execute("SELECT count(*) FROM sqlite_master"))
    start = bytes_read()
    own = bytes_read() - start
    before = bytes_read()
    rows = len(list(connection.execute(sql)))
    answer.append((rows, (bytes_read() - before - own) / 4096))
json.dump(answer, sys.stdout)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A file where nearly all pages are embeddings, and how many pages the nodes are without."""
    path = tmp_path_factory.mktemp("pages") / "large.db"
    engine = make_store(Engine("sqlite3", path, loaded=False))
    engine.execute("BEGIN")
    for i in range(NODES):
        row = (f"n{i}", f"t{i % 5}", f"d{i % 8}", "title", f'{{"source": "s{i}"}}', "2026-01-01", "x" * 90)
        engine.execute(
            "INSERT INTO nodes (id, type, domain, title, meta, date, summary, embedding)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, zeroblob(100000))",
            row,
        )
    engine.execute("COMMIT")
    engine.close()
    # The pages of the table that are no overflow, by the one tool that tells them apart.
    done = subprocess.run(
        ["sqlite3", str(path), "SELECT count(*) FROM dbstat WHERE name = 'nodes' AND pagetype <> 'overflow'"],
        capture_output=True,
        text=True,
        check=True,
    )
    return path, int(done.stdout)


def pages_read(path, sqlite, statements):
    folder = ROOT / "build" / "old-sqlite" / sqlite
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path), sqlite],
        input=json.dumps(statements),
        env={**os.environ, "LD_LIBRARY_PATH": str(folder)} if folder.exists() else None,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


FRUGAL = [
    "SELECT * FROM nodes_meta",
    "SELECT * FROM nodes_meta ORDER BY title",
    "SELECT count(*), sum(has_embedding), max(dims) FROM nodes_meta",
    "SELECT * FROM timeline",
    "SELECT * FROM orphans",
    "SELECT * FROM lexicon",
    "SELECT * FROM vector_coverage",
    "SELECT * FROM graph_issues",
    "SELECT * FROM store_health",
    "SELECT * FROM store_counts",
    "SELECT * FROM store_stats",
    (SQL / "queries" / "check_store.sql").read_text().replace(":warnings", "1"),
]


@pytest.mark.parametrize("sqlite", SQLITES)
def test_no_view_reads_an_embedding(large, sqlite):
    path, table = large
    read = pages_read(path, sqlite, [*FRUGAL, "SELECT * FROM nodes"])
    # An index or two may be read besides; one embedding alone would be 24 pages more.
    for sql, (_, pages) in zip(FRUGAL, read):
        assert pages < table + EMBEDDING_PAGES, sql
    assert read[-1][1] > NODES * EMBEDDING_PAGES  # control: they are there to be read


@pytest.mark.parametrize("sqlite", SQLITES)
def test_a_filter_reads_only_its_own_rows(large, sqlite):
    path, table = large
    statements = [
        "SELECT * FROM nodes_meta WHERE domain = 'd1'",
        "SELECT * FROM nodes_meta WHERE type = 't1' AND domain = 'd1' ORDER BY nid LIMIT 3",
        "SELECT * FROM nodes_meta WHERE nid > 150 ORDER BY nid LIMIT 10",
        "SELECT * FROM nodes_meta WHERE source_path = 's7'",
    ]
    found = pages_read(path, sqlite, statements)
    assert [rows for rows, _ in found] == [25, 3, 10, 1]
    assert found[0][1] <= 25 + 3  # a page for each row, and the way to it
    assert found[1][1] <= 40 + 3
    assert found[2][1] <= 10 + 3
    assert found[3][1] <= 1 + 4
    assert table >= 100
