"""Oracles: what every vector function must return, written with numpy and the standard library.

The sums follow one fixed order: vectors of at most 16 elements in index order; longer ones in 64
lanes, lane j taking the elements i with i % 64 == j, then the lanes folded in halves. Every oracle
returns the exact bits, so tests compare with `same`, not with a tolerance.
"""
import json
import math
import re
import struct

import numpy as np

F32 = np.float32
F64 = np.float64
SHORT = 16
LANES = 64


# ---- blobs ------------------------------------------------------------------------------------

def f32(values):
    """The float32 blob of some numbers."""
    return np.asarray(values, dtype="<f4").tobytes()


def i8(values):
    return np.asarray(values, dtype=np.int8).tobytes()


def floats(blob):
    return np.frombuffer(blob, dtype="<f4")


def int8s(blob):
    return np.frombuffer(blob, dtype=np.int8)


def bits_lsb_first(blob):
    return [(byte >> i) & 1 for byte in blob for i in range(8)]


def bits_msb_first(blob):
    return [(byte >> (7 - i)) & 1 for byte in blob for i in range(8)]


def json_array(values):
    """JSON text whose float32 reading is exactly `values`."""
    return json.dumps([float(v) for v in values])


# ---- asking SQL -------------------------------------------------------------------------------

def value(engine, expression, *params):
    """The one value of `SELECT expression`."""
    rows = list(engine.execute("SELECT " + expression, params))
    assert len(rows) == 1 and len(rows[0]) == 1, rows
    return rows[0][0]


def column(engine, sql, *params):
    return [row[0] for row in engine.execute(sql, params)]


def errors_of(engine):
    """The exceptions that mean a clean SQL error, for an Engine or a plain sqlite3 connection."""
    import sqlite3

    return getattr(engine, "Error", sqlite3.Error)


def error(engine, expression, *params):
    """The message of the error that `SELECT expression` raises; fails if it raises none."""
    return statement_error(engine, "SELECT " + expression, *params)


def statement_error(engine, sql, *params):
    try:
        rows = list(engine.execute(sql, params))
    except errors_of(engine) as problem:
        return re.sub(r"^SQLError: ", "", str(problem))
    raise AssertionError(f"no error, but {rows!r}")


# ---- comparing --------------------------------------------------------------------------------

def bits(number):
    """The bits of a double; both zeros alike, every NaN and None alike."""
    if number is None or math.isnan(number):
        return None
    return struct.pack("<d", float(number) + 0.0)


def same(actual, expected):
    """Bit for bit equal, where SQL shows NaN as NULL."""
    return bits(actual) == bits(expected)


def ulps(a, b):
    """How many float32 steps lie between two float32 numbers."""
    def place(x):
        n = int(np.asarray(x, dtype=F32).view(np.int32))
        return n if n >= 0 else -(n & 0x7FFFFFFF)
    return abs(place(a) - place(b))


# ---- sums and distances -----------------------------------------------------------------------

def ordered_sum(terms):
    """Adds `terms` in the fixed order, in their own type."""
    zero = terms.dtype.type(0)
    with np.errstate(all="ignore"):
        if terms.size <= SHORT:
            total = zero
            for term in terms:
                total = total + term
            return total
        lanes = np.zeros(LANES, terms.dtype)
        whole = terms.size // LANES * LANES
        for block in terms[:whole].reshape(-1, LANES):
            lanes = lanes + block
        tail = terms[whole:]
        lanes[: tail.size] = lanes[: tail.size] + tail
        half = LANES // 2
        while half:
            lanes[:half] = lanes[:half] + lanes[half : 2 * half]
            half //= 2
        return lanes[0]


def naive_sum(terms):
    """A wrong order, for the controls."""
    total = terms.dtype.type(0)
    with np.errstate(all="ignore"):
        for term in terms:
            total = total + term
    return total


def dot(a, b, add=ordered_sum):
    with np.errstate(all="ignore"):
        return float(add(a * b))


def l2(a, b, add=ordered_sum):
    with np.errstate(all="ignore"):
        difference = a - b
        return float(F32(np.sqrt(F64(add(difference * difference)))))


def l1(a, b, add=ordered_sum):
    with np.errstate(all="ignore"):
        return float(add(np.abs(a.astype(F64) - b.astype(F64))))


