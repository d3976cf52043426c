"""vec_add, vec_sub, vec_slice, vec_normalize, vec_scale and vec_norm."""
import numpy as np
import pytest

import vectors
from vectors import DIMS, F32, error, f32, floats, i8, int8s, same, shapes, value

NULL_FOUND = "Input must have type BLOB (compact format) or TEXT (JSON), found NULL"


# ---- vec_add, vec_sub -------------------------------------------------------------------------

@pytest.mark.parametrize("dims", DIMS)
def test_add_and_sub_of_float32(db, dims):
    for name, a, b in shapes(np.random.default_rng(dims), dims):
        plus, minus = db.execute("SELECT vec_add(?1,?2), vec_sub(?1,?2)",
                                 (f32(a), f32(b))).fetchone()
        assert (plus, minus) == (f32(a + b), f32(a - b)), name


def test_control_a_wrong_sum_would_be_seen(db):
    a = np.random.default_rng(1).standard_normal(20).astype(F32)
    wrong = a + a
    wrong[19] = np.nextafter(wrong[19], F32(9))
    assert value(db, "vec_add(?1,?1)", f32(a)) != f32(wrong)


@pytest.mark.parametrize("dims", [1, 2, 15, 16, 17, 31, 32, 33, 64, 65, 300, 4100])
def test_add_and_sub_of_int8_wrap(db, dims):
    rng = np.random.default_rng(dims)
    a, b = (rng.integers(-128, 128, dims).astype(np.int8) for _ in range(2))
    assert value(db, "vec_add(vec_int8(?),vec_int8(?))", i8(a), i8(b)) == i8(a + b)
    assert value(db, "vec_sub(vec_int8(?),vec_int8(?))", i8(a), i8(b)) == i8(a - b)


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("vec_add('[1,2]','[0.5,-2]')", f32([1.5, 0])),
        ("vec_sub('[1,2]','[0.5,-2]')", f32([0.5, 4])),
        ("vec_add(vec_int8('[127]'),vec_int8('[1]'))", b"\x80"),
        ("vec_sub(vec_int8('[-128]'),vec_int8('[1]'))", b"\x7f"),
    ],
)
def test_add_and_sub_golden_values(engine, expression, expected):
    assert value(engine, expression) == expected


@pytest.mark.parametrize(
    "expression, message",
    [
        ("vec_add(vec_bit(x'01'),vec_bit(x'02'))", "Cannot add two bitvectors together."),
        ("vec_sub(vec_bit(x'01'),vec_bit(x'02'))", "Cannot subtract two bitvectors together."),
        ("vec_add('[1]','[1,2]')", "Vector dimension mistmatch. First vector has 1 dimensions, "
         "while the second has 2 dimensions."),
        ("vec_sub(vec_int8('[1]'),'[1]')", "Vector type mistmatch. First vector has type int8, "
         "while the second has type float32."),
        ("vec_add(NULL,'[1]')", "Error reading 1st vector: " + NULL_FOUND),
        ("vec_sub('[1]',NULL)", "Error reading 2nd vector: " + NULL_FOUND),
        ("vec_add('[1]',x'0000C07F')",
         "Error reading 2nd vector: invalid float32 vector: element 0 is NaN"),
        ("vec_sub('[1e39]','[1]')",
         "Error reading 1st vector: invalid float32 vector: element 0 is Inf"),
        ("vec_add('[1,3e38]','[1,3e38]')", "element 1 of the result is beyond float32"),
        ("vec_sub('[-3e38]','[3e38]')", "element 0 of the result is beyond float32"),
        ("vec_add(1,2)", "Error reading 1st vector: Input must have type BLOB (compact format) or "
         "TEXT (JSON), found INTEGER"),
    ],
)
def test_add_and_sub_errors(engine, expression, message):
    assert error(engine, expression) == message


