"""vec_f32, vec_int8, vec_bit, vec_type, vec_length, vec_to_json, and how JSON text is read."""
import json

import numpy as np
import pytest

from vectors import F32, bits_lsb_first, error, f32, floats, i8, value

ZERO_LENGTH = "zero-length vectors are not supported."
NO_BRACKET = "JSON array parsing error: Input does not start with '['"
BAD_JSON = "JSON parsing error"
WRONG_TYPE = "Input must have type BLOB (compact format) or TEXT (JSON), found "


# ---- reading JSON as float32 ------------------------------------------------------------------

@pytest.mark.parametrize(
    "text, expected",
    [
        ("[1]", [1.0]),
        ("[1,2,3]", [1.0, 2.0, 3.0]),
        (" \t\n\r[ 1 ,\n2 , 3\t] \r\n", [1.0, 2.0, 3.0]),
        ("[-1,-0.5,0,0.5]", [-1.0, -0.5, 0.0, 0.5]),
        ("[1e2,1E2,1e+2,1e-2]", [100.0, 100.0, 100.0, 0.01]),
        ("[0.0,-0,0e5,0E-5]", [0.0, -0.0, 0.0, 0.0]),
        ("[1.50,10.25]", [1.5, 10.25]),
        ("[3.4028235e38]", [3.4028235e38]),
        ("[-3.4028235e38]", [-3.4028235e38]),
        ("[1e-45]", [1e-45]),
        ("[1e-46]", [0.0]),
        ("[1e-500]", [0.0]),
        ("[-1e-500]", [-0.0]),
        ("[0.1]", [0.1]),
        ("[16777217]", [16777216.0]),
        ("[123456789012345678901234567890]", [123456789012345678901234567890.0]),
        ("[0." + "0" * 400 + "1]", [0.0]),
        ("[0.3333333333333333333333333333333333333333333333333333333333333333]", [1 / 3]),
        ("[1" + "0" * 30 + "]", [1e30]),
        ("[1" + "0" * 400 + "e-400]", [1.0]),
        ("[0e500]", [0.0]),
        ("[0.01e-9223372036854775807]", [0.0]),
        ("[1e-99999999999999999999]", [0.0]),
    ],
)
def test_json_reads_as_float32(engine, text, expected):
    assert value(engine, "vec_f32(?)", text) == f32(expected)


@pytest.mark.parametrize(
    "text",
    ["[1,,2]", "[,1]", "[1,]", "[,]", "[1,2", "[1,2,", "[1 2]", "[1,2] x", "[1,2]]", "[1,2][3]",
     "[1,2],", "[nan]", "[NaN]", "[inf]", "[-inf]", "[Infinity]", "[-Infinity]", "[0x10]",
     "[01]", "[-01]", "[00]", "[+1]", "[.5]", "[-.5]", "[1.]", "[1.e5]", "[1e]", "[1e+]", "[-]",
     "[--1]", "[1e500]", "[-1e500]", "[1_000]", "[1,000.0.0]", "[1f]", "[1d0]", "[\"1\"]",
     "['1']", "[null]", "[true]", "[[1]]", "[{}]", "[1,[2]]", "[1;2]", "[1,2}", "[]1]", "[] ,1]",
     "[10e9223372036854775807]", "[-100e9223372036854775806]", "[1e99999999999999999999]",
     "[1,\u00a02]", "[\u0661]", "[1\u00a0]", "[1,2]\u00a0", "[1,2]\x0b", "[1,\x0c2]", "[/**/1]",
     "[1,2]//"],
)
def test_what_is_not_json_is_refused(engine, text):
    assert error(engine, "vec_f32(?)", text) == BAD_JSON


@pytest.mark.parametrize("text", ["{}", "abc", "1", "null", "  ", " {", "\u00a0[1]", "\ufeff[1]",
                                  "(1)", "]", "\x0b[1]"])
def test_text_that_does_not_start_with_a_bracket(engine, text):
    assert error(engine, "vec_f32(?)", text) == NO_BRACKET


@pytest.mark.parametrize("text", ["", "[]", "[", " []", "[ ]", "[ ", "[]  "])
def test_empty_json(engine, text):
    assert error(engine, "vec_f32(?)", text) == ZERO_LENGTH


