"""The contract with sqlite-vec: the same expressions in its released build and in vecgraph.

Both run in their own connection of the same SQLite. What differs on purpose stands in DIFFERENT,
with both answers, so that the list stays true.
"""
import json

import numpy as np
import pytest
import sqlite_vec

from conftest import Engine, load
from vectors import F32, f32, i8


@pytest.fixture
def peer(binding):
    """sqlite-vec alone."""
    engine = Engine(binding, loaded=False)
    engine.connection.enable_load_extension(True)
    engine.connection.load_extension(sqlite_vec.loadable_path())
    yield engine
    engine.close()


def answer(engine, expression, params=()):
    """The value with its SQL type, or the text of the error."""
    return rows(engine, f"SELECT v, typeof(v) FROM (SELECT {expression} AS v)", params)


def rows(engine, sql, params=()):
    try:
        return engine.execute(sql, params)
    except Engine.Error as problem:
        return f"error: {problem}"


# ---- the same, to the last bit and letter -----------------------------------------------------

BAD = ["NULL", "1", "1.5", "''", "x''", "'[]'", "'['", "' []'", "'abc'", "'{}'", "'  '",
       "x'010203'", "'[null]'", "'[true]'", "'[[1]]'", "'[\"a\"]'", "'[a]'", "'[,1]'",
       "'[1e500]'", "'[1,2}'", "'[-]'"]
ONE = ["vec_f32", "vec_int8", "vec_bit", "vec_type", "vec_length", "vec_to_json", "vec_normalize",
       "vec_quantize_binary"]
TWO = ["vec_distance_l2", "vec_distance_l1", "vec_distance_cosine", "vec_distance_hamming",
       "vec_add", "vec_sub"]
VECTORS = ["'[1,2,3,4]'", "x'0000803F0000004000004040'", "vec_f32('[1,2,3,4]')",
           "vec_int8('[1,2,3,4]')", "vec_int8('[5,-6,7,-8]')", "vec_bit(x'0f')",
           "vec_bit(x'f1')", "json('[4,3,2,1]')", "' [ 0.5 , -1e1,1E+1,0 ] '",
           "vec_add('[1,2,3,4]','[1,1,1,1]')", "vec_slice(vec_bit(x'0102'),8,16)"]

SAME = [
    *(f"{f}({bad})" for f in ONE for bad in BAD),
    *(f"{f}({bad},'[1]')" for f in TWO for bad in BAD),
    *(f"{f}('[1]',{bad})" for f in TWO for bad in BAD),
    *(f"{f}(1,NULL)" for f in TWO),
    *(f"{f}({a},{b})" for f in TWO for a in VECTORS for b in VECTORS),
    *(f"{f}({v})" for f in ONE for v in VECTORS if f != "vec_normalize"),
    *(f"vec_type({f}({a},{b}))" for f in ("vec_add", "vec_sub")
      for a, b in (("'[1]'", "'[1]'"), ("vec_int8('[1]')", "vec_int8('[1]')"))),
    *(f"vec_slice({v},{start},{end})" for v in ("'[1,2,3]'", "vec_int8('[1,2,3]')",
                                                "vec_bit(x'0a0b0c')", "NULL", "x'010203'")
      for start in ("-1", "0", "1", "3", "8", "9", "16", "24", "25", "NULL", "'1'", "1.9", "'a'")
      for end in ("-1", "0", "1", "2", "3", "8", "9", "16", "24", "25", "NULL", "'2'", "2.2")),
    *(f"vec_quantize_int8({v},{word})" for v in ("'[-1,0,0.5,1,2]'", "'[-2,-0.5,0.25,0.999]'",
                                                 "vec_int8('[1,2,3,4]')", "NULL", "x'01'", "1")
      for word in ("'unit'", "'UNIT'", "'x'", "''", "NULL", "3", "x'00'")),
    "vec_quantize_binary('[1,-1,0,2,-3,0.1,-0.1,5,9,-9,9,-9,9,-9,9,-9]')",
    "vec_quantize_binary(vec_int8('[1,-1,0,127,-128,0,0,1]'))",
    "vec_quantize_binary('[1e-45,-1e-45,0,-0.0,1,1,1,1]')",
    "vec_type(vec_quantize_binary('[1,1,1,1,1,1,1,1]'))",
    "vec_type(vec_quantize_int8('[1,1]','unit'))",
    *(f"vec_int8('{j}')" for j in ("[128]", "[-129]", "[1.5]", "[1.0]", "[1e2]", "[-0]",
                                   "[9999999999]", "[ 1 , 2 ]", "[-128,127]")),
    "vec_to_json('[0.1234567]')", "vec_to_json('[1e-9,-1e-9,0]')",
    "vec_to_json('[123456.75,16777217,999999.9375,-1.5]')",
    "vec_to_json(vec_int8('[-128,0,127]'))", "vec_to_json(vec_bit(x'0f80'))",
    "json_array(vec_to_json(vec_int8('[1,2]')))",
    "vec_add(vec_int8('[127,-128]'),vec_int8('[1,-1]'))",
    "vec_sub(vec_int8('[-128,127]'),vec_int8('[1,-1]'))",
    "vec_distance_l1('[3.4028235e38]','[-3.4028235e38]')",
    "vec_distance_l2('[3e38]','[-3e38]')",
    "vec_distance_cosine('[0,0]','[1,2]')", "vec_distance_cosine(vec_int8('[0]'),vec_int8('[1]'))",
    "vec_distance_l2(vec_int8('[-128,-128]'),vec_int8('[127,127]'))",
    "vec_distance_l1(vec_int8('[127,-128]'),vec_int8('[-128,127]'))",
    "vec_distance_cosine('[0.3,0.1,0.9]','[0.31,0.1,0.88]')",
    "vec_distance_l2('[0.3,0.1,0.9]','[0.31,0.1,0.88]')",
    "vec_distance_l1('[0.3,0.1,0.9]','[0.31,0.1,0.88]')",
    "vec_distance_cosine(vec_int8('[1,2]'),vec_int8('[2,1]'))",
    "vec_distance_l2('[1,2]','[1]')", "vec_distance_hamming(vec_bit(x'01'),vec_bit(x'0102'))",
    "vec_normalize('[0.3,0.1,0.9]')", "vec_normalize('[3,4]')",
    "vec_normalize(vec_int8('[1]'))", "vec_normalize(vec_bit(x'01'))",
]