# ---- vec_slice --------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "expression, expected",
    [
        ("vec_slice('[1,2,3]',0,1)", f32([1])),
        ("vec_slice('[1,2,3]',1,3)", f32([2, 3])),
        ("vec_slice('[1,2,3]',0,3)", f32([1, 2, 3])),
        ("vec_slice(vec_int8('[1,2,3]'),2,3)", b"\x03"),
        ("vec_slice(vec_bit(x'0a0b0c'),8,16)", b"\x0b"),
        ("vec_slice(vec_bit(x'0a0b0c'),0,24)", b"\x0a\x0b\x0c"),
        # The bounds are read as SQLite reads integers.
        ("vec_slice('[1,2]',NULL,1)", f32([1])),
        ("vec_slice('[1,2]','1','2')", f32([2])),
        ("vec_slice('[1,2]',1.9,2.2)", f32([2])),
        ("vec_slice('[1,2]','a',1)", f32([1])),
    ],
)
def test_slice(engine, expression, expected):
    assert value(engine, expression) == expected


def test_slice_of_random_bounds(db):
    rng = np.random.default_rng(3)
    v = rng.standard_normal(200).astype(F32)
    b = rng.bytes(200)
    for _ in range(50):
        start, end = sorted(rng.choice(201, 2, replace=False).tolist())
        assert value(db, "vec_slice(?,?,?)", f32(v), start, end) == f32(v[start:end])
        assert value(db, "vec_slice(vec_int8(?),?,?)", b, start, end) == b[start:end]
        assert value(db, "vec_slice(vec_bit(?),?,?)", b, start * 8, end * 8) == b[start:end]


SLICE_EQUAL = ("slice 'start' index is equal to the 'end' index, vectors must have non-zero "
               "length")


@pytest.mark.parametrize(
    "arguments, message",
    [
        ("'[1,2]',-1,1", "slice 'start' index must be a postive number."),
        ("'[1,2]',-1,-1", "slice 'start' index must be a postive number."),
        ("'[1,2]',0,-1", "slice 'end' index must be a postive number."),
        ("'[1,2]',3,-1", "slice 'end' index must be a postive number."),
        ("'[1,2]',3,1", "slice 'start' index is greater than the number of dimensions"),
        ("'[1,2]',3,99", "slice 'start' index is greater than the number of dimensions"),
        ("'[1,2]',0,3", "slice 'end' index is greater than the number of dimensions"),
        ("'[1,2]',2,1", "slice 'start' index is greater than 'end' index"),
        ("'[1,2]',2,2", SLICE_EQUAL),
        ("'[1,2]',0,0", SLICE_EQUAL),
        ("'[1,2]',0,NULL", SLICE_EQUAL),
        ("vec_bit(x'ffff'),1,8", "start index must be divisible by 8."),
        ("vec_bit(x'ffff'),0,7", "end index must be divisible by 8."),
        ("vec_bit(x'ffff'),1,7", "start index must be divisible by 8."),
        ("vec_bit(x'ffff'),3,3", SLICE_EQUAL),
        ("vec_int8('[1,2]'),0,3", "slice 'end' index is greater than the number of dimensions"),
        ("NULL,0,1", NULL_FOUND),
        ("x'010203',0,1", "invalid float32 vector BLOB length. Must be divisible by 4, found 3"),
        ("x'0000C07F',0,1", "invalid float32 vector: element 0 is NaN"),
        # Beyond 32 bits: an index too large, never one cut down to a small one.
        ("'[1,2]',4294967296,4294967297",
         "slice 'start' index is greater than the number of dimensions"),
        ("'[1,2]',0,4294967297", "slice 'end' index is greater than the number of dimensions"),
        ("'[1,2]',0,9223372036854775807",
         "slice 'end' index is greater than the number of dimensions"),
        ("'[1,2]',-9223372036854775808,1", "slice 'start' index must be a postive number."),
    ],
)
def test_slice_errors_in_their_order(engine, arguments, message):
    assert error(engine, f"vec_slice({arguments})") == message


# ---- vec_normalize ----------------------------------------------------------------------------

