"""What is answered from memory is, bit for bit, what reading every row gives: on any data.

Each test stores one shape of data, asks a sample of searches while memory is off, and asks the same
again from memory, under changing kernels and numbers of threads. Rows, order, scores, distances,
errors and the counts of skipped rows have to be the same.
"""

import json
import zlib

import numpy as np
import pytest
from cached import CACHED, SANITIZED, config, kernels, last, tier
from topk_oracle import COMBINATIONS, FLOAT_METRICS

F32 = np.float32
DIMS = (1, 2, 3, 7, 16, 17, 47, 48, 63, 64, 65, 127, 128, 129, 384, 768, 1000, 1536)
if SANITIZED:
    DIMS = (1, 17, 48, 129, 384)
SKIPPED = ("skipped_null", "skipped_type", "skipped_length", "skipped_nonfinite", "skipped_score")
MEGABYTES = 500
MANY = 10_000 if SANITIZED else 50_000


# ---- data -------------------------------------------------------------------------------------

def unit(rng, rows, dims):
    vectors = rng.standard_normal((rows, dims))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def normal(rng, rows, dims):
    return rng.standard_normal((rows, dims))


def clustered(rng, rows, dims):
    centers = rng.standard_normal((12, dims))
    return centers[rng.integers(0, 12, rows)] + rng.standard_normal((rows, dims)) * 0.05


def around_a_mean(rng, rows, dims):
    return rng.standard_normal((rows, dims)) * 0.01 + rng.standard_normal(dims) * 10


def one_vector(rng, rows, dims):
    return np.tile(rng.standard_normal(dims), (rows, 1))


def constant_rows(rng, rows, dims):
    return np.repeat(rng.standard_normal((rows, 1)), dims, axis=1)


def outlier_dimension(rng, rows, dims):
    vectors = rng.standard_normal((rows, dims))
    vectors[:, rng.integers(dims)] *= 1000
    return vectors


def outlier_elements(rng, rows, dims):
    vectors = rng.standard_normal((rows, dims))
    vectors[np.arange(rows), rng.integers(0, dims, rows)] *= 1e6
    return vectors


def norms_of_every_size(rng, rows, dims):
    return unit(rng, rows, dims) * 10.0 ** rng.uniform(-20, 20, (rows, 1))


def tiny(rng, rows, dims):
    return unit(rng, rows, dims) * 1e-20


def huge(rng, rows, dims):
    return unit(rng, rows, dims) * 1e20


def at_the_end_of_the_range(rng, rows, dims):
    return unit(rng, rows, dims) * 10.0 ** rng.choice((38.3, 30.0, 19.3, -19.0, -37.5), (rows, 1))


def almost_denormal(rng, rows, dims):
    """Where the reciprocal of a step is beyond float32; with zeros between."""
    vectors = unit(rng, rows, dims) * 10.0 ** rng.uniform(-39, -36, (rows, 1))
    return np.where(rng.random((rows, dims)) < 0.3, 0, vectors)


def denormal(rng, rows, dims):
    return rng.integers(-9, 10, (rows, dims)) * 1.5e-45


def with_zero_vectors(rng, rows, dims):
    vectors = rng.standard_normal((rows, dims))
    vectors[rng.random(rows) < 0.3] = 0
    vectors[rng.random(rows) < 0.1] = -0.0
    return vectors


def duplicates(rng, rows, dims):
    return rng.standard_normal((40, dims))[rng.integers(0, 40, rows)]


def one_step_apart(rng, rows, dims):
    """The same vector with a few elements one float32 step up or down."""
    vectors = np.tile(rng.standard_normal(dims).astype(F32), (rows, 1))
    for _ in range(3):
        place = np.arange(rows), rng.integers(0, dims, rows)
        way = np.where(rng.random(rows) < 0.5, F32(np.inf), F32(-np.inf))
        vectors[place] = np.nextafter(vectors[place], way)
    return vectors