@pytest.mark.parametrize(
    "text, message",
    [
        ("[1e39]", "invalid float32 vector: element 0 is Inf"),
        ("[-1e39]", "invalid float32 vector: element 0 is Inf"),
        ("[1,2,1e300]", "invalid float32 vector: element 2 is Inf"),
        ("[0,3.4028236e38]", "invalid float32 vector: element 1 is Inf"),
    ],
)
def test_json_beyond_float32(engine, text, message):
    assert error(engine, "vec_f32(?)", text) == message


def test_text_after_an_embedded_nul_is_not_ignored(engine):
    # As anywhere in SQLite, text holds its bytes; '[1]' followed by a NUL is not JSON.
    assert error(engine, "vec_f32(CAST(x'5B315D005D' AS TEXT))") == BAD_JSON


def test_text_with_invalid_utf8_is_refused(engine):
    assert error(engine, "vec_f32(CAST(x'5BFF5D' AS TEXT))") == BAD_JSON


def test_json_rounds_each_number_once(db):
    rng = np.random.default_rng(1)
    exact = np.concatenate([
        rng.standard_normal(500).astype(F32),
        rng.integers(0, 2**31, 500, dtype=np.int64).astype(np.uint32).view(F32),
    ])
    exact = exact[np.isfinite(exact)]
    text = "[" + ",".join(repr(float(x)) for x in exact) + "]"
    assert value(db, "vec_f32(?)", text) == f32(exact)


def test_control_a_number_read_with_one_ulp_off_would_be_seen(db):
    wrong = np.nextafter(F32(0.1), F32(1))
    assert value(db, "vec_f32('[0.1]')") != f32([wrong])


def test_json_depends_on_no_locale(engine):
    import locale

    old = locale.setlocale(locale.LC_NUMERIC)
    try:
        for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "C"):
            try:
                locale.setlocale(locale.LC_NUMERIC, name)
            except locale.Error:
                continue
            assert value(engine, "vec_f32('[0.5,1.25]')") == f32([0.5, 1.25])
    finally:
        locale.setlocale(locale.LC_NUMERIC, old)


def test_a_long_json_array(db):
    values = np.arange(100_000, dtype=F32) / F32(8)
    text = json.dumps(values.tolist())
    assert value(db, "vec_f32(?)", text) == values.tobytes()


def test_json_in_a_utf16_database(connect, tmp_path):
    engine = connect(str(tmp_path / "utf16.db"))
    engine.script("PRAGMA encoding='UTF-16le'; CREATE TABLE t(v TEXT);"
                  "INSERT INTO t VALUES ('[1, 2.5, -3]');")
    assert value(engine, "encoding FROM pragma_encoding") == "UTF-16le"
    assert value(engine, "vec_f32(v) FROM t") == f32([1, 2.5, -3])
    assert value(engine, "vec_length(v) FROM t") == 3
    assert value(engine, "vec_to_json(v) FROM t") == "[1.000000,2.500000,-3.000000]"
    assert value(engine, "vec_type(v) FROM t") == "float32"
    assert value(engine, "vec_distance_l2(v, '[1,2.5,0]') FROM t") == 3.0
    assert error(engine, "vec_f32('[1,,2]')") == BAD_JSON
    assert error(engine, "vec_f32('\u00e4')") == NO_BRACKET


def test_a_value_of_json_subtype_is_float32(engine):
    assert value(engine, "vec_f32(json('[1,2]'))") == f32([1, 2])
    assert value(engine, "vec_type(json_array(1,2))") == "float32"
    assert value(engine, "vec_length(json_array(1,2.5,3))") == 3


# ---- reading JSON as int8 ---------------------------------------------------------------------

@pytest.mark.parametrize(
    "text, expected",
    [("[1]", [1]), ("[-128,127]", [-128, 127]), (" [ 1 , 2 ] ", [1, 2]), ("[-0]", [0]),
     ("[0,0]", [0, 0])],
)
def test_json_reads_as_int8(engine, text, expected):
    assert value(engine, "vec_int8(?)", text) == i8(expected)