@pytest.mark.parametrize(
    "vector, expected",
    [
        ("[3,4]", [0.6000000238418579, 0.800000011920929]),
        ("[0,0]", [0, 0]),
        ("[5e-7,0]", [4.999999987376214e-7, 0]),
        ("[1e-6,0]", [1e-6, 0]),
        ("[1.1e-6,0]", [1, 0]),
        ("[3e38,3e38]", [0.70710677, 0.70710677]),
        ("[-2]", [-1]),
    ],
)
def test_normalize_golden_values(engine, vector, expected):
    assert value(engine, "vec_normalize(?)", vector) == f32(expected)


def test_normalize_of_the_contract(engine):
    assert value(engine, "hex(vec_normalize('[0.3,0.1,0.9]'))") == "3D04A13E51B0D63D5B86713F"


@pytest.mark.parametrize("dims", DIMS)
def test_normalize_has_the_bits_of_the_oracle(db, dims):
    for name, a, _ in shapes(np.random.default_rng(dims), dims):
        assert value(db, "vec_normalize(?)", f32(a)) == f32(vectors.normalize(a)), name


def test_a_unit_vector_stays_as_it_is(db):
    rng = np.random.default_rng(4)
    for _ in range(50):
        once = value(db, "vec_normalize(?)", f32(rng.standard_normal(384)))
        assert value(db, "vec_normalize(?)", once) == once


def test_control_a_norm_in_float32_would_be_seen(db):
    rng = np.random.default_rng(5)
    seen = 0
    for _ in range(20):
        a = rng.standard_normal(384).astype(F32)
        wrong = a / np.sqrt(vectors.naive_sum(a * a))
        seen += value(db, "vec_normalize(?)", f32(a)) != f32(wrong)
    assert seen > 0


@pytest.mark.parametrize(
    "argument, message",
    [
        ("vec_int8('[1]')", "only float32 vectors are supported when normalizing"),
        ("vec_bit(x'01')", "only float32 vectors are supported when normalizing"),
        ("NULL", NULL_FOUND),
        ("x'0000C07F'", "invalid float32 vector: element 0 is NaN"),
        ("x'0000803F0000807F'", "invalid float32 vector: element 1 is Inf"),
        ("''", "zero-length vectors are not supported."),
    ],
)
def test_normalize_errors(engine, argument, message):
    assert error(engine, f"vec_normalize({argument})") == message


# ---- vec_norm ---------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "vector, expected",
    [
        ("'[3,4]'", 5.0),
        ("'[0,0]'", 0.0),
        ("'[-2]'", 2.0),
        ("vec_int8('[3,4]')", 5.0),
        ("vec_int8('[-128]')", 128.0),
        ("'[3e38]'", float(F32(3e38))),
        ("'[1e-45]'", float(F32(1e-45))),
    ],
)
def test_norm(engine, vector, expected):
    assert value(engine, f"vec_norm({vector})") == expected
    assert value(engine, f"typeof(vec_norm({vector}))") == "real"


@pytest.mark.parametrize("dims", DIMS)
def test_norm_has_the_bits_of_the_oracle(db, dims):
    rng = np.random.default_rng(dims)
    for name, a, _ in shapes(rng, dims):
        assert same(value(db, "vec_norm(?)", f32(a)), vectors.norm(a)), name
    b = rng.integers(-128, 128, dims)
    assert same(value(db, "vec_norm(vec_int8(?))", i8(b)), vectors.norm(b))


def test_norm_of_null_is_null(engine):
    assert value(engine, "vec_norm(NULL)") is None


@pytest.mark.parametrize("argument", ["vec_bit(x'01')", "1", "1.5", "''", "x''", "x'010203'",
                                      "x'0000C07F'", "x'0000807F'", "'[1,,2]'", "'abc'"])
def test_norm_errors(engine, argument):
    assert error(engine, f"vec_norm({argument})")


# ---- vec_scale --------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "expression, expected",
    [
        ("vec_scale('[1,2]',2)", [2, 4]),
        ("vec_scale('[1,2]',0.5)", [0.5, 1]),
        ("vec_scale('[1,2]',-1)", [-1, -2]),
        ("vec_scale('[1,2]',0)", [0, 0]),
        ("vec_scale(vec_int8('[1,-128]'),0.5)", [0.5, -64]),
        ("vec_scale('[1]',1e-300)", [0]),
        ("vec_scale('[1e-45]',1e45)", [float(F32(1e-45)) * 1e45]),
        ("vec_scale('[1]',9007199254740993)", [9007199254740993]),
    ],
)
def test_scale(engine, expression, expected):
    assert value(engine, expression) == f32(expected)


