"""The oldest SQLite that loads the library, 3.34, and the oldest with all features, 3.38.

scripts/old_sqlite.sh builds both. Python finds one of them through LD_LIBRARY_PATH, in a process
of its own.
"""

import json

import pytest

from conftest import LIBRARY
from old_sqlite import run_python
from test_surface import FUNCTIONS, MODULES

# Reads SQL statements as JSON, writes the rows or the error text of each.
RUNNER = """
import json, sqlite3, sys
connection = sqlite3.connect(":memory:", isolation_level=None)
connection.enable_load_extension(True)
connection.load_extension(sys.argv[1])
results = []
for sql in json.load(sys.stdin):
    try:
        results.append(connection.execute(sql).fetchall())
    except sqlite3.Error as error:
        results.append(str(error))
json.dump({"version": sqlite3.sqlite_version, "results": results}, sys.stdout)
"""

DOCS = [
    "CREATE TABLE docs(id INTEGER PRIMARY KEY, embedding BLOB)",
    "INSERT INTO docs VALUES (1, vec_f32('[1,0]')), (2, vec_f32('[0,1]')), (3, vec_f32('[3,4]')),"
    " (4, NULL)",
]
TOPK = "SELECT id, score FROM vec_topk('docs', 'embedding', '[1,0]', 2)"

EDGES = [
    "CREATE TABLE roads(id INTEGER PRIMARY KEY, source, target, km REAL, type TEXT)",
    "INSERT INTO roads VALUES (1, 'a', 'b', 1, 'x'), (2, 'b', 'c', 2, 'x'), (3, 'a', 'c', 9, 'y'),"
    " (4, 'd', 'd', 1, 'x')",
    "CREATE INDEX roads_source ON roads(source)",
    "CREATE VIEW paths AS SELECT source, target FROM roads",
]

# (statement, rows): the same on both.
EVERYWHERE = [
    ("SELECT vec_to_json(vec_add('[1,2]', vec_f32('[3,4]')))", [["[4.000000,6.000000]"]]),
    ("SELECT vec_type(vec_int8('[1,-2]')), vec_length(vec_bit(x'ff00'))", [["int8", 16]]),
    ("SELECT vec_dot('[1,2]', '[3,4]'), vec_norm('[3,4]')", [[11.0, 5.0]]),
    ("SELECT vec_distance_l2('[0,0]', '[3,4]')", [[5.0]]),
    ("SELECT vec_to_json(vec_scale('[1,2]', 2))", [["[2.000000,4.000000]"]]),
    (
        "SELECT id, problem FROM vec_audit('docs', 'embedding') WHERE problem <> 'duplicate'",
        [[3, "not_unit"]],
    ),
    ("SELECT hex(vec_deflate(vec_f32('[0,0,128,63]')))", [["0000803F"]]),
    ("SELECT value FROM vec_each('[7,8]') ORDER BY rowid", [[7.0], [8.0]]),
    ("SELECT vec_to_json(vec_avg(embedding)) FROM docs WHERE id < 3", [["[0.500000,0.500000]"]]),
    (
        "SELECT id, vec_to_json(vec_sum(embedding) OVER (ORDER BY id ROWS 1 PRECEDING))"
        " FROM docs WHERE id < 4",
        [[1, "[1.000000,0.000000]"], [2, "[1.000000,1.000000]"], [3, "[3.000000,5.000000]"]],
    ),
    (
        "SELECT json_extract(vec_topk_json(id, embedding, '[1,0]', 2), '$[0].id') FROM docs",
        [[3]],
    ),
    (TOPK + " ORDER BY rank", [[3, 3.0], [1, 1.0]]),
    (TOPK + " ORDER BY rank LIMIT 1 OFFSET 1", [[1, 1.0]]),
    (TOPK + " WHERE metric = 'l1' ORDER BY rank", [[1, 0.0], [2, -2.0]]),
    (TOPK + " WHERE within = '[1,2]' ORDER BY rank", [[1, 1.0], [2, 0.0]]),
    (
        TOPK + " WHERE within = (SELECT vec_ids(rowid) FROM docs WHERE id < 3) ORDER BY rank",
        [[1, 1.0], [2, 0.0]],
    ),
    ("SELECT rowid FROM vec_topk('docs', 'embedding', '[1,0]', 1) WHERE rowid = 1", []),
    (
        "SELECT d.id, t.id FROM docs AS d, vec_topk('docs', 'embedding', d.embedding, 1) AS t"
        " WHERE d.id < 3 ORDER BY d.id",
        [[1, 3], [2, 3]],
    ),
    (
        "SELECT id FROM vec_topk(db_query('SELECT id, embedding FROM docs'), 'embedding', '[1,0]')"
        " ORDER BY rank",
        [[3], [1], [2]],
    ),
    # A comparison with another table's column is no IN: the search runs first, once.
    (
        "WITH d(a) AS (VALUES (1), (3)) SELECT d.a, t.rank"
        " FROM d JOIN vec_topk('docs', 'embedding', '[1,0]', 2) AS t ON d.a = t.id ORDER BY t.rank",
        [[3, 1], [1, 2]],
    ),
    (
        "SELECT id FROM docs WHERE EXISTS (SELECT 1"
        " FROM vec_topk('docs', 'embedding', '[1,0]', 2) AS t WHERE t.id = docs.id)",
        [[1], [3]],
    ),
    ("SELECT id FROM vec_mmr('docs', 'embedding', '[1,0]', 2) WHERE lambda = 1", [[3], [1]]),
    (
        "SELECT node, community FROM graph_leiden(db_query('SELECT id, id / 2 FROM docs'))",
        [[0, 0], [1, 0], [2, 2], [3, 0], [4, 2]],
    ),
    (
        "SELECT node FROM graph_bfs(db_query('SELECT id, id / 2 FROM docs'), 3)"
        " WHERE depth <= 1 ORDER BY depth, root LIMIT 2",
        [[3], [1]],
    ),
    (
        "SELECT nodes FROM graph_paths(db_query('SELECT id, id / 2 FROM docs'), 3)",
        [["[3,1]"], ["[3,1,0]"]],
    ),
    ("SELECT round(graph_rrf(id), 4) FROM docs", [[0.064]]),
    ("SELECT node, depth FROM graph_bfs('roads', 'a', 1)", [["a", 0], ["b", 1], ["c", 1]]),
    ("SELECT last_reader FROM graph_stats('roads')", [["lookup"]]),
    (
        "SELECT node, depth FROM graph_bfs('paths', 'c') WHERE direction = 'in'",
        [["c", 0], ["a", 1], ["b", 1]],
    ),
    (
        "SELECT node, cost FROM graph_distances(db_query('SELECT source, target, km FROM roads'),"
        " 'a', 'km')",
        [["a", 0.0], ["b", 1.0], ["c", 3.0]],
    ),
    ("SELECT step, node FROM graph_shortest_path('roads', 'a', 'c', 'km')",
     [[0, "a"], [1, "b"], [2, "c"]]),
    ("SELECT node, component, size FROM graph_components('roads')",
     [["a", "a", 3], ["b", "a", 3], ["c", "a", 3], ["d", "d", 1]]),
    (
        "SELECT node FROM graph_bfs('roads', 'a') WHERE types = '[\"x\"]'",
        [["a"], ["b"], ["c"]],
    ),
    ("SELECT neighbor, way FROM graph_neighbors('roads', 'b')", [["a", "in"], ["c", "out"]]),
    ("SELECT node, degree FROM graph_degree('roads') ORDER BY degree DESC LIMIT 1", [["a", 2]]),
    ("SELECT round(sum(score), 9) FROM graph_pagerank('roads')", [[1.0]]),
    (
        "SELECT node FROM graph_ppr('roads', '{\"a\": 2, \"b\": 1}') WHERE top_k = 2 AND eps = 1e-4",
        [["a"], ["b"]],
    ),
    (
        "SELECT k.value, c.component FROM json_each('[\"weak\",\"strong\"]') AS k"
        " CROSS JOIN graph_components('roads', k.value) AS c WHERE c.node = 'c'",
        [["weak", "a"], ["strong", "c"]],
    ),
    (
        "SELECT k.value, (SELECT max(size) FROM graph_components('roads') WHERE k.value > 0)"
        " FROM json_each('[1, 2, 3]') AS k",
        [[1, 3], [2, 3], [3, 3]],
    ),
    ("SELECT last_reader FROM graph_stats('roads')", [["kept"]]),
    ("SELECT count(*) FROM vec_last_scan", [[1]]),
    ("SELECT graph_migrate() NOT NULL", [[1]]),
    ("SELECT count(*) FROM nodes", [[0]]),
    ("SELECT count(*) FROM graph_migrations WHERE NOT applied", [[0]]),
    ("PRAGMA integrity_check", [["ok"]]),
]