@pytest.mark.parametrize("function", [*ONE, *TWO, "vec_slice", "vec_quantize_int8", "json_array"])
def test_same_answer(engine, peer, function):
    expressions = [e for e in SAME if e.startswith(function + "(")]
    assert expressions
    ours = {e: answer(engine, e) for e in expressions}
    theirs = {e: answer(peer, e) for e in expressions}
    assert {e: (ours[e], theirs[e]) for e in expressions if ours[e] != theirs[e]} == {}


def test_every_expression_is_tried():
    functions = {*ONE, *TWO, "vec_slice", "vec_quantize_int8", "json_array"}
    assert {e.split("(")[0] for e in SAME} == functions


def test_control_a_difference_would_be_seen(engine, peer):
    assert answer(engine, "vec_length('[1,2]')") != answer(peer, "vec_length('[1,2,3]')")
    assert answer(engine, "vec_length(1)") != answer(peer, "vec_length(1.5)")
    assert answer(engine, "vec_distance_l1('[1]','[2]')") != (
        answer(peer, "vec_distance_l1(vec_int8('[1]'),vec_int8('[2]'))"))


EACH = ["SELECT * FROM vec_each('[1,2.5]')", "SELECT rowid, value FROM vec_each('[7,8,9]')",
        "SELECT * FROM vec_each(vec_int8('[1,-2]'))", "SELECT * FROM vec_each(vec_bit(x'0f'))",
        "SELECT typeof(value) FROM vec_each(vec_bit(x'0f'))",
        "SELECT value FROM vec_each WHERE vector = '[1,2]'"]


@pytest.mark.parametrize("sql", EACH)
def test_same_rows_of_vec_each(engine, peer, sql):
    assert rows(engine, sql) == rows(peer, sql)


@pytest.mark.parametrize("argument", ["NULL", "1", "''", "x'010203'", "'abc'"])
def test_vec_each_refuses_the_same(engine, peer, argument):
    sql = f"SELECT * FROM vec_each({argument})"
    assert rows(peer, sql).startswith("error:") and rows(engine, sql).startswith("error:")


# ---- different on purpose ---------------------------------------------------------------------

def blob(*values):
    return [(f32(values), "blob")]


JSON_ERROR = "error: JSON parsing error"
NAN, INF = "x'0000803F0000C07F'", "x'0000807F'"