@pytest.mark.parametrize("dims", [1, 7, 16, 17, 64, 65, 300, 4100])
def test_scale_has_the_bits_of_the_oracle(db, dims):
    rng = np.random.default_rng(dims)
    v = rng.standard_normal(dims).astype(F32)
    b = rng.integers(-128, 128, dims).astype(np.int8)
    for s in (0.1, -1 / 3, 1e-42, 1e30, float(rng.standard_normal())):
        assert value(db, "vec_scale(?,?)", f32(v), s) == f32(vectors.scale(v, s)), s
        assert value(db, "vec_scale(vec_int8(?),?)", i8(b), s) == f32(vectors.scale(b, s)), s


def test_control_a_factor_rounded_to_float32_would_be_seen(db):
    v = np.random.default_rng(6).standard_normal(200).astype(F32)
    assert value(db, "vec_scale(?,?)", f32(v), 0.1) != f32(v * F32(0.1))


@pytest.mark.parametrize("arguments", ["NULL,2", "'[1]',NULL", "NULL,NULL"])
def test_scale_of_null_is_null(engine, arguments):
    assert value(engine, f"vec_scale({arguments})") is None


@pytest.mark.parametrize("arguments", [
    "'[1]','2'", "'[1]','abc'", "'[1]',x'02'", "'[1]',''", "'[3e38]',2", "'[-3e38]',2",
    "vec_int8('[100]'),1e38", "'[1]',9e999", "'[0]',9e999", "'[1]',-9e999", "vec_bit(x'01'),2",
    "1,2", "'',2", "'[1,,2]',2", "x'0000C07F',0", "x'0000807F',0", "x'010203',1"])
def test_scale_errors(engine, arguments):
    assert error(engine, f"vec_scale({arguments})")


def test_scale_to_the_largest_number(engine):
    assert value(engine, "vec_scale('[3.4028235e38]',1)") == f32([3.4028235e38])
    assert error(engine, "vec_scale('[3.4028235e38]',1.0000001)")


# ---- together ---------------------------------------------------------------------------------

def test_functions_nest(engine):
    assert value(engine, "vec_norm(vec_normalize(vec_scale(vec_add('[1,2]','[2,2]'), 10)))") == (
        pytest.approx(1.0, abs=1e-7))
    assert value(engine, "vec_slice(vec_sub(vec_int8('[5,6]'), vec_int8('[1,1]')), 1, 2)") == (
        b"\x05")


@pytest.mark.parametrize("pad", range(9))
def test_unaligned_rows(db, pad):
    v = np.random.default_rng(pad).standard_normal(33).astype(F32)
    db.execute("CREATE TABLE t(pad TEXT, v BLOB)")
    db.execute("INSERT INTO t VALUES (?,?)", ("x" * pad, f32(v)))
    assert value(db, "vec_add(v,v) FROM t") == f32(v + v)
    assert value(db, "vec_normalize(v) FROM t") == f32(vectors.normalize(v))
    assert value(db, "vec_slice(v,1,33) FROM t") == f32(v[1:])
    assert same(value(db, "vec_norm(v) FROM t"), vectors.norm(v))


def test_a_million_dimensions(db):
    v = np.random.default_rng(7).standard_normal(1_000_000).astype(F32)
    assert value(db, "vec_add(?1,?1)", f32(v)) == f32(v + v)
    assert value(db, "vec_scale(?,0.5)", f32(v)) == f32(v * F32(0.5))
    assert value(db, "vec_slice(?,999999,1000000)", f32(v)) == f32(v[-1:])
    assert floats(value(db, "vec_normalize(?)", f32(v))).size == 1_000_000
    assert int8s(value(db, "vec_add(vec_int8(?1),vec_int8(?1))", b"\x01" * 1_000_000)).sum() == (
        2_000_000)
