"""vec_audit: every fault is named, and nothing else, as an oracle written with numpy says."""

import json
import math
import random
import struct
import threading
from collections import Counter

import numpy as np
import pytest

from conftest import Engine
from test_kernels import ABLE
from vectors import f32, floats, statement_error

DIMS = 24
PROBLEMS = ["type", "text", "length", "inflated", "dimensions", "nonfinite", "zero", "constant",
            "not_unit", "duplicate"]


def inflate(blob):
    return f32(np.frombuffer(blob, dtype=np.uint8))


def unit(rng, dims=DIMS):
    v = rng.standard_normal(dims)
    return f32(v / np.linalg.norm(v))


# ---- the oracle --------------------------------------------------------------------------------


def norm(v):
    return math.sqrt(math.fsum(float(x) * float(x) for x in v))


def is_unit(v):
    return abs(norm(v) - 1) <= 1e-4


def bytes_of(v):
    """The bytes that the floats are, or None."""
    ok = len(v) % 4 == 0 and all(0 <= x <= 255 and x == int(x) and not np.signbit(x) for x in v)
    return bytes(int(x) for x in v) if ok else None


def whole(value):
    return isinstance(value, bytes) and len(value) > 0 and len(value) % 4 == 0


def usual_dims(values):
    """The most frequent number of floats; the bytes of a unit vector count as that vector."""
    counts = Counter()
    for v in map(floats, filter(whole, values)):
        inner = floats(bytes_of(v)) if all(np.isfinite(v)) and bytes_of(v) is not None else None
        counts[len(inner) if inner is not None and all(np.isfinite(inner)) and is_unit(inner)
               else len(v)] += 1
    return max(sorted(counts), key=counts.get, default=0)


def faults(values, dims=None):
    """[(number of the row, problem)]"""
    dims = dims or usual_dims(values)
    sound = [v for v in map(floats, filter(whole, values))
             if dims in (0, len(v)) and all(np.isfinite(v)) and any(v)
             and (len(v) == 1 or any(v != v[0]))]
    most_unit = 2 * sum(map(is_unit, sound)) > len(sound)
    seen, found = set(), []
    for number, value in enumerate(values, 1):
        if value is None:
            continue
        if isinstance(value, str):
            try:
                parsed = json.loads(value)
                good = isinstance(parsed, list) and parsed and all(
                    type(x) in (int, float) and math.isfinite(x) and abs(x) < 3.4028235e38
                    for x in parsed)
            except ValueError:
                good = False
            found.append((number, "type" if not good else
                          "text" if dims in (0, len(parsed)) else "dimensions"))
            continue
        if not isinstance(value, bytes):
            found.append((number, "type"))
            continue
        if not whole(value):
            found.append((number, "length"))
            continue
        v = floats(value)
        if len(v) != dims:
            inflated = len(v) == 4 * dims and all(np.isfinite(v)) and bytes_of(v) is not None
            found.append((number, "inflated" if inflated else "dimensions"))
        elif not all(np.isfinite(v)):
            found.append((number, "nonfinite"))
        elif not any(v):
            found.append((number, "zero"))
        elif len(v) > 1 and all(v == v[0]):
            found.append((number, "constant"))
        else:
            if most_unit and not is_unit(v):
                found.append((number, "not_unit"))
            if value in seen:
                found.append((number, "duplicate"))
            seen.add(value)
    return found


# ---- asking ------------------------------------------------------------------------------------


def fill(engine, values, table="t"):
    engine.execute(f"CREATE TABLE {table}(id TEXT PRIMARY KEY, e)")
    engine.execute("BEGIN")
    for number, value in enumerate(values, 1):
        engine.execute(f"INSERT INTO {table} VALUES (?, ?)", (f"n{number}", value))
    engine.execute("COMMIT")


def audit(engine, source="'t'", *more):
    arguments = "".join(f", {argument}" for argument in more)
    rows = engine.execute(
        f"SELECT rowid, id, problem, detail FROM vec_audit({source}, 'e'{arguments})")
    assert all(id == f"n{rowid}" for rowid, id, _, _ in rows), rows
    return [(rowid, problem) for rowid, _, problem, _ in rows]


