"""The data sets: rows and held-out queries as .npy files under build/peers/data.

demo        the embeddings of build/demo.db, as they are: a round number of thousands of rows in
            the order of the table; the rest, chosen at random, are the queries
minilm      the same packages in the same order, with the same queries held out: sentence embeddings
            of their names and descriptions, by sentence_model.py
resampled   as many rows as are wanted, drawn from the surroundings of the demo's rows: a row is
            picked, and a point taken from the normal distribution of its nearest neighbours
            (their mean, their main directions, and what is left evenly in all directions)
given       the rows of a .npy file of your own (--embeddings), the last ones as queries
random      independent normal numbers: no structure at all, the worst case for everything that
            skips work, and unlike any embedding

Other dimensions than the demo's come from a linear map: the main axes for fewer, a random rotation
into the larger space and a little noise for more. All vectors are unit vectors. Queries are real
rows that no row was drawn from; only those beyond the held-out ones are resampled, from them.
"""

import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import sentence_model
from cases import DATA, ROOT, Dataset
from threadpoolctl import threadpool_limits

DEMO = ROOT / "build" / "demo.db"
QUERIES = 1000
NEAREST = 48  # neighbours that make the surroundings of a row
DIRECTIONS = 16  # of these, the main directions that are kept
NOISE = 0.05  # share of the energy that is noise after a map into more dimensions
BLOCK = 2000

Array = np.ndarray


def generator(*words: object) -> np.random.Generator:
    """The same numbers for the same words, on every machine."""
    return np.random.default_rng(list(" ".join(map(str, words)).encode()))


def unit(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-12)).astype("<f4")


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


# ---- the demo's rows ---------------------------------------------------------------------------


def read_demo(path: Path = DEMO) -> Array:
    if not path.exists():
        sys.exit(f"{path} is not there: run `make demo` first")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        found = db.execute("SELECT embedding FROM nodes WHERE embedding IS NOT NULL ORDER BY rowid")
        return np.frombuffer(b"".join(row[0] for row in found), "<f4").reshape(-1, 384)


def read_texts(path: Path = DEMO) -> list[str]:
    """What the demo's rows are about, in their order."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        found = db.execute(
            "SELECT title, summary FROM nodes WHERE embedding IS NOT NULL ORDER BY rowid"
        )
        return [": ".join(filter(None, row)) for row in found]


def seed_and_held_out() -> tuple[Array, Array]:
    return hold_out(read_demo())


def hold_out(rows: Array) -> tuple[Array, Array]:
    """The demo's rows but for some hundreds, and these; a round number of thousands remains."""
    count = len(rows) % 1000
    if count < 200:
        count += 1000
    chosen = generator("held out").permutation(len(rows))[:count]
    kept = np.ones(len(rows), bool)
    kept[chosen] = False
    return unit(rows[kept]), unit(rows[chosen])


def demo_rows() -> int:
    return len(seed_and_held_out()[0])


# ---- resampling --------------------------------------------------------------------------------


def find_nearest(seed: Array, wanted: Array) -> Array:
    """The numbers of the NEAREST rows of each wanted row, itself among them."""
    found = np.empty((len(wanted), NEAREST), np.int32)
    for part in blocks(len(wanted), 1000):
        scores = wanted[part] @ seed.T
        found[part] = np.argpartition(scores, -NEAREST, axis=1)[:, -NEAREST:]
    return found


def nearest_of(seed: Array, picks: Array) -> Array:
    """find_nearest() for some rows of the seed; of all rows it is kept in a file."""
    kept = DATA / f"nearest-{len(seed)}.npy"
    if not kept.exists():
        if len(picks) < len(seed) // 2:
            return find_nearest(seed, seed[picks])
        DATA.mkdir(parents=True, exist_ok=True)
        np.save(kept, find_nearest(seed, seed))
    return np.load(kept)[picks]


def draw(seed: Array, nearest: Array, counts: Array, random: np.random.Generator) -> Array:
    """counts[i] points from the surroundings nearest[i]."""
    points = []
    surroundings = seed[nearest].astype("f4")  # one block at a time: BLOCK x NEAREST x dims
    means = surroundings.mean(axis=1, keepdims=True)
    surroundings -= means
    # The eigenvectors of the small Gram matrix give the main directions as sums of neighbours.
    gram = surroundings @ surroundings.transpose(0, 2, 1)
    energies, axes = np.linalg.eigh(gram)
    rest = np.maximum(energies[:, :-DIRECTIONS], 0).sum(axis=1) / (NEAREST - 1)
    for i, count in enumerate(counts):
        weights = random.standard_normal((count, DIRECTIONS), "f4") @ axes[i, :, -DIRECTIONS:].T
        noise = random.standard_normal((count, seed.shape[1]), "f4")
        points.append(
            means[i]
            + weights @ surroundings[i] / np.sqrt(NEAREST - 1)
            + noise * np.sqrt(rest[i] / seed.shape[1])
        )
    return np.concatenate(points)


def linear_map(seed: Array, dims: int) -> Array | None:
    """From the demo's dimensions to `dims`; None if they are the same."""
    width = seed.shape[1]
    if dims == width:
        return None
    if dims < width:
        _, axes = np.linalg.eigh(seed.T.astype("f8") @ seed)
        return axes[:, ::-1][:, :dims].astype("f4")
    lift, _ = np.linalg.qr(generator("lift", dims).standard_normal((dims, width)))
    return lift.T.astype("f4")