@pytest.mark.parametrize(
    "text, message",
    [
        ("[128]", "JSON parsing error: value out of range for int8"),
        ("[-129]", "JSON parsing error: value out of range for int8"),
        ("[1,99999999999999999999999]", "JSON parsing error: value out of range for int8"),
        ("[4294967297]", "JSON parsing error: value out of range for int8"),
        ("[18446744073709551617]", "JSON parsing error: value out of range for int8"),
        ("[1.5]", BAD_JSON),
        ("[1.0]", BAD_JSON),
        ("[1e2]", BAD_JSON),
        ("[1,]", BAD_JSON),
        ("[1,,2]", BAD_JSON),
        ("[1", BAD_JSON),
        ("[1] x", BAD_JSON),
        ("[01]", BAD_JSON),
        ("[+1]", BAD_JSON),
        ("[0x1]", BAD_JSON),
        ("[a]", BAD_JSON),
        ("[null]", BAD_JSON),
        ("{}", NO_BRACKET),
        ("abc", NO_BRACKET),
        ("", ZERO_LENGTH),
        ("[]", ZERO_LENGTH),
        ("[", ZERO_LENGTH),
    ],
)
def test_what_is_not_int8_json_is_refused(engine, text, message):
    assert error(engine, "vec_int8(?)", text) == message


# ---- blobs ------------------------------------------------------------------------------------

def test_a_float32_blob_passes_unchanged(engine):
    blob = f32([1.5, -0.0, 1e-45, 3.4028235e38])
    assert value(engine, "vec_f32(?)", blob) == blob


def test_an_int8_blob_passes_unchanged(engine):
    blob = bytes(range(256))
    assert value(engine, "vec_int8(?)", blob) == blob


def test_a_bit_blob_passes_unchanged(engine):
    blob = bytes(range(256))
    assert value(engine, "vec_bit(?)", blob) == blob


@pytest.mark.parametrize("length", [1, 2, 3, 5, 6, 7, 1001])
def test_a_float32_blob_of_odd_length(engine, length):
    expected = f"invalid float32 vector BLOB length. Must be divisible by 4, found {length}"
    assert error(engine, "vec_f32(?)", bytes(length)) == expected
    assert error(engine, f"vec_length(zeroblob({length}))") == expected


@pytest.mark.parametrize("function", ["vec_f32", "vec_int8", "vec_bit", "vec_length", "vec_type",
                                      "vec_to_json"])
def test_an_empty_blob(engine, function):
    assert error(engine, f"{function}(x'')") == ZERO_LENGTH
    assert error(engine, f"{function}(zeroblob(0))") == ZERO_LENGTH


@pytest.mark.parametrize(
    "blob, message",
    [
        ([np.nan], "element 0 is NaN"),
        ([1, 2, np.nan], "element 2 is NaN"),
        ([np.inf], "element 0 is Inf"),
        ([1, -np.inf, np.nan], "element 1 is Inf"),
        ([0.0] * 4099 + [np.nan], "element 4099 is NaN"),
    ],
)
@pytest.mark.parametrize("function", ["vec_f32", "vec_length", "vec_to_json", "vec_normalize"])
def test_nan_and_inf_are_refused(db, function, blob, message):
    assert error(db, f"{function}(?)", f32(blob)) == "invalid float32 vector: " + message


@pytest.mark.parametrize("pattern", ["0000C07F", "0100807F", "FFFFFF7F", "0000C0FF", "010080FF"])
def test_every_nan_pattern_is_refused(db, pattern):
    assert error(db, f"vec_f32(x'{pattern}')") == "invalid float32 vector: element 0 is NaN"


def test_bytes_of_int8_and_bit_vectors_are_never_checked_for_nan(engine):
    assert value(engine, "hex(vec_int8(x'0000C07F'))") == "0000C07F"
    assert value(engine, "hex(vec_bit(x'0000C07F'))") == "0000C07F"


def test_zeroblob_is_a_vector_of_zeros(engine):
    assert value(engine, "vec_length(zeroblob(16))") == 4
    assert value(engine, "vec_to_json(zeroblob(8))") == "[0.000000,0.000000]"


# ---- wrong SQL types --------------------------------------------------------------------------

@pytest.mark.parametrize("argument, found", [("1", "INTEGER"), ("1.5", "FLOAT"), ("NULL", "NULL")])
@pytest.mark.parametrize("function", ["vec_f32", "vec_type", "vec_length", "vec_to_json"])
def test_numbers_and_null_are_no_vectors(engine, function, argument, found):
    assert error(engine, f"{function}({argument})") == WRONG_TYPE + found


@pytest.mark.parametrize("argument", ["1", "1.5", "NULL"])
def test_numbers_and_null_are_no_int8_vectors(engine, argument):
    assert error(engine, f"vec_int8({argument})") == "Unknown type for int8 vector."


