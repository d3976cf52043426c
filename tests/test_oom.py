"""Out of memory: every allocation fails once, and once with all that follow.

oom/oom.c runs one statement over and over and lets another allocation fail each time. It tells a
crash, an error that is not out of memory, other rows, memory that is not given back, and a read
lock that is kept.
"""

import os
import shutil
import subprocess

import pytest
from conftest import Engine, LIBRARY, ROOT, SANITIZED
from test_adopt import DRIZZLE

DRIVER = ROOT / "tests" / "oom" / "oom.c"

TABLE = """
CREATE TABLE t(id TEXT PRIMARY KEY, n INTEGER, e BLOB);
INSERT INTO t VALUES ('a', 1, vec_f32('[1,0,2]')), ('b', 2, vec_f32('[3,1,2]')), ('c', 3, NULL),
  ('d', 4, x'00'), ('e', 5, vec_f32('[0,0,9]')), ('f', 6, vec_f32('[5,5,5]'));
CREATE TABLE w(id TEXT PRIMARY KEY, e) WITHOUT ROWID;
INSERT INTO w SELECT id, e FROM t;
CREATE VIEW v AS SELECT id, e FROM t;
"""
FAULTS = """
INSERT INTO t VALUES ('g', 7, vec_f32('[1,0,2]')), ('h', 8, '[1,2,3]'), ('i', 9, x''),
  ('j', 10, vec_f32('[0,0,0]')), ('k', 11, vec_f32('[5,5,6]')), ('l', 12, vec_f32('[1,2]')),
  ('m', 13, 'no vector'), ('n', 14, vec_f32('[1,2,3,4,5,6,7,8,9,10,11,12]'));
"""
# A store with something of everything that the checks look at.
HEALTH = """
SELECT graph_migrate(4);
INSERT INTO nodes(id, embedding) VALUES ('a', x'0000803f00000000'), ('b', x'00'), ('c', NULL);
INSERT INTO edges(source, target, type) VALUES ('a', 'a', 'x'), ('a', 'b', 'X');
CREATE TABLE child(a REFERENCES nodes(id)); INSERT INTO child VALUES ('none');
CREATE INDEX again ON edges(target);
CREATE TABLE embedding_models(table_name, column_name, model, dims);
INSERT INTO embedding_models VALUES ('nodes', 'embedding', 'm', 2), ('child', 'gone', 'm', 3);
CREATE TABLE node_embeddings(node_id PRIMARY KEY, model, hash);
INSERT INTO node_embeddings VALUES ('a', 'n', NULL);
"""
ROADS = """
CREATE TABLE edges(source, target, km);
INSERT INTO edges VALUES ('a', 'b', 1), ('a', 'c', 2), ('b', 'c', 2), ('c', 4, 1), ('b', 4, 3),
  ('b', 4, 2);
"""

# Some groups of nodes, with weights.
EDGES = """
CREATE TABLE g(source, target, w);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 23)
INSERT INTO g SELECT i, i / 4 * 4 + (i + 1 + i / 12) % 4, 1 + i % 3 FROM n
UNION ALL SELECT i, (i + 4) % 24, 1 FROM n WHERE i % 4 = 0;
"""
ROWS = """
CREATE TABLE r(s, t, l, a);
INSERT INTO r VALUES (1, 2, 'uses & "likes"', '{"w": 1.5, "b": true, "c": [1]}'), (2, 3, NULL, NULL),
  ('four', 2, 'uses & "likes"', '{"w": 2}'), ('four', NULL, 'a label of some length \\N', '{"color": "red"}');
"""

# The module is connected and its names are known: what is left is the search.
WARM = TABLE + "SELECT id FROM vec_topk('t', 'e', '[1,2,3]', 1); SELECT * FROM vec_last_scan;"

