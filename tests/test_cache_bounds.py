"""Looks for a row that a plane of codes leaves out although it belongs to the answer.

The codes of a row lose a vector, its error, and the search gives every row as much as the error can
add. The data here is built so that it adds just that: queries along the errors, near ties on both
sides of the last row that counts, and sizes at which float32 itself gives way. Millions of pairs of
row and query; each answer is compared with one without memory, bit for bit, and with numpy's.
"""

import zlib

import numpy as np
import pytest
from cached import CACHED, SANITIZED, config, tier
from topk_oracle import bits_of

F32 = np.float32
ROWS = 8000
QUERIES = 12 if SANITIZED else 40
DIMS = (48, 128) if SANITIZED else (16, 48, 60, 128, 200)


def codes_of(vectors, levels):
    """What rounding to `levels` steps of the largest element leaves of each row."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    step = np.where(largest > 0, largest, 1) / levels
    return np.round(vectors / step) * step


def codes_of_4_bits(vectors):
    """Odd multiples of half a step, clipped."""
    deviation = np.sqrt((vectors**2).mean(axis=1, keepdims=True))
    half = np.minimum(0.1675 * deviation, np.abs(vectors).max(axis=1, keepdims=True) / 15)
    half = np.where(half > 0, half, 1)
    return np.clip(2 * np.round(vectors / half / 2 - 0.5) + 1, -15, 15) * half


def turned(vectors):
    """As scan/plane.cpp turns rows; if it does otherwise, the errors are no longer the worst."""
    padded = -(-vectors.shape[1] // 128) * 128
    signs, state, mask = [], 0, 2**64 - 1
    for _ in range(padded):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        signs.append(1.0 if (z ^ (z >> 31)) & 1 else -1.0)
    out = np.zeros((len(vectors), padded))
    out[:, :vectors.shape[1]] = vectors
    out *= signs
    for _ in range(6):
        low, high = out[:, :padded // 2], out[:, padded // 2:]
        out = np.stack([low + high, low - high], axis=2).reshape(len(out), padded) * 0.5**0.5
    return out


def along_the_errors(rng, dims, codes=lambda vectors: codes_of(vectors, 127)):
    """Each query is the error of a row, which is then worth as much as its bound allows.

    Short rows along the query, with next to no error, score a little more or less than that row.
    """
    rows = rng.standard_normal((QUERIES, dims))
    basis = turned(np.eye(dims))  # row i is where dimension i goes
    errors = (turned(rows) - codes(turned(rows))) @ basis.T
    sizes = np.linalg.norm(errors, axis=1, keepdims=True)
    queries = errors / sizes
    scores = (rows * queries).sum(axis=1)
    near = 1 + rng.choice((-1, 1), (QUERIES, 50)) * 10.0 ** rng.uniform(-7, -1.5, (QUERIES, 50))
    short = (queries[:, None, :] * scores[:, None, None] * near[:, :, None]).reshape(-1, dims)
    others = rng.standard_normal((ROWS - len(rows) - len(short), dims)) * 1e-4
    vectors = np.concatenate([rows, short, others])
    return vectors[rng.permutation(ROWS)], queries


def along_the_errors_of_4_bits(rng, dims):
    return along_the_errors(rng, dims, codes_of_4_bits)


def errors_of_one_sign(rng, dims):
    """Every element is lost by almost half a step, upwards in half of the rows."""
    vectors = rng.integers(-100, 101, (ROWS, dims)).astype(float)
    vectors += np.where(np.arange(ROWS) % 2, 0.4999, -0.4999)[:, None]
    vectors[:, 0] = 127
    queries = np.ones((QUERIES, dims)) + rng.standard_normal((QUERIES, dims)) * 1e-3
    queries[:, 0] = rng.standard_normal(QUERIES) * 1e-3
    return vectors / 127, queries


def one_score(rng, dims):
    """All rows have nearly the same score, and nothing else in common."""
    vectors = rng.standard_normal((ROWS, dims))
    queries = rng.standard_normal((QUERIES, dims))
    base = queries[0] / (queries[0] @ queries[0])
    vectors += (1 - vectors @ queries[0])[:, None] * base
    near = rng.standard_normal((QUERIES, dims)) * 10.0 ** rng.integers(-7, -1, (QUERIES, 1))
    return vectors, queries[0] + near


def on_a_sphere(rng, dims):
    """Near ties of cosine and l2: rows around one direction at one angle."""
    center = rng.standard_normal(dims)
    center /= np.linalg.norm(center)
    vectors = rng.standard_normal((ROWS, dims))
    vectors -= (vectors @ center)[:, None] * center
    sizes = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = center + vectors / np.where(sizes > 0, sizes, 1) * 0.1
    queries = center + rng.standard_normal((QUERIES, dims)) * 10.0 ** rng.integers(
        -9, -2, (QUERIES, 1))
    return vectors, queries


def nearer_and_nearer(rng, dims):
    """Stretches of rows that all have to be looked at again, between others that need not be."""
    vectors = rng.standard_normal((ROWS, dims))
    queries = rng.standard_normal((QUERIES, dims))
    weight = np.linspace(0, 3, ROWS) * (np.arange(ROWS) // 700 % 2)
    vectors += weight[:, None] * queries[np.arange(ROWS) // 1400 % QUERIES]
    return vectors, queries


def far_from_zero(rng, dims):
    """A large common part in which the differences drown."""
    vectors = 1000 + rng.standard_normal((ROWS, dims)) * 0.01
    return vectors, 1000 + rng.standard_normal((QUERIES, dims)) * 0.01


def few_large_elements(rng, dims):
    """One element takes all the codes; the others are lost, and are all that the query sees."""
    vectors = rng.standard_normal((ROWS, dims)) * 1e-3
    queries = rng.standard_normal((QUERIES, dims))
    if dims > 1:
        vectors[:, 0] = rng.choice((-1, 1), ROWS) * 10.0 ** rng.integers(0, 4, ROWS)
        queries[:, 0] = 0
    return vectors, queries


def sizes_of_float32(rng, dims):
    """Squares that underflow and overflow."""
    vectors = rng.standard_normal((ROWS, dims)) * 10.0 ** rng.integers(-30, 19, (ROWS, 1))
    queries = rng.standard_normal((QUERIES, dims)) * 10.0 ** rng.integers(-18, 19, (QUERIES, 1))
    return vectors, queries


def underflow(rng, dims):
    """Rows whose errors have squares below float32, and queries that make up for it."""
    vectors = rng.standard_normal((ROWS, dims)) * 10.0 ** rng.uniform(-24, -17, (ROWS, 1))
    return vectors, rng.standard_normal((QUERIES, dims)) * 1e18


def all_underflow(rng, dims):
    """The same in one size, so that the rows compete."""
    vectors = 1 + rng.standard_normal((ROWS, dims)) * 0.3
    exponent = rng.choice((-36.0, -25.0, -21.0, -19.5))
    queries = rng.standard_normal((QUERIES, dims)) * 1e15
    return vectors * 10.0 ** exponent, queries


def overflow(rng, dims):
    """Rows whose sums overflow in one order of adding and not in another."""
    vectors = rng.standard_normal((ROWS, dims)) * 10.0 ** rng.uniform(17, 19.5, (ROWS, 1))
    return vectors, rng.standard_normal((QUERIES, dims)) * 1e19


def cancelled(rng, dims):
    """Sums of large terms that leave almost nothing."""
    half = max(1, dims // 2)
    vectors = rng.standard_normal((ROWS, dims))
    queries = rng.standard_normal((QUERIES, dims))
    vectors[:, -half:] = -vectors[:, :half] + rng.standard_normal((ROWS, half)) * 1e-4
    queries[:, -half:] = queries[:, :half]
    return vectors * 100, queries


SHAPES = {shape.__name__: shape for shape in (
    along_the_errors, along_the_errors_of_4_bits, errors_of_one_sign, one_score, on_a_sphere,
    nearer_and_nearer, far_from_zero, few_large_elements, sizes_of_float32, underflow,
    all_underflow, overflow, cancelled)}


def search(engine, query, k, metric):
    rows = engine.execute("SELECT rowid, score, distance FROM vec_topk('t', 'e', ?, ?, ?) "
                          "ORDER BY rank", (query, k, metric))
    return [(rowid, bits_of(score), bits_of(distance)) for rowid, score, distance in rows]


def exact_distances(metric, vectors, query):
    """In double, and how far float32 may be from it."""
    wide, q = vectors.astype(float), query.astype(float)
    norms, size = np.sqrt((wide**2).sum(axis=1)), np.sqrt((q**2).sum())
    slack = 4e-7 * (len(q) ** 0.5 + 10)
    if metric == "dot":
        return -(wide @ q), slack * norms * size + 1e-37
    if metric == "cosine":
        with np.errstate(all="ignore"):
            return 1 - (wide @ q) / (norms * size), np.full(len(norms), slack * 4)
    if metric == "l2":
        return np.sqrt(((wide - q) ** 2).sum(axis=1)), slack * (norms + size) + 1e-18
    return np.abs(wide - q).sum(axis=1), slack * np.abs(wide - q).sum(axis=1) + 1e-37


def agrees_with_numpy(found, metric, vectors, query, k):
    """The best distances, place by place, are those of numpy within the rounding of float32."""
    distances, slack = exact_distances(metric, vectors, query)
    order = np.argsort(distances, kind="stable")[:k]
    given = np.array([int(rowid) - 1 for rowid, _, _ in found])
    return (len(given) == k and np.all(
        np.abs(distances[given] - distances[order]) <= 2 * (slack[given] + slack[order])))


@pytest.fixture
def table(connect):
    """A function: vectors to an Engine with the table t of them."""
    def store(vectors):
        engine = connect()
        engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
        engine.execute("BEGIN")
        engine.connection.executemany("INSERT INTO t(e) VALUES (?)",
                                      [(row,) for row in map(bytes, vectors)])
        engine.execute("COMMIT")
        return engine
    return store


@pytest.mark.parametrize("binding", ["sqlite3"], indirect=True)
@pytest.mark.parametrize("dims", DIMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_row_is_left_out(table, shape, dims):
    rng = np.random.default_rng(zlib.crc32(f"{shape} {dims}".encode()))
    with np.errstate(all="ignore"):
        vectors, queries = (np.clip(x, -3e38, 3e38).astype("<f4") for x in SHAPES[shape](rng, dims))
    engine = table(vectors)
    asked = [(bytes(query), int(rng.choice((1, 5, 10, *range(20, 70, 3)))), metric)
             for query in queries for metric in ("dot", "cosine", "l2")]
    config(engine, "cache_mb", 0)
    expected = [search(engine, *what) for what in asked]
    config(engine, "cache_mb", 500)
    for what in asked[:3] * 3:
        search(engine, *what)
    tiers = set()
    for number, (what, wanted) in enumerate(zip(asked, expected)):
        config(engine, "threads", 1 + number % 2)
        found = search(engine, *what)
        tiers.add(tier(engine))
        assert found == wanted, (shape, dims, number, what[1:], tier(engine))
    assert tiers <= set(CACHED)
    if shape not in ("overflow", "sizes_of_float32", "underflow", "all_underflow"):
        for number in rng.choice(len(asked), 9, replace=False):
            query, k, metric = asked[number]
            assert agrees_with_numpy(expected[number], metric, vectors,
                                     np.frombuffer(query, "<f4"), k), (shape, dims, number)


def test_control_numpy_finds_a_row_that_is_left_out():
    rng = np.random.default_rng(1)
    vectors, queries = (rng.standard_normal((n, 60)).astype("<f4") for n in (ROWS, QUERIES))
    for metric in ("dot", "cosine", "l2"):
        distances, _ = exact_distances(metric, vectors, queries[5])
        order = np.argsort(distances)
        found = [(int(row) + 1, None, None) for row in order]
        assert agrees_with_numpy(found[:10], metric, vectors, queries[5], 10)
        assert not agrees_with_numpy(found[1:11], metric, vectors, queries[5], 10)