@pytest.mark.parametrize("argument", ["1", "1.5", "NULL", "'[1]'", "''", "'abc'"])
def test_only_blobs_are_bit_vectors(engine, argument):
    assert error(engine, f"vec_bit({argument})") == "Unknown type for bitvector."


# ---- subtypes: the type of a vector -----------------------------------------------------------

@pytest.mark.parametrize(
    "vector, kind",
    [
        ("'[1]'", "float32"),
        ("x'0000803F'", "float32"),
        ("vec_f32('[1]')", "float32"),
        ("vec_int8('[1]')", "int8"),
        ("vec_int8(x'01')", "int8"),
        ("vec_bit(x'01')", "bit"),
        ("vec_add('[1]','[2]')", "float32"),
        ("vec_add(vec_int8('[1]'),vec_int8('[2]'))", "int8"),
        ("vec_sub(vec_int8('[1]'),vec_int8('[2]'))", "int8"),
        ("vec_slice('[1,2]',0,1)", "float32"),
        ("vec_slice(vec_int8('[1,2]'),0,1)", "int8"),
        ("vec_slice(vec_bit(x'0102'),0,8)", "bit"),
        ("vec_normalize('[3,4]')", "float32"),
        ("vec_quantize_binary('[1,1,1,1,1,1,1,1]')", "bit"),
        ("vec_quantize_int8('[1,2,3]','unit')", "int8"),
        ("vec_scale('[1]',2)", "float32"),
        ("vec_scale(vec_int8('[1]'),2)", "float32"),
        ("vec_to_json(vec_int8('[1]'))", "float32"),
        # The outer function decides, whatever the inner one said.
        ("vec_f32(vec_int8('[1,2,3,4]'))", "float32"),
        ("vec_int8(vec_f32('[1]'))", "int8"),
        ("vec_bit(vec_f32('[1]'))", "bit"),
        # SQLite hands the type through this, but not through a subquery in every version.
        ("iif(1, vec_bit(x'01'), NULL)", "bit"),
        ("vec_int8((SELECT vec_int8('[1]')))", "int8"),
    ],
)
def test_type_of_an_expression(engine, vector, kind):
    assert value(engine, f"vec_type({vector})") == kind


@pytest.mark.parametrize("vector", ["vec_sum(v)", "vec_avg(v)"])
def test_aggregates_return_float32(engine, vector):
    source = "(SELECT '[1,2,3,4]' AS v)"
    assert value(engine, f"vec_type({vector}) FROM {source}") == "float32"


def test_a_stored_vector_has_lost_its_type(engine):
    engine.script("CREATE TABLE t(v); INSERT INTO t VALUES (vec_int8('[1,2,3,4]'));")
    assert value(engine, "vec_type(v) FROM t") == "float32"
    assert value(engine, "vec_length(v) FROM t") == 1
    assert value(engine, "vec_type(vec_int8(v)) FROM t") == "int8"
    assert value(engine, "vec_length(vec_int8(v)) FROM t") == 4
    assert value(engine, "vec_length(vec_bit(v)) FROM t") == 32


def test_vec_f32_reads_the_bytes_of_an_int8_vector(engine):
    assert value(engine, "hex(vec_f32(vec_int8('[1,2,3,4]')))") == "01020304"
    assert value(engine, "vec_length(vec_f32(vec_int8('[1,2,3,4]')))") == 1


def test_an_int8_vector_whose_length_is_no_float32_vector(engine):
    assert error(engine, "vec_f32(vec_int8('[1,2,3]'))") == (
        "invalid float32 vector BLOB length. Must be divisible by 4, found 3")


def test_vec_type_checks_its_vector(engine):
    assert error(engine, "vec_type('[1,,2]')") == BAD_JSON
    assert error(engine, "vec_type(x'010203')") == (
        "invalid float32 vector BLOB length. Must be divisible by 4, found 3")


# ---- vec_length -------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "vector, dims",
    [("'[1,2,3]'", 3), ("zeroblob(4100)", 1025), ("vec_int8('[1,2,3]')", 3), ("vec_bit(x'ff')", 8),
     ("vec_bit(zeroblob(100))", 800), ("vec_int8(zeroblob(1000000))", 1000000)],
)
def test_length_counts_dimensions(engine, vector, dims):
    assert value(engine, f"vec_length({vector})") == dims
    assert value(engine, f"typeof(vec_length({vector}))") == "integer"