def one(engine, value, others=5, dims=DIMS):
    """The faults of a table of sound rows and this one, the last."""
    rng = np.random.default_rng(3)
    fill(engine, [*(unit(rng, dims) for _ in range(others)), value])
    return engine.execute("SELECT rowid, problem, detail FROM vec_audit('t', 'e')")


def damaged(seed, rows=300, share=0.3, dims=DIMS):
    """Random vectors with faults of every kind among them."""
    rng, rand = np.random.default_rng(seed), random.Random(seed)
    values = [unit(rng, dims) for _ in range(rows)]
    for at in range(rows):
        if rand.random() > share:
            continue
        v = floats(values[at]).copy()
        kind = rand.randrange(15)
        if kind == 0:
            values[at] = rand.choice([5, 0.5, "", "no vector", "[1,", "[]", '["a"]', "[1e39]"])
        elif kind == 1:
            values[at] = json.dumps([float(x) for x in v])
        elif kind == 2:
            values[at] = values[at][: rand.choice([0, 1, 7, 4 * dims - 1])]
        elif kind == 3:
            values[at] = inflate(values[at])
        elif kind == 4:
            values[at] = unit(rng, rand.choice([1, dims - 1, dims + 1, 2 * dims, 4 * dims]))
        elif kind == 5:
            v[rand.randrange(dims)] = rand.choice([math.nan, math.inf, -math.inf])
            values[at] = f32(v)
        elif kind == 6:
            values[at] = f32(rand.choice([np.zeros(dims), -np.zeros(dims)]))
        elif kind == 7:
            values[at] = f32(np.full(dims, rand.choice([1 / math.sqrt(dims), -3, 1e-40])))
        elif kind == 8:
            values[at] = f32(v * rand.choice([0.9, 1.001, 1e-9, 1e-30, 1e20, 3e38]))
        elif kind == 9:
            values[at] = rand.choice([x for x in values if whole(x)])
        elif kind == 10:
            values[at] = None
        elif kind == 11:
            values[at] = f32(v * rand.choice([1 + 9.5e-5, 1 - 9.5e-5, 1 + 1.05e-4, 1 - 1.05e-4]))
        elif kind == 12:
            values[at] = json.dumps([1.0] * rand.choice([1, dims + 1]))
        elif kind == 13:
            values[at] = f32([rand.randrange(256) for _ in range(4 * dims)])
        else:
            values[at] = f32([rand.randrange(-1, 256) for _ in range(dims)])
    return values


# ---- each fault, and what the audit says ----------------------------------------------------------