def ascending(rng, rows, dims):
    """Every row is better than all before, for a query of the same direction."""
    direction = np.abs(rng.standard_normal(dims))
    return direction * np.linspace(0.5, 1.5, rows)[:, None] + rng.standard_normal(dims) * 0.01


def descending(rng, rows, dims):
    return ascending(rng, rows, dims)[::-1]


def one_hot(rng, rows, dims):
    vectors = np.zeros((rows, dims))
    vectors[np.arange(rows), rng.integers(0, dims, rows)] = rng.choice((1, 1, 2, -1), rows)
    return vectors


def integers(rng, rows, dims):
    return rng.integers(-3, 4, (rows, dims))


def signs(rng, rows, dims):
    return rng.choice((-1.0, 1.0, 0.0, -0.0), (rows, dims))


def between_codes(rng, rows, dims):
    """Every element lies halfway between two codes of a scale of 127."""
    vectors = rng.integers(-126, 126, (rows, dims)) + 0.5
    vectors[:, 0] = 127
    return vectors * 10.0 ** rng.integers(-3, 4, (rows, 1))


SHAPES = {shape.__name__: shape for shape in (
    normal, clustered, around_a_mean, one_vector, constant_rows, outlier_dimension,
    outlier_elements, norms_of_every_size, tiny, huge, at_the_end_of_the_range, almost_denormal,
    denormal, with_zero_vectors, duplicates, one_step_apart, ascending, descending, one_hot,
    integers, signs, between_codes)}
WITH_BAD_ROWS = ("normal", "clustered", "norms_of_every_size", "integers")