# A graph with ids of each type, an isolated node, an edge without an end and one to itself; its
# module is connected and the function that feeds rows is there.
GRAPH = """
CREATE TABLE g(src, dst, type TEXT, w REAL); CREATE TABLE n(id);
CREATE INDEX g_src ON g(src); CREATE INDEX g_dst ON g(dst);
INSERT INTO g VALUES ('a', 'b', 'x', 1), ('b', 'c', 'x', 2), ('b', 'c', 'y', 1), ('c', 'a', 'x', 1),
  (1, 'a', 'y', 3), (2.5, 1, 'x', 1), (NULL, 'a', 'x', 1), ('c', 'c', 'x', 0);
INSERT INTO n VALUES ('a'), (7);
"""
LOADED = GRAPH + """
SELECT count(*) FROM graph_components(db_query('SELECT 1, 2')); SELECT 1 FROM graph_bfs('g', 0);
SELECT 1 FROM graph_pagerank('g'); SELECT 1 FROM graph_ppr('g', 'a');
"""

# Enough rows, and rows that are long enough, that answers from memory read codes first.
LONG = """
CREATE TABLE c(id TEXT PRIMARY KEY, e BLOB);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40),
  v(i, j) AS (SELECT i, 1 FROM n UNION ALL SELECT i, j + 1 FROM v WHERE j < 48)
INSERT INTO c SELECT 'c' || i, vec_f32(json_group_array(i * j % 17 - 8)) FROM v GROUP BY i;
INSERT INTO c VALUES ('none', NULL), ('short', x'00');
"""
REPEATED = ("SELECT id, score FROM vec_topk('c', 'e', (SELECT e FROM c WHERE id = 'c7'), 2); "
            "SELECT rows, skipped_null, skipped_length FROM vec_last_scan; ")
REMEMBERED = LONG + 3 * REPEATED + "SELECT * FROM vec_cache;"


def tracked(setup):
    """The set-up with c.e tracked."""
    engine = Engine("sqlite3")
    engine.script(setup)
    statements = engine.execute("SELECT sql FROM vec_track_sql('c', 'e') ORDER BY ordinal")
    engine.close()
    return setup + "\n".join(sql for (sql,) in statements)


TRACKED = tracked(LONG) + 3 * REPEATED
CHANGE = "UPDATE c SET e = (SELECT e FROM c WHERE id = 'c9') WHERE id IN ('c7', 'c8', 'none'); "