def cosine(a, b, add=ordered_sum):
    with np.errstate(all="ignore"):
        ab, aa, bb = (F64(add(x)) for x in (a * b, a * a, b * b))
        if not all(1e-36 <= square <= 3.4028234e38 for square in (aa, bb)):
            a, b = a.astype(F64), b.astype(F64)
            ab, aa, bb = (np.cumsum(x)[-1] for x in (a * b, a * a, b * b))
        return float(F32(F64(1) - ab / (np.sqrt(aa) * np.sqrt(bb))))


def dot_int8(a, b):
    return float(sum(int(x) * int(y) for x, y in zip(a, b)))


def l2_int8(a, b):
    return float(F32(math.sqrt(float(sum((int(x) - int(y)) ** 2 for x, y in zip(a, b))))))


def l1_int8(a, b):
    return sum(abs(int(x) - int(y)) for x, y in zip(a, b))


def cosine_int8(a, b):
    with np.errstate(all="ignore"):
        ab, aa, bb = F64(dot_int8(a, b)), F64(dot_int8(a, a)), F64(dot_int8(b, b))
        return float(F32(F64(1) - ab / (np.sqrt(aa) * np.sqrt(bb))))


def hamming(a, b):
    return float(sum(bin(x ^ y).count("1") for x, y in zip(a, b)))


DISTANCES = {"l2": l2, "l1": l1, "cosine": cosine}
DISTANCES_INT8 = {"l2": l2_int8, "l1": l1_int8, "cosine": cosine_int8}


# ---- arithmetic -------------------------------------------------------------------------------

def norm(v):
    total = 0.0
    for x in v:
        total += float(x) * float(x)
    return math.sqrt(total)


def normalize(v):
    length = norm(v)
    if not length > 1e-6:
        return v
    return np.array([float(x) / length for x in v], dtype=F64).astype(F32)


def scale(v, s):
    return (v.astype(F64) * F64(s)).astype(F32)


def vector_sum(rows):
    """Element by element: the exact sum, rounded once to double and once to float32."""
    return np.array([math.fsum(map(float, c)) for c in zip(*rows)], dtype=F64).astype(F32)


def vector_avg(rows):
    return np.array([math.fsum(map(float, c)) / len(rows) for c in zip(*rows)], F64).astype(F32)


def quantize_int8(v):
    step = float(F32(2.0) / F32(255.0))
    whole = ((v.astype(F64) + 1.0) / step) - 128.0
    return np.trunc(np.clip(whole, -128.0, 127.0)).astype(np.int8)


def quantize_binary(v):
    out = bytearray(len(v) // 8)
    for i, x in enumerate(v):
        if x > 0:
            out[i // 8] |= 1 << (i % 8)
    return bytes(out)


# ---- inputs -----------------------------------------------------------------------------------

def shapes(rng, dims):
    """Pairs of float32 vectors that break naive code, by name."""
    def normal():
        return rng.standard_normal(dims).astype(F32)

    tiny = F32(1e-45)
    a = normal()
    yield "normal", a, normal()
    yield "equal", a, a.copy()
    yield "opposite", a, -a
    yield "zero", a, np.zeros(dims, F32)
    yield "both zero", np.zeros(dims, F32), np.zeros(dims, F32)
    yield "denormal", (rng.integers(-9, 9, dims) * tiny).astype(F32), normal()
    yield "denormals", (rng.integers(-9, 9, dims) * tiny).astype(F32), \
        (rng.integers(-9, 9, dims) * tiny).astype(F32)
    yield "huge", (normal() * F32(1e37)), (normal() * F32(1e37))
    yield "mixed", (normal() * (F32(10) ** rng.integers(-15, 15, dims).astype(F32))), normal()
    yield "integers", rng.integers(-3, 4, dims).astype(F32), rng.integers(-3, 4, dims).astype(F32)


# Every dimension up to 40, the borders of a block, and some long ones.
DIMS = sorted({*range(1, 41), 47, 48, 49, 63, 64, 65, 79, 80, 81, 100, 127, 128, 129, 191, 192,
               193, 255, 256, 257, 300, 384, 511, 513, 768, 1000, 1536, 2049, 4096, 4100})