def spoiled(rng, values):
    """Some rows become everything but a vector of these dimensions."""
    size = len(values[0])
    bad = [None, None, "text", 5, 2.5, b"", bytes(size + 4), bytes(size - 1), bytes(size - 4)]
    for special in (np.nan, np.inf, -np.inf):
        for place in (0, -1, size // 8):
            vector = np.frombuffer(values[0], "<f4").copy()
            vector[place] = special
            bad.append(vector.tobytes())
    for row in np.flatnonzero(rng.random(len(values)) < 0.2):
        values[row] = bad[rng.integers(len(bad))]
    return values


def int8_shape(rng, name, rows, dims):
    if name == "any":
        return rng.integers(-128, 128, (rows, dims))
    if name == "extreme":
        return rng.choice((-128, 127), (rows, dims))
    if name == "small":
        return rng.integers(-1, 2, (rows, dims))
    return rng.integers(-128, 128, (30, dims))[rng.integers(0, 30, rows)]  # ties


def queries_for(rng, vectors):
    """Queries that are good, bad, and unlucky for the rows, by name."""
    row = vectors[rng.integers(len(vectors))]
    dims = len(row)
    one = np.zeros(dims)
    one[rng.integers(dims)] = 1
    with np.errstate(all="ignore"):
        yield "a row", row
        yield "against a row", -row
        yield "zero", np.zeros(dims)
        yield "normal", rng.standard_normal(dims)
        yield "huge", rng.standard_normal(dims) * 1e20
        yield "tiny", rng.standard_normal(dims) * 1e-20
        yield "denormal", rng.integers(-9, 10, dims) * 1.5e-45
        yield "one-hot", one
        yield "mean", vectors.mean(axis=0)
        yield "signs", rng.choice((-1.0, 1.0), dims)
        yield "halves", row / max(1e-38, np.abs(row).max()) * 127 % 1 - 0.5


# ---- searches ---------------------------------------------------------------------------------

def sample(rng, queries, rows, element, metrics, count):
    """Searches as (sql, parameters)."""
    names = list(queries)
    for number in range(count):
        metric = metrics[number % len(metrics)]
        k = [1, 10, 10, 10, 100, rows - 1, rows, rows + 5, None, 3][rng.integers(10)]
        query = queries[names[rng.integers(len(names))]]
        strict = 1 if rng.random() < 0.1 else 0
        sql = "SELECT rowid, id, score, distance, rank FROM vec_topk('t', 'e', ?, ?, ?, ?, ?, ?) "
        parameters = [query, k, metric, None, element, strict]
        chance = rng.random()
        if chance < 0.15:
            parameters[3] = "boundary"
        elif chance < 0.35:
            share = rng.choice((5 / rows, 60 / rows, 0.1, 0.4, 0.9))
            chosen = (1 + np.flatnonzero(rng.random(rows + 3) < share)).tolist()
            if rng.random() < 0.5:
                sql += "WHERE rowid IN (SELECT value FROM json_each(?)) "
            else:
                sql += "WHERE within = ? "
            parameters.append(json.dumps(chosen or [1]))
        yield sql + "ORDER BY rank", parameters


def answer(engine, sql, parameters):
    """Rows with all their bits and the counts, or the error."""
    try:
        rows = engine.execute(sql, parameters)
    except engine.Error as error:
        return str(error)
    counts = last(engine)
    numbers = np.array([row[2:4] for row in rows], dtype=float).tobytes()
    return ([(rowid, key, rank) for rowid, key, _, _, rank in rows], numbers, counts["rows"],
            *(counts[name] for name in SKIPPED))


def bounded(engine, rng, sql, parameters):
    """The parameters with a min_score that is, or is next to, the score of a row."""
    if parameters[3] is None:
        return parameters
    try:
        scores = [row[2] for row in engine.execute(
            sql, [parameters[0], None, parameters[2], None, *parameters[4:]])]
    except engine.Error:
        scores = []
    score = scores[min(len(scores) - 1, int(rng.choice((0, 2, 9, 50, 400))))] if scores else 0.0
    if rng.random() < 0.5:
        score = float(np.nextafter(score, np.inf * rng.choice((-1, 1))))
    return [*parameters[:3], score, *parameters[4:]]


def check(engine, rng, searches, element, metrics, what):
    """Asks everything without memory, then from it; returns how many memory answered."""
    levels = kernels(engine)
    config(engine, "cache_mb", 0)
    searches = [(sql, bounded(engine, rng, sql, parameters)) for sql, parameters in searches]
    expected = [answer(engine, *search) for search in searches]
    assert tier(engine) not in CACHED
    config(engine, "cache_mb", MEGABYTES)
    for _ in range(3):
        for metric in metrics:
            engine.execute("SELECT count(*) FROM vec_topk('t', 'e', ?, 1, ?, NULL, ?)",
                           (searches[0][1][0], metric, element))
    used = 0
    for (sql, parameters), wanted in zip(searches, expected):
        kernel, threads = str(rng.choice(levels)), int(rng.choice((1, 2)))
        config(engine, "kernel", kernel)
        config(engine, "threads", threads)
        found = answer(engine, sql, parameters)
        assert found == wanted, (what, kernel, threads, tier(engine), sql, parameters[1:6])
        used += tier(engine) in CACHED
    return used


def stored(engine, values):
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
    engine.execute("BEGIN")
    engine.connection.executemany("INSERT INTO t(e) VALUES (?)", [(value,) for value in values])
    engine.execute("COMMIT")


def seeded(*words):
    return np.random.default_rng(zlib.crc32(repr(words).encode()))


def rows_for(dims):
    return 500 if SANITIZED else 2000 if dims < 384 else 700


# ---- the tests --------------------------------------------------------------------------------

@pytest.mark.parametrize("dims", DIMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_float32(connect_one, shape, dims):
    engine, rng, rows = connect_one, seeded(shape, dims), rows_for(dims)
    with np.errstate(over="ignore"):
        vectors = np.clip(SHAPES[shape](rng, rows, dims), -3e38, 3e38).astype(F32)
        queries = {name: np.clip(query, -3e38, 3e38).astype("<f4").tobytes()
                   for name, query in queries_for(rng, vectors)}
    values = list(map(bytes, vectors))
    if shape in WITH_BAD_ROWS:
        values = spoiled(rng, values)
    stored(engine, values)
    searches = list(sample(rng, queries, rows, "float32", FLOAT_METRICS, 24))
    assert check(engine, rng, searches, "float32", FLOAT_METRICS, (shape, dims)) > 12


@pytest.mark.parametrize("dims", DIMS)
@pytest.mark.parametrize("shape", ["any", "extreme", "small", "ties"])
def test_int8(connect_one, shape, dims):
    engine, rng, rows = connect_one, seeded(shape, dims), rows_for(dims)
    vectors = int8_shape(rng, shape, rows, dims).astype(np.int8)
    queries = {str(n): int8_shape(rng, shape, 1, dims).astype(np.int8).tobytes() for n in range(3)}
    queries["a row"], queries["zero"] = bytes(vectors[rows // 2]), bytes(dims)
    stored(engine, list(map(bytes, vectors)))
    searches = list(sample(rng, queries, rows, "int8", FLOAT_METRICS, 16))
    assert check(engine, rng, searches, "int8", FLOAT_METRICS, (shape, dims)) > 8


@pytest.mark.parametrize("dims", [8, 16, 64, 72, 128, 384, 1000, 1536])
@pytest.mark.parametrize("ones", [0.5, 0.02])
def test_bit(connect_one, ones, dims):
    engine, rng, rows = connect_one, seeded(ones, dims), rows_for(dims)
    vectors = np.packbits(rng.random((rows, dims)) < ones, axis=1)
    queries = {"row": bytes(vectors[7]), "zero": bytes(dims // 8), "all": b"\xff" * (dims // 8)}
    stored(engine, list(map(bytes, vectors)))
    searches = list(sample(rng, queries, rows, "bit", ("hamming",), 16))
    assert check(engine, rng, searches, "bit", ("hamming",), (ones, dims)) > 8


@pytest.mark.parametrize("shape", [
    "clustered", "one_step_apart", "outlier_dimension", "duplicates"])
def test_many_rows(connect_one, shape):
    """Enough for a pass to jump between many runs of rows, and for threads under the sanitizers."""
    engine, rng, rows, dims = connect_one, seeded(shape, "many"), MANY, 96
    vectors = SHAPES[shape](rng, rows, dims).astype(F32)
    queries = {name: query.astype("<f4").tobytes() for name, query in queries_for(rng, vectors)}
    stored(engine, list(map(bytes, vectors)))
    searches = [(sql, [query, k if k and k < rows - 1 else 500, *rest]) for sql, (query, k, *rest)
                in sample(rng, queries, rows, "float32", FLOAT_METRICS, 32)]
    assert check(engine, rng, searches, "float32", FLOAT_METRICS, (shape, "many")) > 20


@pytest.mark.parametrize("metric,element", COMBINATIONS)
def test_many_rows_of_each_metric(connect_one, metric, element):
    engine, rng, rows, size = connect_one, seeded(metric, element), MANY, 64
    vectors = rng.integers(-128, 128, (rows, size)).astype(np.int8)
    if element == "float32":
        vectors = vectors.astype(F32)
    queries = {"row": bytes(vectors[9]), "other": bytes(vectors[10] // 2)}
    stored(engine, list(map(bytes, vectors)))
    searches = [(sql, [query, k if k and k < rows - 1 else 500, *rest]) for sql, (query, k, *rest)
                in sample(rng, queries, rows, element, (metric,), 8)]
    assert check(engine, rng, searches, element, (metric,), (metric, element)) > 4


@pytest.fixture(params=["sqlite3"])
def connect_one(request):
    from conftest import Engine
    engine = Engine(request.param)
    yield engine
    engine.close()


def test_control_one_step_of_one_element_is_found(connect_one):
    engine = connect_one
    one = np.arange(1, 65, dtype=F32)
    stored(engine, [bytes(one)] * 40)
    search = ("SELECT rowid, id, score, distance, rank FROM vec_topk('t', 'e', ?, 10, 'l1')",
              [bytes(one)])
    for _ in range(3):
        before = answer(engine, *search)
    one[63] = np.nextafter(one[63], F32(np.inf))
    engine.execute("UPDATE t SET e = ? WHERE id = 5", (bytes(one),))
    assert before != answer(engine, *search)
