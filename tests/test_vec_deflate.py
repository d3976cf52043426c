"""vec_deflate: 4n floats that are bytes become the n floats whose bytes they were, bit for bit."""

import random
import struct

import numpy as np
import pytest

from test_kernels import ABLE
from vectors import error, f32, value


def inflate(blob):
    """What new Float32Array(bytes) makes of a blob."""
    return f32(np.frombuffer(blob, dtype=np.uint8))


def oracle(blob):
    """The bytes, or None if the blob is not inflated."""
    if not blob or len(blob) % 16:
        return None
    numbers = [n for (n,) in struct.iter_unpack("<f", blob)]
    if all(n == n and 0 <= n <= 255 and n == int(n) and struct.pack("<f", n)[3] < 128 for n in numbers):
        return bytes(int(n) for n in numbers)
    return None


@pytest.mark.parametrize("dims", [1, 2, 3, 15, 16, 17, 63, 64, 384, 1000])
def test_every_vector_comes_back_bit_for_bit(engine, dims):
    rng = np.random.default_rng(dims)
    for _ in range(20):
        vector = f32(rng.standard_normal(dims))
        assert value(engine, "vec_deflate(?)", inflate(vector)) == vector


def test_any_bytes_come_back_though_they_are_no_numbers(engine):
    every = bytes(range(256))
    assert value(engine, "vec_deflate(?)", inflate(every)) == every
    nan = struct.pack("<2f", float("nan"), float("inf"))
    assert value(engine, "vec_deflate(?)", inflate(nan)) == nan


def test_twice_inflated_is_deflated_twice(engine):
    vector = f32([0.25, -3, 7])
    assert value(engine, "vec_deflate(vec_deflate(?))", inflate(inflate(vector))) == vector


def test_the_result_is_a_float32_vector(engine):
    assert value(engine, "vec_type(vec_deflate(?))", inflate(f32([1, 2]))) == "float32"


def test_null_gives_null(engine):
    assert value(engine, "vec_deflate(NULL)") is None


@pytest.mark.parametrize("wrong,sentence", [
    ("'[1,2]'", "vec_deflate: the argument must be a blob, found TEXT"),
    ("5", "vec_deflate: the argument must be a blob, found INTEGER"),
    ("5.5", "vec_deflate: the argument must be a blob, found FLOAT"),
    ("x''", "vec_deflate: zero-length vectors are not supported."),
    ("x'010203'", "vec_deflate: invalid float32 vector BLOB length. Must be divisible by 4, found 3"),
    ("vec_f32('[1,2,3]')",
     "vec_deflate: 3 floats are not the bytes of whole floats: not a multiple of 4"),
    ("vec_f32('[1,2,3,0.5]')",
     "vec_deflate: element 3 is 0.5, no integer of 0 to 255: this vector is not byte-inflated"),
    ("vec_f32('[1,256,3,4]')",
     "vec_deflate: element 1 is 256, no integer of 0 to 255: this vector is not byte-inflated"),
    ("vec_f32('[-1,2,3,4]')",
     "vec_deflate: element 0 is -1, no integer of 0 to 255: this vector is not byte-inflated"),
    ("x'00000080000000000000000000000000'",
     "vec_deflate: element 0 is -0, no integer of 0 to 255: this vector is not byte-inflated"),
])
def test_anything_else_is_an_error_with_a_sentence(engine, wrong, sentence):
    assert error(engine, f"vec_deflate({wrong})") == sentence


@pytest.mark.parametrize("bits", [0x7FC00000, 0xFFC00000, 0x7F800000, 0xFF800000, 0x4F000000, 1])
def test_no_float_is_taken_for_a_byte(engine, bits):
    blob = f32([1, 2, 3]) + struct.pack("<I", bits)
    assert "element 3 is" in error(engine, "vec_deflate(?)", blob)


def test_random_blobs_against_the_oracle(engine):
    rng = random.Random(5)
    inflated = 0
    for _ in range(500):
        numbers = [float(rng.randrange(256)) for _ in range(rng.choice([4, 8, 12, 6]))]
        if rng.random() < 0.4:
            numbers[rng.randrange(len(numbers))] = rng.choice([-0.0, 0.5, 255.00002, 256, -1, 1e30])
        blob = f32(numbers)
        expected = oracle(blob)
        if expected is None:
            assert error(engine, "vec_deflate(?)", blob).startswith("vec_deflate: ")
        else:
            inflated += 1
            assert value(engine, "vec_deflate(?)", blob) == expected
    assert 100 < inflated < 400


def test_a_large_blob(engine):
    vector = np.random.default_rng(1).integers(0, 256, 1 << 20, dtype=np.uint8).tobytes()
    assert value(engine, "vec_deflate(?)", inflate(vector)) == vector


def test_it_may_stand_in_an_index_and_in_a_stranger_s_view(engine):
    engine.execute("CREATE TABLE t(e)")
    engine.execute("INSERT INTO t VALUES (?)", (inflate(f32([2.5])),))
    engine.execute("CREATE VIEW v AS SELECT vec_deflate(e) FROM t")
    engine.execute("PRAGMA trusted_schema = OFF")
    assert engine.execute("SELECT * FROM v") == [(f32([2.5]),)]
    engine.execute("CREATE INDEX i ON t (vec_deflate(e))")


@pytest.mark.parametrize("kernel", ABLE)
def test_no_kernel_matters(engine, kernel):
    engine.execute("SELECT vec_config('kernel', ?)", (kernel,))
    vector = f32([0.1] * 77)
    assert value(engine, "vec_deflate(?)", inflate(vector)) == vector