FAULTS = {
    "number": (5, "type", "INTEGER is no vector: embed this row again"),
    "real": (0.5, "type", "FLOAT is no vector: embed this row again"),
    "words": ("soup", "type",
              "TEXT of 4 bytes that is no JSON array of float32 numbers: embed this row again"),
    "text": ("[1,2,3]", "text", "TEXT, a JSON array of 3 numbers: vec_f32() makes it the blob"),
    "short text": ("[1,2]", "dimensions",
                   "TEXT, a JSON array of 2 numbers where 3 are expected: embed this row again"),
    "empty": (b"", "length", "0 bytes are no whole number of floats: embed this row again"),
    "odd": (b"12345", "length", "5 bytes are no whole number of floats: embed this row again"),
    "inflated": (inflate(f32([0.6, 0, -0.8])), "inflated",
                 "12 floats that are the bytes of 3: vec_deflate() restores them"),
    "long": (f32([1, 0, 0, 0]), "dimensions",
             "4 floats where 3 are expected: embed this row again with the same model"),
    "four times": (f32([0.5] * 12), "dimensions",
                   "12 floats where 3 are expected: embed this row again with the same model"),
    "nan": (f32([0, math.nan, 0]), "nonfinite",
            "invalid float32 vector: element 1 is NaN: embed this row again"),
    "inf": (f32([0, 0, -math.inf]), "nonfinite",
            "invalid float32 vector: element 2 is Inf: embed this row again"),
    "zero": (f32([0, -0.0, 0]), "zero",
             "all elements are 0: embed this row again, or set it to NULL"),
    "constant": (f32([0.5] * 3), "constant", "all 3 elements are 0.5: embed this row again"),
    "stretched": (f32([0, 3, 4]), "not_unit",
                  "length 5 where most have 1: vec_normalize() makes it 1"),
    "tiny": (f32([0, 0, 2**-20]), "not_unit", "length 9.53674316e-07, too short for "
             "vec_normalize(): embed this row again"),
    "underflow": (f32([0, 0, 1e-40]), "not_unit", "length 9.99994610e-41, too short for "
                  "vec_normalize(): embed this row again"),
    "overflow": (f32([3e38, 3e38, 0]), "not_unit",
                 "length 4.24264077e+38 where most have 1: vec_normalize() makes it 1"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_only_it(engine, name):
    value, problem, detail = FAULTS[name]
    found = one(engine, value, dims=3)
    assert [(row[0], row[1]) for row in found] == [(6, problem)]
    if "e-" in detail or "e+" in detail:
        assert found[0][2].split(" ", 2)[2] == detail.split(" ", 2)[2]
    else:
        assert found[0][2] == detail


def test_a_duplicate_names_the_first_of_its_kind(engine):
    a, b = f32([0.6, 0.8]), f32([0.8, 0.6])
    fill(engine, [a, b, a, f32([1, 0]), a, b])
    assert engine.execute("SELECT id, detail FROM vec_audit('t', 'e')") == [
        (f"n{n}", f"the same bytes as rowid {first}: embed this row again if its content is another")
        for n, first in ((3, 1), (5, 1), (6, 2))]


def test_a_row_may_be_a_duplicate_and_not_unit(engine):
    fill(engine, [f32([0.6, 0.8]), f32([3, 4]), f32([1, 0]), f32([3, 4]), f32([0, 1])])
    assert audit(engine) == [(2, "not_unit"), (4, "not_unit"), (4, "duplicate")]


def test_sound_rows_and_null_are_no_fault(engine):
    assert one(engine, None) == []
    engine.execute("DELETE FROM t")
    assert engine.execute("SELECT * FROM vec_audit('t', 'e')") == []


def test_vectors_of_any_length_are_sound_where_most_are_not_unit(engine):
    rng = np.random.default_rng(1)
    fill(engine, [*(f32(3 * rng.standard_normal(8)) for _ in range(9)), unit(rng, 8)])
    assert audit(engine) == []


def test_one_element(engine):
    fill(engine, [f32([1]), f32([-1]), f32([1]), f32([0])])
    assert audit(engine) == [(3, "duplicate"), (4, "zero")]


@pytest.mark.parametrize("factor,problem", [
    (1 + 9.9e-5, None), (1 - 9.9e-5, None), (1 + 1.01e-4, "not_unit"), (1 - 1.01e-4, "not_unit")])
@pytest.mark.parametrize("dims", [2, 384, 4096])
def test_the_tolerance_is_a_ten_thousandth(engine, dims, factor, problem):
    rng = np.random.default_rng(dims)
    v = rng.standard_normal(dims)
    v = f32(v / np.linalg.norm(v) * factor)
    fill(engine, [unit(rng, dims), unit(rng, dims), unit(rng, dims), v])
    assert audit(engine) == ([(4, problem)] if problem else [])


# ---- what is expected ----------------------------------------------------------------------------


def test_most_rows_say_the_number_of_dimensions(engine):
    rng = np.random.default_rng(2)
    fill(engine, [unit(rng, 5), unit(rng, 4), unit(rng, 4), unit(rng, 5), unit(rng, 4)])
    assert audit(engine) == [(1, "dimensions"), (4, "dimensions")]
    assert audit(engine, "'t'", 5) == [(n, "dimensions") for n in (2, 3, 5)]
    assert audit(engine, "'t'", 5.0) == audit(engine, "'t'", 5)
    assert audit(engine, "'t'", "NULL") == audit(engine)
    assert len(audit(engine, "'t'", (1 << 29) - 1)) == 5


def test_the_first_rows_do_not_decide(engine):
    """More rows of another length, and of another norm, than the guess looks at."""
    rng = np.random.default_rng(2)
    stretched = [f32(2 * floats(unit(rng, 3))) for _ in range(1100)]
    fill(engine, [*(unit(rng, 5) for _ in range(1050)), *stretched,
                  *(unit(rng, 3) for _ in range(1200))])
    expected = [(n, "dimensions") for n in range(1, 1051)]
    expected += [(n, "not_unit") for n in range(1051, 2151)]
    assert audit(engine) == expected


def test_where_most_rows_are_inflated_the_true_length_is_known(engine):
    rng = np.random.default_rng(4)
    values = [inflate(unit(rng, 6)) for _ in range(8)] + [unit(rng, 6)]
    fill(engine, values)
    assert audit(engine) == [(n, "inflated") for n in range(1, 9)]


def test_integers_are_not_taken_for_inflated_without_a_reason(engine):
    rng = np.random.default_rng(4)
    fill(engine, [f32(rng.integers(0, 256, 128)) for _ in range(9)])
    assert audit(engine) == []


def test_the_model_says_the_number_of_dimensions(engine):
    rng = np.random.default_rng(2)
    fill(engine, [unit(rng, 4), unit(rng, 4), unit(rng, 5)])
    engine.execute("CREATE TABLE embedding_models(table_name, column_name, model, dims)")
    assert audit(engine) == [(3, "dimensions")]
    engine.execute("INSERT INTO embedding_models VALUES ('x', 'e', 'm', 7), ('T', 'E', 'm', 5)")
    assert audit(engine) == [(1, "dimensions"), (2, "dimensions")]
    assert audit(engine, "'t'", 4) == [(3, "dimensions")]
    engine.execute("UPDATE embedding_models SET dims = 'many'")
    assert audit(engine) == [(3, "dimensions")]
    engine.execute("DROP TABLE embedding_models")
    engine.execute("CREATE TABLE embedding_models(x)")
    assert audit(engine) == [(3, "dimensions")]


def test_the_model_of_an_attached_database_is_its_own(engine):
    rng = np.random.default_rng(2)
    engine.execute("ATTACH ':memory:' AS other")
    fill(engine, [unit(rng, 4), unit(rng, 4), unit(rng, 5)], "other.t")
    engine.execute("CREATE TABLE embedding_models(table_name, column_name, model, dims)")
    engine.execute("INSERT INTO embedding_models VALUES ('t', 'e', 'm', 5)")
    assert audit(engine, "'other.t'") == [(3, "dimensions")]


# ---- against the oracle --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_random_damage_against_the_oracle(engine, seed):
    values = damaged(seed, share=random.Random(seed).choice([0.05, 0.3, 0.9]),
                     dims=random.Random(seed).choice([2, 7, 24, 100]))
    fill(engine, values)
    expected = faults(values)
    assert audit(engine) == expected
    assert expected


def test_the_damage_has_every_kind():
    found = {problem for seed in range(12) for _, problem in faults(damaged(seed))}
    assert found == set(PROBLEMS)


@pytest.mark.parametrize("kernel", ABLE)
def test_every_kernel_finds_the_same(engine, kernel):
    values = damaged(99)
    fill(engine, values)
    engine.execute("SELECT vec_config('kernel', ?)", (kernel,))
    assert audit(engine) == faults(values)


# ---- sources ---------------------------------------------------------------------------------------


def test_views_queries_and_tables_without_rowid(engine):
    values = damaged(7)
    fill(engine, values)
    expected = faults(values)
    engine.execute("CREATE VIEW v AS SELECT e, id FROM t ORDER BY rowid")
    assert audit(engine, "'v'") == expected
    assert audit(engine, "db_query('SELECT id, e FROM t ORDER BY rowid')") == expected
    engine.execute("CREATE TABLE w(number INTEGER, id, e, PRIMARY KEY (number, id)) WITHOUT ROWID")
    engine.execute("INSERT INTO w SELECT rowid, id, e FROM t")
    assert [row[1:] for row in engine.execute("SELECT id, rowid, problem FROM vec_audit('w', 'e')")
            ] == expected
    (detail,) = {row[0] for row in engine.execute(
        "SELECT substr(detail, 1, 28) FROM vec_audit('v', 'e') WHERE problem = 'duplicate'")
        if row[0].startswith("the same bytes as row number")}
    assert detail == "the same bytes as row number"


def test_rowids_and_ids_are_those_of_vec_topk(engine):
    engine.execute("CREATE TABLE t(name TEXT, e)")
    engine.execute("INSERT INTO t(rowid, name, e) VALUES (-5, 'a', x''), (70, 'b', x'00')")
    assert engine.execute("SELECT rowid, id FROM vec_audit('t', 'e')") == [(-5, -5), (70, 70)]
    assert engine.execute("SELECT rowid FROM vec_audit('t', 'e', 3)") == [(-5,), (70,)]
    assert engine.execute("SELECT t.name FROM vec_audit('t', 'e') AS a JOIN t ON t.rowid = a.rowid"
                          " ORDER BY 1") == [("a",), ("b",)]


def test_a_correlated_audit(engine):
    fill(engine, [b""], "a")
    fill(engine, [f32([1, 0]), f32([0, 1])], "b")
    assert engine.execute(
        "SELECT s.name, p.problem FROM (SELECT 'a' AS name UNION ALL SELECT 'b') AS s "
        "LEFT JOIN vec_audit(s.name, 'e') AS p") == [("a", "length"), ("b", None)]


def test_the_arguments_can_be_read(engine):
    fill(engine, [b""])
    assert engine.execute('SELECT source, "column", dims FROM vec_audit(\'t\', \'e\', 3)') == [
        ("t", "e", 3)]
    assert engine.execute("SELECT problem FROM vec_audit WHERE \"column\" = 'e' AND source = 't'"
                          ) == [("length",)]


@pytest.mark.parametrize("term", [
    *(f"problem {operator} '{problem}'" for operator in ("=", "<>") for problem in PROBLEMS),
    "problem IN ('zero', 'duplicate')", "problem IN ('zero', 'text')", "problem > 'duplicate'",
    "problem = 'DUPLICATE' COLLATE NOCASE", "problem <> 'DUPLICATE' COLLATE NOCASE",
    "problem IS NOT 'duplicate'", "problem = 'zero' OR problem = 'duplicate'", "problem = 5"])
def test_terms_about_the_problem_choose_rows(engine, term):
    fill(engine, damaged(11))
    engine.execute("CREATE TEMP TABLE found AS SELECT rowid AS n, problem FROM vec_audit('t', 'e')")
    expected = engine.execute(f"SELECT n, problem FROM found WHERE {term} ORDER BY n, problem")
    assert engine.execute(f"SELECT rowid, problem FROM vec_audit('t', 'e') WHERE {term} "
                          "ORDER BY rowid, problem") == expected


@pytest.mark.parametrize("term,plan", [
    ("1", 0), ("problem <> 'duplicate'", 2), ("problem = 'zero'", 2), ("problem = 'duplicate'", 0),
    ("problem <> 'zero'", 0), ("problem IN ('zero', 'text')", 0),
    ("problem <> 'duplicate' COLLATE NOCASE", 0)])
def test_a_term_without_duplicates_saves_the_search_for_them(engine, term, plan):
    fill(engine, [])
    sql = f"EXPLAIN QUERY PLAN SELECT problem FROM vec_audit('t', 'e') WHERE {term}"
    (row,) = engine.execute(sql)
    saves = engine.version >= (3, 38)
    assert row[3].endswith(f"VIRTUAL TABLE INDEX {plan if saves else 0}:source,column")


def test_writing_while_the_rows_are_read(engine):
    fill(engine, [b"", f32([3, 4]), b"1"])
    engine.execute("DELETE FROM t WHERE rowid IN (SELECT rowid FROM vec_audit('t', 'e'))")
    assert engine.execute("SELECT count(*) FROM t") == [(1,)]


def test_a_read_only_file(tmp_path, connect):
    engine = connect(tmp_path / "a.db")
    fill(engine, damaged(5))
    expected = audit(engine)
    engine.close()
    assert audit(connect(f"file:{tmp_path / 'a.db'}?mode=ro")) == expected


def test_groups_of_duplicates_beyond_the_room_for_copies(engine):
    """80 groups of 1 MB: more than is copied in one pass."""
    rng = np.random.default_rng(8)
    values = [f32(rng.standard_normal(1 << 18)) for _ in range(80)]
    fill(engine, [*values, *reversed(values)])
    assert engine.execute("SELECT count(*), min(rowid), max(rowid) FROM vec_audit('t', 'e') "
                          "WHERE problem = 'duplicate'") == [(80, 81, 160)]
    assert engine.execute("SELECT count(*) FROM vec_audit('t', 'e') AS a "
                          "WHERE detail LIKE '% rowid ' || (161 - a.rowid) || ':%'") == [(80,)]


# ---- wrong use and bad ends --------------------------------------------------------------------


@pytest.mark.parametrize("call,sentence", [
    ("vec_audit", "vec_audit: the argument 'source' is missing; write vec_audit(source, column [, dims])"),
    ("vec_audit('t')", "vec_audit: the argument 'column' is missing; write vec_audit(source, column [, dims])"),
    ("vec_audit('nope', 'e')", "vec_audit: no table or view 'nope' (looked in temp, main)"),
    ("vec_audit('t', 'x')", "vec_audit: t has no column 'x' (it has id, e)"),
    ("vec_audit(5, 'e')", "vec_audit: source must be the name of a table or view, or "
                          "db_query('SELECT ...'), found INTEGER"),
    ("vec_audit('t', NULL)", "vec_audit: column must be text, found NULL"),
    ("vec_audit('t', 'e', 0)", "vec_audit: dims must be 1 to 536870911, found 0"),
    ("vec_audit('t', 'e', 536870912)", "vec_audit: dims must be 1 to 536870911, found 536870912"),
    ("vec_audit('t', 'e', -1)", "vec_audit: dims must be an integer of 0 or more, found -1"),
    ("vec_audit('t', 'e', 'x')", "vec_audit: dims must be an integer of 0 or more, found x"),
    ("vec_audit(db_query('DELETE FROM t'), 'e')",
     "vec_audit: db_query: give one SELECT statement that only reads"),
])
def test_wrong_arguments_are_errors(engine, call, sentence):
    fill(engine, [])
    found = statement_error(engine, f"SELECT * FROM {call}")
    assert found.replace("(looked in main)", "(looked in temp, main)") == sentence


def test_a_view_that_audits_itself_ends(engine):
    engine.execute("CREATE VIEW v AS SELECT problem AS e FROM vec_audit('v', 'e')")
    assert "more than 10 searches" in statement_error(engine, "SELECT * FROM vec_audit('v', 'e')")


def test_a_source_that_fails_on_the_way(engine):
    fill(engine, [f32([1, 0])] * 3)
    engine.execute("CREATE VIEW v AS SELECT id, CASE WHEN rowid < 3 THEN e ELSE abs(-9223372036854775808) END AS e FROM t")
    assert "vec_audit: reading v.e: integer overflow" in statement_error(
        engine, "SELECT * FROM vec_audit('v', 'e')")


def test_a_source_that_gives_other_rows_each_time(engine):
    fill(engine, damaged(3))
    engine.execute("CREATE VIEW v AS SELECT id, CASE abs(random()) % 3 WHEN 0 THEN e WHEN 1 THEN "
                   "randomblob(abs(random()) % 40) WHEN 2 THEN x'0000803f00000040' END AS e FROM t")
    for _ in range(20):
        rows = engine.execute("SELECT problem FROM vec_audit('v', 'e')")
        assert {problem for (problem,) in rows} <= set(PROBLEMS)


def test_an_interrupt_stops_it(engine):
    endless = ("db_query('WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
               "SELECT n AS id, x''0000803f00000040'' AS e FROM c')")
    timer = threading.Timer(0.2, engine.connection.interrupt)
    timer.start()
    found = statement_error(engine, f"SELECT * FROM vec_audit({endless}, 'e') WHERE problem <> 'duplicate'")
    timer.join()
    assert "interrupt" in found.lower()


def test_the_text_of_other_encodings():
    engine = Engine("sqlite3")
    engine.execute("PRAGMA encoding = 'UTF-16'")
    fill(engine, [f32([1, 0]), "[0,1]", "süß"])
    assert audit(engine) == [(2, "text"), (3, "type")]
    engine.close()


def test_control_the_oracle_sees_a_fault_that_is_put_in():
    values = [f32([0.6, 0.8]), f32([0.8, 0.6]), f32([1, 0])]
    assert faults(values) == []
    assert faults([*values, struct.pack("<f", 1.0)]) == [(4, "dimensions")]
    assert faults([*values, values[0]]) == [(4, "duplicate")]
