"""Whatever the arguments are, every vector function gives a value or a clean error."""
import itertools
import json
import random
import re
import sqlite3

import numpy as np
import pytest

from vectors import errors_of, f32, value

POOL = ["NULL", "0", "1", "-1", "8", "9223372036854775807", "-9223372036854775808", "1.5", "9e999",
        "''", "'abc'", "'[1,2]'", "'[1,,2]'", "'unit'", "'dot'", "x''", "x'01'", "zeroblob(8)",
        "zeroblob(32)", "x'0000C07F'", "vec_int8('[1,2]')", "vec_bit(x'ff')", "json('[1,2]')"]
SMALL = ["NULL", "0", "-1", "1.5", "9e999", "'[1,2]'", "'dot'", "x''", "zeroblob(8)",
         "vec_int8('[1,2]')"]

ARITY = {
    "vec_f32": 1, "vec_int8": 1, "vec_bit": 1, "vec_type": 1, "vec_length": 1, "vec_to_json": 1,
    "vec_normalize": 1, "vec_norm": 1, "vec_quantize_binary": 1, "vec_sum": 1, "vec_avg": 1,
    "vec_add": 2, "vec_sub": 2, "vec_dot": 2, "vec_scale": 2, "vec_quantize_int8": 2,
    "vec_distance_l2": 2, "vec_distance_l1": 2, "vec_distance_cosine": 2,
    "vec_distance_hamming": 2, "vec_slice": 3, "vec_topk_json": 4, "vec_config": 2,
}
OWN = ["vec_dot", "vec_norm", "vec_scale"]
DIRTY = re.compile(r"internal error|SQL logic error|out of memory|malformed|misuse|not an error")


def outcome(db, expression):
    """None for a value, else the message of the error."""
    try:
        rows = db.execute(f"SELECT {expression}").fetchall()
    except errors_of(db) as problem:
        return str(problem)
    assert len(rows) == 1
    return None


@pytest.mark.parametrize("function", ARITY)
def test_every_kind_of_value_in_every_place(db, function):
    arity = ARITY[function]
    pool = POOL if arity < 3 else SMALL
    counts = {"value": 0, "error": 0}
    for arguments in itertools.product(pool, repeat=arity):
        message = outcome(db, f"{function}({','.join(arguments)})")
        if message is not None:
            assert message and not DIRTY.search(message), (arguments, message)
        counts["value" if message is None else "error"] += 1
    # The control: the table of arguments reaches both ends.
    assert counts["error"] > 0 and (counts["value"] > 0 or function == "vec_config"), counts
    assert value(db, "vec_length('[1]')") == 1


def test_topk_json_with_a_metric(db):
    for arguments in itertools.product(SMALL[:6], SMALL[4:], SMALL[5:], SMALL[:4],
                                       ["NULL", "'dot'", "'l2'", "'hamming'", "1", "x'00'"]):
        message = outcome(db, f"vec_topk_json({','.join(arguments)})")
        assert message is None or not DIRTY.search(message), (arguments, message)


@pytest.mark.parametrize("argument", POOL)
def test_vec_each_of_every_kind_of_value(db, argument):
    try:
        rows = db.execute(f"SELECT * FROM vec_each({argument})").fetchall()
    except errors_of(db) as problem:
        assert str(problem)
    else:
        assert rows


@pytest.mark.parametrize("function", OWN)
def test_own_functions_give_null_for_null(db, function):
    arity = ARITY[function]
    good = {"vec_scale": ["'[1]'", "2"]}.get(function, ["'[1]'"] * arity)
    for place in range(arity):
        arguments = [*good]
        arguments[place] = "NULL"
        assert value(db, f"{function}({','.join(arguments)})") is None


def test_a_pointer_is_no_vector(db):
    # vec_ids returns a pointer, which SQL sees as NULL.
    for function in ("vec_length", "vec_f32", "vec_to_json"):
        message = outcome(db, f"{function}((SELECT vec_ids(1)))")
        assert message and not DIRTY.search(message)


# ---- random bytes and random text -------------------------------------------------------------

def test_random_blobs(db):
    rng = random.Random(1)
    one = [f for f, n in ARITY.items() if n == 1]
    two = ["vec_add", "vec_sub", "vec_dot", "vec_distance_l2", "vec_distance_l1",
           "vec_distance_cosine"]
    for _ in range(600):
        a = rng.randbytes(rng.choice([0, 1, 3, 4, 8, 16, 60, 64, 68, 256, 260, 1000]))
        b = rng.randbytes(len(a) if rng.random() < 0.7 else rng.randrange(100))
        wrap = rng.choice(["?", "vec_int8(?)", "vec_bit(?)"])
        for expression, params in [(f"{rng.choice(one)}({wrap})", (a,)),
                                   (f"{rng.choice(two)}({wrap},{wrap})", (a, b))]:
            try:
                db.execute(f"SELECT {expression}", params).fetchall()
            except errors_of(db) as problem:
                assert str(problem) and not DIRTY.search(str(problem))


NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
SPACE = r"[ \t\n\r]*"
ARRAY = re.compile(rf"{SPACE}\[{SPACE}{NUMBER}{SPACE}(?:,{SPACE}{NUMBER}{SPACE})*\]{SPACE}")


def expected_floats(text):
    """The float32 blob of a JSON array of numbers, or None if it is none or overflows."""
    if not ARRAY.fullmatch(text):
        return None
    with np.errstate(over="ignore"):
        values = np.array([float(x) for x in json.loads(text, parse_int=float)]).astype(np.float32)
    return f32(values) if np.isfinite(values).all() else None


def read(db, text):
    try:
        return value(db, "vec_f32(?)", text)
    except errors_of(db):
        return None


def test_mutated_json_is_read_as_the_grammar_says(db):
    rng = random.Random(2)
    seeds = ["[1,2,3]", " [ -0.5 , 1e3,2E-2 ] ", "[0]", "[10.25,-7e+05]", "[1e-400,0.1]",
             "[3.4028235e38]", "[123456789012345678901234567890,0.000001]"]
    letters = "[],.-+eE0123456789 \t\n\rxnaif\"'{}\x0b\u00e9"
    read_as_vector = refused = 0
    for _ in range(6000):
        text = list(rng.choice(seeds))
        for _ in range(rng.randrange(4)):
            where = rng.randrange(len(text) + 1)
            action = rng.random()
            if action < 0.4:
                text.insert(where, rng.choice(letters))
            elif text and action < 0.7:
                text.pop(min(where, len(text) - 1))
            elif text:
                text[min(where, len(text) - 1)] = rng.choice(letters)
        text = "".join(text)
        expected = expected_floats(text)
        assert read(db, text) == expected, repr(text)
        read_as_vector += expected is not None
        refused += expected is None
    assert read_as_vector > 500 and refused > 500


def test_control_the_grammar_refuses_and_accepts():
    assert expected_floats("[1, 2]") == f32([1, 2])
    assert expected_floats("[1,,2]") is None
    assert expected_floats("[1e39]") is None


# ---- size -------------------------------------------------------------------------------------

def test_huge_blobs(db):
    zero = "zeroblob(4000000)"
    assert value(db, f"vec_length({zero})") == 1_000_000
    assert value(db, f"vec_dot({zero},{zero})") == 0.0
    assert value(db, f"vec_norm({zero})") == 0.0
    assert value(db, f"length(vec_normalize({zero}))") == 4_000_000
    assert value(db, f"length(vec_quantize_binary({zero}))") == 125_000
    assert value(db, f"length(vec_quantize_int8({zero},'unit'))") == 1_000_000
    assert value(db, f"vec_distance_cosine({zero},{zero})") is None
    assert value(db, "length(vec_to_json(vec_int8(zeroblob(1000000))))") == 2_000_001


def test_a_result_beyond_the_limit_of_the_connection_is_an_error(db):
    # Eight bits become sixteen characters of JSON.
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
    assert outcome(db, "vec_to_json(vec_bit(zeroblob(1000)))") is None
    assert "too big" in outcome(db, "vec_to_json(vec_bit(zeroblob(50000)))")
    assert "too big" in outcome(db, "vec_scale(vec_int8(zeroblob(50000)),1)")
    assert value(db, "vec_length('[1]')") == 1


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" + "-" * 100_000 + "]", "[" + "1" * 100_000 + "]",
             "[1e" + "9" * 100_000 + "]", "[" + "1," * 100_000, " " * 100_000,
             "[1]" + " " * 100_000 + "x"],
    ids=["brackets", "minus", "digits", "exponent", "open end", "spaces", "late letter"])
def test_long_garbage_is_refused(db, text):
    assert read(db, text) is None


def test_long_numbers_are_read(db):
    assert read(db, "[0." + "1" * 100_000 + "]") == f32([1 / 9])
    assert read(db, "[1" + "0" * 100_000 + "e-100000]") == f32([1])
    assert read(db, "[1e-" + "9" * 1_000 + "]") == f32([0])
    assert read(db, "[0e" + "9" * 1_000 + "]") == f32([0])