CASES = {
    "first use": (TABLE, "SELECT rowid FROM vec_topk('t', 'e', x'000000000000803f00000040', 2)"),
    "first report": (TABLE, "SELECT * FROM vec_last_scan"),
    "search": (WARM, "SELECT rowid, score, distance, rank FROM vec_topk('t', 'e', '[1,2,3]')"),
    "keys": (WARM, "SELECT id FROM vec_topk('t', 'e', '[1,2,3]', 3)"),
    "cosine": (WARM, "SELECT id, score FROM vec_topk('t', 'e', '[1,2,3]', 3, 'cosine', 0.1)"),
    "limit": (WARM, "SELECT id FROM vec_topk('t', 'e', '[1,2,3]') WHERE score > distance LIMIT 2"),
    "in rowids": (WARM, "SELECT id FROM vec_topk('t', 'e', '[1,2,3]', 3) "
                        "WHERE rowid IN (SELECT rowid FROM t WHERE n < 5)"),
    "in ids": (WARM, "SELECT id FROM vec_topk('t', 'e', '[1,2,3]', 3) WHERE id IN ('a', 'b', 'x')"),
    "within ids": (WARM, "SELECT id FROM vec_topk('t', 'e', '[1,2,3]', 3) "
                         "WHERE within = '[\"a\",\"e\"]'"),
    "within rowids": (WARM, "SELECT id FROM vec_topk('t', 'e', '[1,2,3]', 3) "
                            "WHERE within = (SELECT vec_ids(rowid) FROM t WHERE n < 5)"),
    "without rowid": (WARM, "SELECT id, rank FROM vec_topk('w', 'e', '[1,2,3]', 3)"),
    "view": (WARM, "SELECT id, rank FROM vec_topk('v', 'e', '[1,2,3]', 3)"),
    "view in ids": (WARM, "SELECT id FROM vec_topk('v', 'e', '[1,2,3]', 3) WHERE id IN ('a','e')"),
    "query": (WARM, "SELECT id FROM vec_topk(db_query('SELECT id, e FROM t'), 'e', '[1,2,3]', 3)"),
    "join": (WARM, "SELECT t.n, s.rank FROM vec_topk('t', 'e', '[1,2,3]', 3) AS s "
                   "JOIN t ON t.rowid = s.rowid ORDER BY s.rank"),
    "search per row": (WARM, "SELECT t.n, s.id FROM t CROSS JOIN vec_topk('t', 'e', "
                             "CASE WHEN t.n <> 4 THEN t.e END, 1) AS s"),
    "vec_join": (TABLE, "SELECT left_id, id, score, rank FROM vec_join('t', 'e', 't', 'e', 2) "
                        "WHERE left_source IS NOT NULL LIMIT 3"),
    "vec_join of views": (WARM, "SELECT left_id, id, rank FROM vec_join("
                                "db_query('SELECT n AS id, e FROM t WHERE n IN (1, 2, 5)'), 'e', "
                                "'v', 'e', 2, 'cosine')"),
    "mmr": (WARM, "SELECT id, mmr FROM vec_mmr('t', 'e', '[1,2,3]', 3)"),
    "mmr of a view": (WARM, "SELECT id, rank FROM vec_mmr('v', 'e', '[1,2,3]', 3, 'cosine')"),
    "reuse": (WARM, "SELECT t.n, s.rank FROM t LEFT JOIN vec_topk('t', 'e', '[1,2,3]', 3) AS s "
                    "ON s.rowid = t.rowid"),
    "first use, repeated": (LONG, 3 * REPEATED),
    "fill": (LONG + REPEATED, 2 * REPEATED),
    "fill again": (REMEMBERED + "UPDATE c SET e = (SELECT e FROM c WHERE id = 'c9') "
                   "WHERE id = 'c3'; INSERT INTO c SELECT 'x' || id, e FROM c;", 3 * REPEATED),
    "from memory": (REMEMBERED, REPEATED),
    "full from memory": (REMEMBERED, "SELECT rowid FROM vec_topk('c', 'e', "
                                     "(SELECT e FROM c WHERE id = 'c7'), NULL, 'cosine')"),
    "restricted from memory": (
        REMEMBERED, "SELECT id FROM vec_topk('c', 'e', (SELECT e FROM c WHERE id = 'c7'), 3) "
                    "WHERE within = (SELECT vec_ids(rowid) FROM c WHERE rowid > 3)"),
    "what is in memory": (REMEMBERED, "SELECT * FROM vec_cache"),
    "no more memory": (REMEMBERED, "SELECT vec_config('cache_mb', 0); " + REPEATED),
    "fill of a tracked table": (tracked(LONG) + REPEATED, 2 * REPEATED),
    "changed rows of a tracked table": (TRACKED + CHANGE, REPEATED + REPEATED),
    "changed rows in a transaction": (TRACKED + "BEGIN; " + CHANGE, REPEATED + "ROLLBACK; "),
    "report": (WARM, "SELECT source, \"column\", metric, tier, rows FROM vec_last_scan"),
    "leiden": (EDGES, "SELECT * FROM graph_leiden('g') WHERE all_levels = 1"),
    "louvain": (EDGES, "SELECT * FROM graph_louvain('g', 2, 1, NULL, 'w')"),
    "dot": (ROWS, "SELECT graph_dot(s, t, l, a, json_object('x', 1.5)) FROM r"),
    "mermaid": (ROWS, "SELECT graph_mermaid(s, t, l, a, json_object('x', 1.5)) FROM r"),
    "graphml": (ROWS, "SELECT graph_graphml(s, t, l, a, json_object('x', 1.5)) FROM r"),
    "node-link": (ROWS, "SELECT graph_node_link_json(s, t, l, a, json_object('x', 1.5)) FROM r"),
    "numbers": (TABLE, "SELECT vec_to_json(vec_add(e, '[1,1,1]')), vec_dot(e, '[1,2,3]'), "
                       "vec_distance_cosine(e, vec_normalize(e)) FROM t WHERE n IN (1, 2)"),
    "aggregates": (TABLE, "SELECT vec_to_json(vec_avg(e)), vec_to_json(vec_sum(e)) FROM t "
                          "WHERE n IN (1, 2, 5)"),
    "topk_json": (TABLE, "SELECT vec_topk_json(id, e, '[1,2,3]', 2) FROM t WHERE n IN (1, 2, 5)"),
    "vec_each": (TABLE, "SELECT value FROM vec_each('[1,2,3]')"),
    "audit": (TABLE + FAULTS, "SELECT rowid, problem, detail FROM vec_audit('t', 'e')"),
    "audit with ids": (TABLE + FAULTS + "SELECT id FROM vec_audit('t', 'e');",
                       "SELECT id, problem FROM vec_audit('v', 'e')"),
    "deflate": ("", "SELECT hex(vec_deflate(vec_f32('[0,0,0,63,0,0,128,191]')))"),
    "profiles": ("", "SELECT profile, pragma, value, why FROM db_profiles"),
    "tune": ("", "SELECT db_tune('vps60k')"),
    "tune check": ("", "SELECT * FROM db_tune_check('amalfa')"),
    "checkpoint": ("", "SELECT db_checkpoint('truncate')"),
    "probe": ("", "SELECT db_probe(); SELECT db_probe(); SELECT count(*) FROM _health"),
    "stats": (TABLE, "SELECT * FROM db_stats"),
    "health": (HEALTH, "SELECT \"check\", status, value, advice FROM db_health"),
    "full health": (HEALTH, "SELECT db_health_json('vps60k', 1)"),
    # Not all: SQLite's own allocations for the statements of a file are not what is looked at.
    "migrate": ("", "SELECT graph_migrate(2); SELECT name FROM sqlite_schema ORDER BY 1"),
    "adopt": (DRIZZLE[0], "SELECT graph_migrate(1)"),
    "migrations": ("", "SELECT name, length(sql) FROM graph_migrations"),
    "graph structure": (ROADS, "SELECT * FROM graph_toposort('edges', 'in'); "
                        "SELECT * FROM graph_kcore('edges'); "
                        "SELECT * FROM graph_triangles('edges', 'out'); "
                        "SELECT * FROM graph_degree('edges', 'km') WHERE simple = 1"),
    "graph centrality": (ROADS, "SELECT * FROM graph_betweenness('edges', 3, 1, 0, 'km', 'both'); "
                         "SELECT * FROM graph_closeness('edges', '[\"a\", 4]', 'km')"),
    "graph likeness": (ROADS, "SELECT * FROM graph_label_propagation('edges', 5, 'async', 1); "
                       "SELECT * FROM graph_similarity('edges', 'c', 'adamic_adar', 2)"),
    "graph walks": (ROADS, "SELECT * FROM graph_bfs('edges', '[\"a\", 4]', 3, 'both'); "
                    "SELECT * FROM graph_distances('edges', 'a', 'km') WHERE cost <= 3; "
                    "SELECT * FROM graph_neighbors('edges', '[\"a\", 4]')"),
    "graph paths": (ROADS, "SELECT * FROM graph_all_shortest_paths('edges', 'a', 4); "
                    "SELECT * FROM graph_k_shortest_paths('edges', 'a', 4, 'km', 'both'); "
                    "SELECT * FROM graph_paths('edges', 'a', 4) WHERE direction = 'both'"),
    "graph look-ups": (ROADS + "CREATE INDEX s ON edges(source); CREATE INDEX t ON edges(target);",
                       "SELECT * FROM graph_shortest_path('edges', 'a', 4, 'km'); "
                       "SELECT * FROM graph_paths('edges', 'a', 4) WHERE direction = 'both' "
                       "AND simple = 1"),
    "graph, first use": (GRAPH, "SELECT node, depth FROM graph_bfs('g', 'a', 1)"),
    "graph, look-ups": (LOADED + "DELETE FROM g WHERE src = 2.5;",
                        "SELECT node, parent, edge_id FROM graph_bfs('g', '[\"a\", 1]', 2) "
                        "WHERE direction = 'both'"),
    "graph, read into memory": (
        LOADED + "DELETE FROM g WHERE src = 2.5;",
        "SELECT node, size FROM graph_components('g') WHERE node_table = 'n' "
        "AND types = '[\"x\"]'; SELECT node, cost FROM graph_distances('g', 'b', 'w')"),
    "graph, in memory": (
        LOADED, "SELECT p.node, p.rank FROM n JOIN graph_ppr('g', 'a') AS p ON p.node = n.id "
                "WHERE p.eps = 0.01 AND p.top_k = 2; "
                "SELECT node, rank FROM graph_pagerank('g') WHERE top_k = 2"),
    "track": (TABLE + "CREATE UNIQUE INDEX u ON t (lower(id), n) WHERE n > 0",
              "SELECT sql, tracked FROM vec_track_sql('t', 'e')"),
    "tracked": ("SELECT graph_migrate();" + (ROOT / "sql/optional/track_nodes.sql").read_text(),
                "SELECT ordinal, tracked FROM vec_track_sql('nodes', 'embedding', 'remove')"),
}


