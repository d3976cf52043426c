"""No row costs an allocation: not of a scalar function over a column, not of a search.

A C program counts them on the release library, whichever library the other tests run on: the
sanitizers have a malloc of their own.
"""

import os
import subprocess

import pytest

from conftest import ROOT, SUFFIX

FEW, MANY = 100, 1100


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("alloc") / "alloc"
    subprocess.run(["cc", "-O1", "-o", path, ROOT / "tests" / "alloc" / "alloc.c", "-lsqlite3"],
                   check=True, env=plain())
    return path


def plain():
    return {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}


def allocations(program, rows, sql, parameter="", setup=""):
    """(of C++, of SQLite) while `sql` runs over t(id, e, j) with so many rows."""
    setup += f"""
        CREATE TABLE t(id INTEGER PRIMARY KEY, e BLOB, j TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
        INSERT INTO t SELECT i, vec_f32('[' || i || ',2,3]'), '[' || i || ',2,3]' FROM n;"""
    done = subprocess.run(
        [program, ROOT / "build" / f"vecgraph{SUFFIX}", setup, sql, parameter],
        capture_output=True, text=True, check=True, env=plain())
    cpp, sqlite, _ = (int(word) for word in done.stdout.split())
    return cpp, sqlite


# (expression over t, what binds to ?1, the same work of SQLite without us)
QUERIES = {
    "blob": ("vec_distance_cosine(e, vec_f32(?1))", "[1,2,3]", "length(e)"),
    "json parameter": ("vec_distance_cosine(e, ?1)", "[1,2,3]", "length(e)"),
    "json literal": ("vec_distance_l2(e, '[1,2,3]')", "", "length(e)"),
    "dot": ("vec_dot(e, ?1)", "[1,2,3]", "length(e)"),
    "self": ("vec_distance_l1(e, e)", "", "length(e)"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_scalar_function_allocates_nothing_per_row(program, name):
    ours, parameter, plain_work = QUERIES[name]
    growth = []
    for expression, bound in [(ours, parameter), (plain_work, "")]:
        sql = f"SELECT id FROM t ORDER BY {expression} LIMIT 10"
        few = allocations(program, FEW, sql, bound)
        many = allocations(program, MANY, sql, bound)
        growth.append((many[0] - few[0], many[1] - few[1]))
    (cpp, sqlite), (_, sqlite_alone) = growth
    assert cpp == 0
    assert sqlite - sqlite_alone < 20  # the sorter's own, which depend on the order of the rows


def test_a_search_of_the_table_allocates_nothing_per_row(program):
    sql = "SELECT id FROM vec_topk('t', 'e', ?1, 10, 'l2')"  # the nearest come first
    few, many = (allocations(program, rows, sql, "[0,2,3]", "SELECT vec_config('cache_mb', 0);")
                 for rows in (FEW, MANY))
    assert many == few


def test_a_search_from_memory_allocates_nothing_per_row(program):
    sql = "SELECT id FROM vec_topk('t', 'e', ?1, 10, 'l2')"
    few, many = (allocations(program, rows, sql, "[0,2,3]") for rows in (FEW, MANY))
    assert many == few


def test_a_search_of_codes_allocates_next_to_nothing_per_row(program):
    growth = []
    for rows in (FEW, MANY):
        fill = f"""CREATE TABLE u(id INTEGER PRIMARY KEY, e); INSERT INTO u WITH RECURSIVE n(i) AS
            (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {4 * rows}), d(j) AS
            (SELECT 1 UNION ALL SELECT j + 1 FROM d WHERE j < 64)
            SELECT i, (SELECT vec_f32(json_group_array((i * 7919 + j * j * 31) % 101 - 50)) FROM d)
            FROM n;"""
        growth.append(allocations(
            program, rows, "SELECT id FROM vec_topk('u', 'e', (SELECT e FROM u WHERE id = 9), 3)",
            setup=fill))
    (cpp, sqlite), (more_cpp, more_sqlite) = growth
    # Lists of what the codes leave grow by doubling.
    assert more_cpp - cpp < 40 and more_sqlite - sqlite < 10


def test_control_json_in_every_row_is_counted(program):
    sql = "SELECT id FROM t ORDER BY vec_dot(j, '[1,2,3]') LIMIT 10"
    growth = allocations(program, MANY, sql)[0] - allocations(program, FEW, sql)[0]
    assert growth >= MANY - FEW