DIFFERENT = {
    # expression: (sqlite-vec, vecgraph)
    # Text that is not JSON.
    "vec_f32('[1,,2]')": (blob(1, 2), JSON_ERROR),
    "vec_f32('[1,2')": (blob(1, 2), JSON_ERROR),
    "vec_f32('[1,]')": (blob(1), JSON_ERROR),
    "vec_f32('[1,2] x')": (blob(1, 2), JSON_ERROR),
    "vec_f32('[0x10]')": (blob(16), JSON_ERROR),
    "vec_f32('[01]')": (blob(1), JSON_ERROR),
    "vec_f32('[+1]')": (blob(1), JSON_ERROR),
    "vec_f32('[.5]')": (blob(0.5), JSON_ERROR),
    "vec_f32('[1.]')": (blob(1), JSON_ERROR),
    "vec_f32('[nan]')": ([(f32([np.nan]), "blob")], JSON_ERROR),
    "vec_f32('[inf]')": (blob(np.inf), JSON_ERROR),
    "vec_int8('[1,,2]')": ([(b"\x01\x02", "blob")], JSON_ERROR),
    "vec_int8('[1')": ([(b"\x01", "blob")], JSON_ERROR),
    "vec_int8('[1] x')": ([(b"\x01", "blob")], JSON_ERROR),
    # A number too small for a double is zero.
    "vec_f32('[1e-500]')": (JSON_ERROR, blob(0)),
    "vec_f32('[ ]')": (JSON_ERROR, "error: zero-length vectors are not supported."),
    "vec_f32('[ ')": (JSON_ERROR, "error: zero-length vectors are not supported."),
    # Out of range, however long the number is.
    "vec_int8('[99999999999999999999]')": (JSON_ERROR,
                                           JSON_ERROR + ": value out of range for int8"),
    # The %f of C: every digit and the sign of zero. sqlite-vec writes what SQLite's printf keeps.
    "vec_to_json('[-0.0]')": ([("[0.000000]", "text")], [("[-0.000000]", "text")]),
    "vec_to_json('[123456.789]')": ([("[123456.789063]", "text")],
                                    [("[123456.789062]", "text")]),
    "vec_to_json('[1e20]')": ([("[100000002004087700000.000000]", "text")],
                              [("[100000002004087734272.000000]", "text")]),
    # NaN and infinities, with the texts of sqlite-vec 0.1.10-alpha.
    "vec_f32('[1e39]')": (blob(np.inf), "error: invalid float32 vector: element 0 is Inf"),
    f"vec_length({NAN})": ([(2, "integer")], "error: invalid float32 vector: element 1 is NaN"),
    f"vec_length({INF})": ([(1, "integer")], "error: invalid float32 vector: element 0 is Inf"),
    f"vec_to_json({NAN})": ([("[1.000000,null]", "text")],
                            "error: invalid float32 vector: element 1 is NaN"),
    f"vec_distance_l2({INF},'[1]')": (
        [(float("inf"), "real")],
        "error: Error reading 1st vector: invalid float32 vector: element 0 is Inf"),
    f"vec_distance_l1('[1,1]',{NAN})": (
        [(None, "null")],
        "error: Error reading 2nd vector: invalid float32 vector: element 1 is NaN"),
    f"vec_add({INF},'[1]')": (
        blob(np.inf), "error: Error reading 1st vector: invalid float32 vector: element 0 is Inf"),
    "vec_add('[3e38]','[3e38]')": (blob(np.inf),
                                   "error: element 0 of the result is beyond float32"),
    "vec_sub('[0,3e38]','[0,-3e38]')": (blob(0, np.inf),
                                        "error: element 1 of the result is beyond float32"),
    # vec_normalize of a vector that is as good as zero: unchanged.
    "hex(vec_normalize('[0,0]'))": ([("0000C0FF0000C0FF", "text")], [("0" * 16, "text")]),
    "vec_normalize('[5e-7,0]')": (blob(1, 0), blob(5e-7, 0)),
    "hex(vec_normalize('[3e38,3e38]'))": ([("0" * 16, "text")],
                                          [(f32([0.70710677] * 2).hex().upper(), "text")]),
    # The cosine of vectors whose squares float32 cannot hold.
    "vec_distance_cosine('[1e-30]','[1e-30]')": ([(None, "null")], [(0.0, "real")]),
    "vec_distance_cosine('[3e38,1]','[3e38,1]')": ([(None, "null")], [(0.0, "real")]),
    "vec_distance_cosine('[1e20,0]','[1,0]')": ([(1.0, "real")], [(0.0, "real")]),
    # An index beyond 32 bits is too large, not cut down to a small one.
    "vec_slice('[1,2]',4294967296,4294967297)": (
        blob(1), "error: slice 'start' index is greater than the number of dimensions"),
}


@pytest.mark.parametrize("expression", DIFFERENT)
def test_different_on_purpose(engine, peer, expression):
    theirs, ours = DIFFERENT[expression]
    assert answer(peer, expression) == theirs
    assert answer(engine, expression) == ours


