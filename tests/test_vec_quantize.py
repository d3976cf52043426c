"""vec_quantize_binary and vec_quantize_int8."""
import numpy as np
import pytest

from vectors import F32, error, f32, i8, quantize_binary, quantize_int8, value


# ---- int8 -------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "vector, expected",
    [
        ("[-1,0,0.5,1,2]", "80003F7E7F"),
        ("[-2,-0.5,0.25,0.999]", "80C01F7E"),
        ("[3.4028235e38,-3.4028235e38,1e-45,-0.0]", "7F800000"),
    ],
)
def test_int8_golden_values(engine, vector, expected):
    assert value(engine, "hex(vec_quantize_int8(?,'unit'))", vector) == expected


@pytest.mark.parametrize("word", ["unit", "UNIT", "Unit", "uNiT"])
def test_int8_takes_the_word_in_any_case(engine, word):
    assert value(engine, "hex(vec_quantize_int8('[1]',?))", word) == "7E"


@pytest.mark.parametrize("word", ["'x'", "''", "'unit '", "'units'", "'uni'", "NULL", "3", "1.5",
                                  "x'00'", "x'756E6974'", "'unit' || char(0) || 'x'"])
def test_int8_refuses_any_other_word(engine, word):
    assert error(engine, f"vec_quantize_int8('[1]',{word})") == (
        "2nd argument to vec_quantize_int8() must be 'unit'.")


def test_int8_reads_the_bytes_as_float32_whatever_their_type(engine):
    # Four int8 elements are one float32 element here, as in sqlite-vec.
    assert value(engine, "hex(vec_quantize_int8(vec_int8('[1,2,3,4]'),'unit'))") == "00"


@pytest.mark.parametrize("dims", [1, 7, 16, 17, 64, 300, 4100])
def test_int8_of_random_vectors(db, dims):
    v = (np.random.default_rng(dims).standard_normal(dims) * 0.7).astype(F32)
    assert value(db, "vec_quantize_int8(?,'unit')", f32(v)) == i8(quantize_int8(v))


def test_int8_at_every_step_border(db):
    # The numbers next to each border between two codes, where rounding would differ.
    step = F32(2) / F32(255)
    border = (np.arange(-128, 129).astype(np.float64) * float(step)).astype(F32)
    v = np.concatenate([np.nextafter(border, F32(-9)), border, np.nextafter(border, F32(9))])
    assert value(db, "vec_quantize_int8(?,'unit')", f32(v)) == i8(quantize_int8(v))


def test_control_rounding_instead_of_truncation_would_be_seen(db):
    v = np.array([0.5, 0.25, -0.3], F32)
    rounded = np.clip(np.rint((v.astype(float) + 1) / float(F32(2) / F32(255)) - 128), -128, 127)
    assert value(db, "vec_quantize_int8(?,'unit')", f32(v)) != i8(rounded)


@pytest.mark.parametrize(
    "argument, message",
    [
        ("NULL", "Input must have type BLOB (compact format) or TEXT (JSON), found NULL"),
        ("1", "Input must have type BLOB (compact format) or TEXT (JSON), found INTEGER"),
        ("x''", "zero-length vectors are not supported."),
        ("x'010203'", "invalid float32 vector BLOB length. Must be divisible by 4, found 3"),
        ("'[1,,2]'", "JSON parsing error"),
        ("x'0000C07F'", "invalid float32 vector: element 0 is NaN"),
        ("x'0000807F'", "invalid float32 vector: element 0 is Inf"),
    ],
)
def test_int8_of_bad_vectors(engine, argument, message):
    assert error(engine, f"vec_quantize_int8({argument},'unit')") == message


# ---- binary -----------------------------------------------------------------------------------

def test_binary_golden_value(engine):
    assert value(engine, "hex(vec_quantize_binary("
                 "'[1,-1,0,2,-3,0.1,-0.1,5,9,-9,9,-9,9,-9,9,-9]'))") == "A955"


def test_binary_of_int8(engine):
    assert value(engine, "hex(vec_quantize_binary(vec_int8('[1,-1,0,127,-128,0,0,1]')))") == "89"


def test_binary_of_the_smallest_numbers(engine):
    assert value(engine, "hex(vec_quantize_binary('[1e-45,-1e-45,0,-0.0,1,1,1,1]'))") == "F1"


@pytest.mark.parametrize("dims", [8, 16, 24, 64, 72, 304, 4096])
def test_binary_of_random_vectors(db, dims):
    v = np.random.default_rng(dims).standard_normal(dims).astype(F32)
    v[:: 5] = 0
    assert value(db, "vec_quantize_binary(?)", f32(v)) == quantize_binary(v)


@pytest.mark.parametrize("dims", [8, 304, 4096])
def test_binary_of_random_int8_vectors(db, dims):
    v = np.random.default_rng(dims).integers(-128, 128, dims).astype(np.int8)
    assert value(db, "vec_quantize_binary(vec_int8(?))", i8(v)) == quantize_binary(v)


def test_control_zero_counted_as_a_one_would_be_seen(db):
    v = np.zeros(8, F32)
    assert value(db, "vec_quantize_binary(?)", f32(v)) != quantize_binary(v + F32(1))


@pytest.mark.parametrize(
    "argument, message",
    [
        ("'[1]'", "Binary quantization requires vectors with a length divisible by 8"),
        ("vec_int8('[1,1,1,1,1,1,1,1,1]')",
         "Binary quantization requires vectors with a length divisible by 8"),
        ("vec_bit(x'ff')", "Can only binary quantize float or int8 vectors"),
        ("NULL", "Input must have type BLOB (compact format) or TEXT (JSON), found NULL"),
        ("1.5", "Input must have type BLOB (compact format) or TEXT (JSON), found FLOAT"),
        ("''", "zero-length vectors are not supported."),
        ("'x'", "JSON array parsing error: Input does not start with '['"),
        ("x'0000C07F'", "invalid float32 vector: element 0 is NaN"),
    ],
)
def test_binary_of_bad_vectors(engine, argument, message):
    assert error(engine, f"vec_quantize_binary({argument})") == message