# AddressSanitizer brings its own malloc(), which cannot be failed: SQLite's is, in one more case.
MALLOC = () if SANITIZED else ("-DFAIL_MALLOC",)
# A copy of a process takes it ten times as long.
FEWER = ("-DFINE=60", "-DCOARSE=29") if SANITIZED else ()


@pytest.fixture(scope="session")
def build_driver(tmp_path_factory):
    """A function: compiler options to the program."""
    folder = tmp_path_factory.mktemp("oom")
    built = {}

    def build(*options):
        if options not in built:
            compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
            program = folder / f"oom{len(built)}"
            subprocess.run(
                [*compiler.split(), "-O1", *options, str(DRIVER), "-lsqlite3", "-o", str(program)],
                check=True)
            built[options] = program
        return built[options]

    return build


def run(program, case, setup, sql):
    """What the driver prints, and whether it found nothing wrong."""
    done = subprocess.run([str(program), str(LIBRARY), case, setup, sql],
                          capture_output=True, text=True, timeout=240, check=False)
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", CASES)
def test_sqlite_allocations(build_driver, name):
    good, output = run(build_driver(*FEWER), "sql", *CASES[name])
    assert good, output
    assert int(output.split()[-1]) > 10


@pytest.mark.parametrize("name", ["search"] if SANITIZED else CASES)
def test_allocations_of_the_library_itself(build_driver, name):
    good, output = run(build_driver(*MALLOC), "sql", *CASES[name])
    assert good, output


def test_load(build_driver):
    good, output = run(build_driver(), "load", "", "")
    assert good, output
    assert int(output.split()[-1]) > 100


def test_load_and_use(build_driver):
    good, output = run(build_driver(), "load", "", "SELECT vec_length('[1,2]')")
    assert good, output


def test_control_the_library_allocates_outside_sqlite(build_driver):
    _, output = run(build_driver(*MALLOC), "sql", *CASES["search"])
    assert int(output.split()[-1]) > 0


@pytest.mark.parametrize("function,word", [
    ("leaks", "leak of"), ("crashes", "crash"), ("hides", "other rows"),
    ("misnames", "no such table"), ("holds", "left in the middle: VALUES"),
])
def test_control_each_fault_is_found(build_driver, function, word):
    good, output = run(build_driver(), "probe", "", f"SELECT {function}()")
    assert not good
    assert word in output


def test_control_a_statement_that_fails_by_itself_is_no_pass(build_driver):
    good, output = run(build_driver(), "sql", "", "SELECT vec_length('no vector')")
    assert not good
    assert "undisturbed" in output
