"""Brute force for vec_topk, in two independent ways.

`brute` reads every row, decides in Python whether it is a vector, and takes the distance of each
row from the scalar function of the metric: vec_topk has to return the same bits. `numpy_distances`
does not touch the library at all and agrees within rounding.
"""

import json
import math
import struct

import numpy as np

FLOAT_METRICS = ("dot", "cosine", "l2", "l1")
METRICS = FLOAT_METRICS + ("hamming",)
COMBINATIONS = (
    [(metric, "float32") for metric in FLOAT_METRICS]
    + [(metric, "int8") for metric in FLOAT_METRICS]
    + [("hamming", "bit")]
)
WRAP = {"float32": "vec_f32", "int8": "vec_int8", "bit": "vec_bit"}


def f32(*values):
    """A float32 blob: f32(1, 2) or f32([1, 2])."""
    if len(values) == 1 and np.ndim(values[0]):
        values = values[0]
    return np.asarray(values, dtype="<f4").tobytes()


def i8(*values):
    """An int8 blob."""
    if len(values) == 1 and np.ndim(values[0]):
        values = values[0]
    return np.asarray(values, dtype=np.int8).tobytes()


def bits_of(value):
    """A float as its 64 bits, so that 0.0 and -0.0 differ."""
    return struct.pack("<d", value)


def fill(engine, blobs, table="t", first=1):
    """Creates `table(id INTEGER PRIMARY KEY, e)` and stores the blobs from `first` on."""
    engine.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, e)")
    engine.execute("BEGIN")
    for number, blob in enumerate(blobs, first):
        engine.execute(f"INSERT INTO {table} VALUES (?, ?)", (number, blob))
    engine.execute("COMMIT")


def is_vector(value, size, element):
    """Whether a stored value is a vector of `size` bytes without NaN and Inf."""
    if not isinstance(value, bytes) or len(value) != size:
        return False
    return element != "float32" or bool(np.isfinite(np.frombuffer(value, "<f4")).all())


def distance_sql(metric, element, a, b):
    """The SQL expression that defines `distance`."""
    wrap = WRAP[element]
    if metric == "dot":
        return f"-vec_dot({wrap}({a}), {wrap}({b}))"
    return f"vec_distance_{metric}({wrap}({a}), {wrap}({b}))"


def score_of(metric, distance):
    # 0.0 - d, not -d: what SQL's minus gives for zero.
    return 1.0 - distance if metric == "cosine" else 0.0 - distance


def brute(engine, query, table="t", column="e", k=None, metric="dot", element="float32",
          min_score=None, only=None, rowid="rowid"):
    """What vec_topk has to return: a list of (rowid, score, distance, rank)."""
    rows = engine.execute(f'SELECT {rowid}, "{column}" FROM "{table}"')
    usable = [key for key, value in rows if is_vector(value, len(query), element)]
    if only is not None:
        usable = [key for key in usable if key in set(only)]
    sql = distance_sql(metric, element, f'"{column}"', "?1")
    found = engine.execute(
        f'SELECT {rowid}, {sql} FROM "{table}" '
        f"WHERE {rowid} IN (SELECT value FROM json_each(?2))",
        (query, json.dumps(usable)),
    )
    ranked = []
    for key, distance in found:
        if distance is None or not math.isfinite(distance):
            continue
        score = score_of(metric, distance)
        if min_score is None or score >= min_score:
            ranked.append((distance, key, score))
    ranked.sort(key=lambda row: row[:2])
    if k is not None:
        ranked = ranked[:k]
    return [(key, score, distance, n) for n, (distance, key, score) in enumerate(ranked, 1)]


def numpy_distances(metric, element, blobs, query):
    """Distances in double, rows of equal length, without the library."""
    if element == "bit":
        rows = np.stack([np.unpackbits(np.frombuffer(b, np.uint8)) for b in blobs])
        return (rows != np.unpackbits(np.frombuffer(query, np.uint8))).sum(axis=1).astype(float)
    dtype = "<f4" if element == "float32" else np.int8
    rows = np.stack([np.frombuffer(b, dtype) for b in blobs]).astype(float)
    vector = np.frombuffer(query, dtype).astype(float)
    if metric == "dot":
        return -(rows @ vector)
    if metric == "l1":
        return np.abs(rows - vector).sum(axis=1)
    if metric == "l2":
        return np.sqrt(((rows - vector) ** 2).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        norms = np.sqrt((rows**2).sum(axis=1)) * np.sqrt((vector**2).sum())
        return 1.0 - (rows @ vector) / norms


def searched(engine):
    """How many searches this connection has run."""
    rows = engine.execute("SELECT searches FROM vec_last_scan")
    return rows[0][0] if rows else 0