def test_version_is_our_own(engine, peer):
    assert answer(peer, "vec_version()") == [("v0.1.9", "text")]
    assert answer(engine, "vec_version()") != answer(peer, "vec_version()")


# ---- random vectors ---------------------------------------------------------------------------

@pytest.mark.parametrize("dims", range(1, 17))
def test_short_random_vectors_have_the_same_bits(engine, peer, dims):
    rng = np.random.default_rng(dims)
    for size in (1.0, 1e-20, 1e18):
        a, b = (f32(rng.standard_normal(dims) * size) for _ in range(2))
        for function in ("vec_distance_l2", "vec_distance_l1", "vec_distance_cosine", "vec_add",
                         "vec_sub"):
            if size < 1e-18 and function == "vec_distance_cosine":
                continue  # DIFFERENT
            expression = f"{function}(?1,?2)"
            assert answer(engine, expression, (a, b)) == answer(peer, expression, (a, b)), (
                function, size)


@pytest.mark.parametrize("dims", [17, 64, 65, 300, 768, 1536])
def test_long_random_vectors_agree_to_six_digits(engine, peer, dims):
    rng = np.random.default_rng(dims)
    for _ in range(5):
        a, b = (f32(rng.standard_normal(dims)) for _ in range(2))
        for function in ("vec_distance_l2", "vec_distance_l1", "vec_distance_cosine"):
            [(ours, _)] = answer(engine, f"{function}(?1,?2)", (a, b))
            [(theirs, _)] = answer(peer, f"{function}(?1,?2)", (a, b))
            assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-6), function


@pytest.mark.parametrize("dims", [1, 2, 16, 17, 64, 300])
def test_random_int8_vectors_have_the_same_bits(engine, peer, dims):
    # Up to here every sum of squares is exact in float32 as well.
    rng = np.random.default_rng(dims)
    for _ in range(5):
        a, b = (i8(rng.integers(-128, 128, dims)) for _ in range(2))
        for function in ("vec_distance_l2", "vec_distance_l1", "vec_distance_cosine", "vec_add",
                         "vec_sub"):
            expression = f"{function}(vec_int8(?1),vec_int8(?2))"
            assert answer(engine, expression, (a, b)) == answer(peer, expression, (a, b)), function


@pytest.mark.parametrize("dims", [8, 16, 64, 304])
def test_random_quantizations_have_the_same_bytes(engine, peer, dims):
    rng = np.random.default_rng(dims)
    v = f32(rng.standard_normal(dims) * 0.7)
    for expression in ("vec_quantize_int8(?1,'unit')", "vec_quantize_binary(?1)",
                       "vec_to_json(?1)", "vec_to_json(vec_int8(?1))", "vec_to_json(vec_bit(?1))"):
        assert answer(engine, expression, (v,)) == answer(peer, expression, (v,)), expression


@pytest.mark.parametrize("length", [1, 7, 8, 9, 100, 1000])
def test_random_hamming_distances(engine, peer, length):
    rng = np.random.default_rng(length)
    a, b = rng.bytes(length), rng.bytes(length)
    expression = "vec_distance_hamming(vec_bit(?1),vec_bit(?2))"
    assert answer(engine, expression, (a, b)) == answer(peer, expression, (a, b))


def test_random_json_reads_alike(engine, peer):
    rng = np.random.default_rng(9)
    for _ in range(20):
        numbers = (rng.standard_normal(30) * 10.0 ** rng.integers(-30, 30, 30)).tolist()
        text = json.dumps(numbers)
        assert answer(engine, "vec_f32(?)", (text,)) == answer(peer, "vec_f32(?)", (text,))
        assert answer(engine, "vec_f32(?)", (text,)) == [
            (np.array(numbers).astype(F32).tobytes(), "blob")]


# ---- beside each other ------------------------------------------------------------------------

def test_the_own_entry_point_leaves_the_names_of_sqlite_vec_alone(peer):
    load(peer.connection, "sqlite3_vecgraph_own_init")
    assert peer.execute("SELECT vec_version(), vec_f32('[1,,2]'), vec_dot('[1,2]','[3,4]')") == [
        ("v0.1.9", f32([1, 2]), 11.0)]
    peer.script("CREATE VIRTUAL TABLE temp.v USING vec0(e float[2])")
    peer.execute("INSERT INTO temp.v(e) VALUES ('[1,2]')")
    assert peer.execute("SELECT vec_dot(e, '[1,1]') FROM temp.v") == [(3.0,)]