def mapped(rows: Array, matrix: Array | None, random: np.random.Generator) -> Array:
    if matrix is None:
        return unit(rows)
    result = unit(rows @ matrix)
    if matrix.shape[1] > matrix.shape[0]:
        noise = random.standard_normal(result.shape, "f4") * np.sqrt(NOISE / result.shape[1])
        result = unit(result + noise)
    return result


def write_resampled(dataset: Dataset, rows: Array) -> Array:
    """Fills `rows`; returns the queries."""
    seed, held_out = seed_and_held_out()
    random = generator(dataset.name)
    matrix = linear_map(seed, dataset.dims)
    counts = random.multinomial(dataset.rows, np.full(len(seed), 1 / len(seed)))
    picks = np.flatnonzero(counts)
    counts = counts[picks]
    nearest = nearest_of(seed, picks)
    places = random.permutation(dataset.rows)  # neighbours do not stand side by side
    done = 0
    with threadpool_limits(1):  # for many small matrices a second thread costs ten times the time
        for part in blocks(len(picks)):
            points = draw(seed, nearest[part], counts[part], random)
            rows[places[done : done + len(points)]] = mapped(points, matrix, random)
            done += len(points)
            show_progress(dataset, done)
    return mapped(enough_queries(held_out), matrix, random)


def enough_queries(held_out: Array) -> Array:
    """The held-out rows, then points drawn from the surroundings of these rows."""
    missing = max(QUERIES - len(held_out), 0)
    random = generator("queries")
    picks = random.integers(len(held_out), size=missing)
    nearest = find_nearest(held_out, held_out[picks])
    more = draw(held_out, nearest, np.ones(missing, int), random) if missing else held_out[:0]
    return np.concatenate([held_out, more])[:QUERIES]


# ---- files -------------------------------------------------------------------------------------


def write_random(dataset: Dataset, rows: Array) -> Array:
    random = generator(dataset.name)
    for part in blocks(dataset.rows, 10_000):
        rows[part] = unit(random.standard_normal((part.stop - part.start, dataset.dims), "f4"))
    return unit(random.standard_normal((QUERIES, dataset.dims), "f4"))


def write_demo(_: Dataset, rows: Array) -> Array:
    rows[:], held_out = seed_and_held_out()
    return unit(enough_queries(held_out))


def write_minilm(_: Dataset, rows: Array) -> Array:
    rows[:], held_out = hold_out(sentence_model.embeddings(read_texts()))
    return unit(enough_queries(held_out))


def given_dataset(path: Path) -> Dataset:
    """The last QUERIES rows of the file are the queries."""
    shape = np.load(path, mmap_mode="r").shape
    if len(shape) != 2 or shape[0] <= 2 * QUERIES:
        sys.exit(f"{path}: wanted a matrix with more than {2 * QUERIES} rows, found {shape}")
    return Dataset("given", shape[0] - QUERIES, shape[1])


def make(dataset: Dataset, given: Path | None = None) -> None:
    """Writes the two files of a data set if they are not there."""
    if dataset.rows_file.exists() and dataset.queries_file.exists():
        return
    DATA.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    partial = dataset.rows_file.with_suffix(".partial")
    rows = np.lib.format.open_memmap(partial, "w+", "<f4", (dataset.rows, dataset.dims))
    if dataset.kind == "given":
        assert given
        source = np.load(given, mmap_mode="r")
        for part in blocks(dataset.rows, 10_000):
            rows[part] = unit(source[part])
        queries = unit(source[dataset.rows :])
    else:
        write = {
            "demo": write_demo,
            "minilm": write_minilm,
            "resampled": write_resampled,
            "random": write_random,
        }
        queries = write[dataset.kind](dataset, rows)
    rows.flush()
    np.save(dataset.queries_file, queries)
    partial.rename(dataset.rows_file)
    print(f"  data: {dataset.title}, made in {time.monotonic() - start:.0f} s", flush=True)


def show_progress(dataset: Dataset, done: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == dataset.rows else "\r"
        print(f"  data: {done:,} of {dataset.rows:,} rows", end=end, file=sys.stderr, flush=True)


def describe(dataset: Dataset, sample: int = 500) -> dict[str, float]:
    """How alike the rows are: what to compare between a resampled set and its seed.

    The median cosine to the nearest other row, and to the hundredth; the participation ratio of
    the spectrum (how many dimensions carry the variance).
    """
    rows = np.load(dataset.rows_file, mmap_mode="r")
    chosen = np.sort(generator("describe").choice(len(rows), min(sample, len(rows)), False))
    some = np.array(rows[chosen])
    best = np.full((len(some), 101), -2, "f4")
    for part in blocks(len(rows), 50_000):
        scores = some @ np.array(rows[part]).T
        count = min(101, scores.shape[1])
        top = -np.partition(-scores, count - 1, axis=1)[:, :count]
        best = -np.partition(-np.concatenate([best, top], axis=1), 100, axis=1)[:, :101]
    best = -np.sort(-best, axis=1)
    many = np.array(rows[:: max(1, len(rows) // 10_000)], "f8")
    spectrum = np.linalg.eigvalsh(np.cov(many.T))
    return {
        "nearest_cosine": round(float(np.median(best[:, 1])), 4),
        "hundredth_cosine": round(float(np.median(best[:, 100])), 4),
        "participation_ratio": round(float(spectrum.sum() ** 2 / (spectrum**2).sum()), 1),
    }