RESTRICTED = [
    TOPK + " WHERE rowid IN (1, 2) ORDER BY rank",
    TOPK + " WHERE id IN (SELECT id FROM docs WHERE id < 3) ORDER BY rank",
]


def run(version, statements):
    """The result of each statement on that SQLite."""
    answer = json.loads(run_python(version, "-c", RUNNER, LIBRARY, given=statements))
    assert answer["version"] == version  # it is really that one
    return answer["results"]


OLD = pytest.mark.parametrize("version", ["3.34.0", "3.38.5"])


@OLD
def test_everything_but_in_works(version):
    statements = [sql for sql, _ in EVERYWHERE]
    results = run(version, DOCS + EDGES + statements)[len(DOCS + EDGES) :]
    assert dict(zip(statements, results)) == dict(EVERYWHERE)


@OLD
def test_every_name_is_registered(version):
    functions, modules = run(
        version,
        [
            "SELECT DISTINCT name FROM pragma_function_list WHERE name GLOB 'vec_*'"
            " OR name GLOB 'graph_*' OR name GLOB 'db_*'",
            "SELECT name FROM pragma_module_list WHERE name GLOB 'vec_*'"
            " OR name GLOB 'graph_*' OR name GLOB 'db_*'",
        ],
    )
    assert {name for (name,) in functions} == {row.name for row in FUNCTIONS}
    assert {name for (name,) in modules} == set(MODULES)


# A list of start nodes: one search from all of them, or before 3.38 a search from each.
@pytest.mark.parametrize("version,rows", [("3.34.0", [["a"], ["b"], ["b"]]),
                                          ("3.38.5", [["a"], ["b"]])])
def test_a_list_of_start_nodes(version, rows):
    sql = ("SELECT node FROM graph_bfs('roads') WHERE start IN ('a', 'b') AND max_depth = 1 "
           "AND node < 'c' ORDER BY node")
    assert run(version, EDGES + [sql])[-1] == rows


def test_in_restricts_before_k_since_3_38():
    assert run("3.38.5", DOCS + RESTRICTED)[len(DOCS) :] == [[[1, 1.0], [2, 0.0]]] * 2


@pytest.mark.parametrize("sql", RESTRICTED)
def test_in_is_an_error_that_names_within_before_3_38(sql):
    (error,) = run("3.34.0", DOCS + [sql])[len(DOCS) :]
    assert isinstance(error, str), error
    assert "within" in error
