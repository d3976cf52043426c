"""Everything that loading adds to SQL, compared with the literal list of what is documented."""

import re
from typing import NamedTuple

import pytest

from conftest import ROOT

DETERMINISTIC = 0x000800
DIRECTONLY = 0x080000
SUBTYPE = 0x100000
INNOCUOUS = 0x200000
MASK = DETERMINISTIC | DIRECTONLY | SUBTYPE | INNOCUOUS

# What a function may do. Pure ones may stand in indexes and in the schema of a stranger's file;
# direct ones run SQL text or write, and are refused inside views and triggers.
PURE = DETERMINISTIC | INNOCUOUS
PURE_OF_VECTORS = PURE | SUBTYPE  # reads the element type of its arguments
DIRECT = DIRECTONLY


class Function(NamedTuple):
    name: str
    args: int
    kind: str  # s: scalar, w: aggregate and window function, a: aggregate only
    flags: int
    shared: bool = False  # sqlite-vec has this name as well


FUNCTIONS = [
    Function("vec_f32", 1, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_int8", 1, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_bit", 1, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_type", 1, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_length", 1, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_to_json", 1, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_add", 2, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_sub", 2, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_slice", 3, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_normalize", 1, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_distance_l2", 2, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_distance_l1", 2, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_distance_cosine", 2, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_distance_hamming", 2, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_quantize_binary", 1, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_quantize_int8", 2, "s", PURE_OF_VECTORS, shared=True),
    Function("vec_version", 0, "s", PURE, shared=True),
    Function("vec_debug", 0, "s", INNOCUOUS, shared=True),
    Function("vec_dot", 2, "s", PURE_OF_VECTORS),
    Function("vec_norm", 1, "s", PURE_OF_VECTORS),
    Function("vec_scale", 2, "s", PURE_OF_VECTORS),
    Function("vec_sum", 1, "w", PURE_OF_VECTORS),
    Function("vec_avg", 1, "w", PURE_OF_VECTORS),
    Function("vec_topk_json", 4, "a", PURE_OF_VECTORS),
    Function("vec_topk_json", 5, "a", PURE_OF_VECTORS),
    Function("vec_ids", 1, "a", INNOCUOUS),
    Function("vec_deflate", 1, "s", PURE_OF_VECTORS),
    Function("vec_config", 1, "s", DIRECT),
    Function("vec_config", 2, "s", DIRECT),
    Function("db_query", 1, "s", DIRECT),
    Function("db_tune", 1, "s", DIRECT),
    Function("db_checkpoint", 1, "s", DIRECT),
    Function("db_probe", 0, "s", DIRECT),
    Function("db_health_json", 0, "s", DIRECT),
    Function("db_health_json", 1, "s", DIRECT),
    Function("db_health_json", 2, "s", DIRECT),
    Function("graph_migrate", 0, "s", DIRECT),
    Function("graph_migrate", 1, "s", DIRECT),
    Function("graph_id", 1, "s", PURE),
    Function("graph_slug", 1, "s", PURE),
    Function("graph_dot", 2, "a", PURE),
    Function("graph_dot", 3, "a", PURE),
    Function("graph_dot", 4, "a", PURE),
    Function("graph_dot", 5, "a", PURE),
    Function("graph_mermaid", 2, "a", PURE),
    Function("graph_mermaid", 3, "a", PURE),
    Function("graph_mermaid", 4, "a", PURE),
    Function("graph_mermaid", 5, "a", PURE),
    Function("graph_graphml", 2, "a", PURE),
    Function("graph_graphml", 3, "a", PURE),
    Function("graph_graphml", 4, "a", PURE),
    Function("graph_graphml", 5, "a", PURE),
    Function("graph_node_link_json", 2, "a", PURE_OF_VECTORS),
    Function("graph_node_link_json", 3, "a", PURE_OF_VECTORS),
    Function("graph_node_link_json", 4, "a", PURE_OF_VECTORS),
    Function("graph_node_link_json", 5, "a", PURE_OF_VECTORS),
    Function("graph_rrf", 1, "w", PURE),
    Function("graph_rrf", 2, "w", PURE),
]
MODULES = [
    "vec_each",
    "vec_topk",
    "vec_mmr",
    "vec_join",
    "vec_last_scan",
    "vec_cache",
    "vec_track_sql",
    "vec_audit",
    "graph_migrations",
    "graph_neighbors",
    "graph_bfs",
    "graph_distances",
    "graph_shortest_path",
    "graph_all_shortest_paths",
    "graph_k_shortest_paths",
    "graph_paths",
    "graph_components",
    "graph_degree",
    "graph_louvain",
    "graph_leiden",
    "graph_pagerank",
    "graph_ppr",
    "graph_toposort",
    "graph_kcore",
    "graph_triangles",
    "graph_label_propagation",
    "graph_similarity",
    "graph_closeness",
    "graph_betweenness",
    "graph_stats",
    "db_profiles",
    "db_tune_check",
    "db_health",
    "db_stats",
]
SHARED_MODULES = ["vec_each"]

OWN = "sqlite3_vecgraph_own_init"


def functions(engine):
    sql = "SELECT name, narg, type, flags, enc FROM pragma_function_list"
    return set(engine.execute(sql))


def modules(engine):
    return {name for (name,) in engine.execute("SELECT name FROM pragma_module_list")}


def added_functions(connect, **options):
    """What loading adds, as rows of the list above without their last field, sorted."""
    added = functions(connect(**options)) - functions(connect(loaded=False))
    return sorted((name, args, kind, flags & MASK) for name, args, kind, flags, _ in added)


def test_loading_adds_exactly_the_documented_functions(connect):
    assert added_functions(connect) == sorted(row[:4] for row in FUNCTIONS)


def test_loading_adds_exactly_the_documented_modules(connect):
    assert modules(connect()) - modules(connect(loaded=False)) == set(MODULES)


def test_the_second_entry_point_leaves_out_what_sqlite_vec_has(connect):
    own = sorted(row[:4] for row in FUNCTIONS if not row.shared)
    assert added_functions(connect, entry=OWN) == own
    added = modules(connect(entry=OWN)) - modules(connect(loaded=False))
    assert added == set(MODULES) - set(SHARED_MODULES)


def test_no_function_of_sqlite_is_replaced(connect):
    assert functions(connect(loaded=False)) <= functions(connect())


def test_public_names_have_one_of_three_prefixes():
    names = {row.name for row in FUNCTIONS} | set(MODULES)
    assert {name for name in names if not re.match(r"(vec|graph|db)_", name)} == set()


# ---- what the flags promise --------------------------------------------------------------------

CALLS = [row for row in FUNCTIONS if row.kind == "s"]


def call_of(row):
    return f"{row.name}({', '.join(['NULL'] * row.args)})"


@pytest.mark.parametrize("row", CALLS, ids=lambda row: f"{row.name}/{row.args}")
def test_a_view_may_call_a_function_unless_it_is_direct(engine, row):
    engine.execute(f"CREATE VIEW v AS SELECT {call_of(row)}")
    engine.execute("PRAGMA trusted_schema = OFF")
    refused = False
    try:
        engine.execute("SELECT * FROM v")
    except engine.Error as error:
        refused = "unsafe use of" in str(error)
    assert refused == (row.flags == DIRECT)


@pytest.mark.parametrize("module", ["vec_topk", "vec_mmr", "vec_join", "vec_track_sql", "vec_audit", "graph_migrations", "graph_bfs", "graph_ppr"])
def test_a_stranger_s_view_may_not_use_what_reads_by_name(engine, module):
    engine.execute(f"CREATE VIEW v AS SELECT * FROM {module}")
    engine.execute("PRAGMA trusted_schema = OFF")
    with pytest.raises(engine.Error, match="unsafe use of virtual table"):
        engine.execute("SELECT * FROM v")


def test_a_stranger_s_view_may_use_vec_each(engine):
    engine.execute("CREATE VIEW v AS SELECT value FROM vec_each('[1,2]')")
    engine.execute("PRAGMA trusted_schema = OFF")
    assert engine.execute("SELECT * FROM v") == [(1.0,), (2.0,)]


# ---- what the documents say --------------------------------------------------------------------


def documents():
    return "\n".join(
        path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    )


def undocumented(text):
    names = {row.name for row in FUNCTIONS} | set(MODULES)
    return sorted(name for name in names if not re.search(rf"\b{name}\b", text))


def test_every_public_name_is_documented():
    assert undocumented(documents()) == []


def test_control_a_missing_name_is_noticed():
    names = {row.name for row in FUNCTIONS} | set(MODULES)
    assert undocumented(" ".join(names)) == []
    assert undocumented(" ".join(names - {"vec_topk"})) == ["vec_topk"]  # though vec_topk_json is there