# ---- vec_to_json ------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "vector, text",
    [
        ("'[1,2,3]'", "[1.000000,2.000000,3.000000]"),
        ("'[0.1234567]'", "[0.123457]"),
        ("'[1e-9]'", "[0.000000]"),
        ("'[-1e-9]'", "[-0.000000]"),
        ("'[-0.0]'", "[-0.000000]"),
        ("'[-1.5, 123456.75]'", "[-1.500000,123456.750000]"),
        ("'[16777217,999999.9375]'", "[16777216.000000,999999.937500]"),
        ("vec_int8('[-128,0,127]')", "[-128,0,127]"),
        ("vec_bit(x'0f')", "[1,1,1,1,0,0,0,0]"),
        ("vec_bit(x'0180')", "[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]"),
    ],
)
def test_to_json(engine, vector, text):
    assert value(engine, f"vec_to_json({vector})") == text


def test_to_json_is_json_for_sqlite(engine):
    # The JSON subtype: another JSON function takes the value as JSON, not as a string.
    assert value(engine, "json_array(vec_to_json(vec_int8('[1,2]')))") == "[[1,2]]"
    assert value(engine, "json_extract(vec_to_json('[1,2.5]'), '$[1]')") == 2.5


@pytest.mark.parametrize("number", ["1e20", "3.4028235e38", "-3.4028235e38", "1e15"])
def test_to_json_of_huge_numbers_keeps_fifteen_digits(engine, number):
    text = value(engine, f"vec_to_json('[{number}]')")
    [back] = json.loads(text)
    assert back == pytest.approx(float(F32(number)), rel=1e-15)


def test_to_json_of_random_vectors(db):
    rng = np.random.default_rng(2)
    values = (rng.standard_normal(2000) * 100).astype(F32)
    text = value(db, "vec_to_json(?)", f32(values))
    assert text == "[" + ",".join("%f" % float(x) for x in values) + "]"


def test_to_json_of_bits_is_lsb_first(db):
    blob = np.random.default_rng(3).bytes(500)
    assert json.loads(value(db, "vec_to_json(vec_bit(?))", blob)) == bits_lsb_first(blob)


def test_control_the_other_bit_order_would_be_seen(db):
    assert json.loads(value(db, "vec_to_json(vec_bit(x'0f'))")) != bits_lsb_first(b"\xf0")


def test_json_survives_a_round_trip_of_int8(db):
    blob = bytes(range(256))
    assert value(db, "vec_int8(vec_to_json(vec_int8(?)))", blob) == blob


# ---- use in schemas ---------------------------------------------------------------------------

def test_types_in_an_index_a_check_and_a_generated_column(engine):
    engine.script(
        "CREATE TABLE t(v BLOB CHECK (vec_length(v) = 2),"
        " dims INTEGER GENERATED ALWAYS AS (vec_length(v)) VIRTUAL);"
        "CREATE INDEX t_json ON t(vec_to_json(v));"
        "INSERT INTO t(v) VALUES (vec_f32('[1,2]'));")
    assert engine.execute("SELECT dims FROM t WHERE vec_to_json(v) = '[1.000000,2.000000]'") == [
        (2,)]
    with pytest.raises(engine.Error):
        engine.execute("INSERT INTO t(v) VALUES (vec_f32('[1,2,3]'))")


def test_functions_work_inside_views_of_an_untrusting_connection(engine):
    engine.script("PRAGMA trusted_schema=OFF; CREATE VIEW w AS SELECT vec_length('[1,2]') AS n;")
    assert engine.execute("SELECT n FROM w") == [(2,)]


def test_a_blob_from_sql_may_lie_at_any_address(db):
    # Rows stored beside text of growing length put the blob at every alignment within its page.
    blob = f32(np.arange(1, 20))
    db.execute("CREATE TABLE t(pad TEXT, v BLOB)")
    db.executemany("INSERT INTO t VALUES (?, ?)", [("x" * n, blob) for n in range(70)])
    assert set(db.execute("SELECT vec_f32(v), vec_length(v) FROM t")) == {(blob, 19)}


def test_a_huge_vector(db):
    blob = f32(np.arange(1_000_000) % 1000)
    assert value(db, "vec_length(?)", blob) == 1_000_000
    assert value(db, "vec_f32(?)", blob) == blob
    assert floats(blob)[999] == 999.0
