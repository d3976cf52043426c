"""The exact answers, and how much of them an engine found."""

import numpy as np
from cases import DATA, NEIGHBOURS, Dataset
from data import blocks

TOLERANCE = 1e-5  # scores this close are the same: float32 sums in another order differ by less


def scores_of_best(dataset: Dataset, count: int) -> np.ndarray:
    """For each of the first `count` queries the scores of its best rows, the best first.

    float32 finds the candidates, float64 decides. Kept in a file.
    """
    kept = DATA / f"{dataset.name}.truth.npy"
    if kept.exists() and len(found := np.load(kept)) >= count:
        return found[:count]
    most = min(max(NEIGHBOURS), dataset.rows)
    spare = min(2 * most, dataset.rows)
    rows = np.load(dataset.rows_file, mmap_mode="r")
    queries = np.load(dataset.queries_file)[:count]
    scores = np.full((count, 0), 0, "f4")
    places = np.full((count, 0), 0, np.int64)
    for part in blocks(dataset.rows, 50_000):
        more = queries @ np.array(rows[part]).T
        scores = np.concatenate([scores, more], axis=1)
        numbers = np.broadcast_to(np.arange(part.start, part.stop), more.shape)
        places = np.concatenate([places, numbers], axis=1)
        if scores.shape[1] > spare:
            best = np.argpartition(-scores, spare - 1, axis=1)[:, :spare]
            scores = np.take_along_axis(scores, best, axis=1)
            places = np.take_along_axis(places, best, axis=1)
    exact = np.stack([score(rows, q, p) for q, p in zip(queries, places, strict=True)])
    result = -np.sort(-exact, axis=1)[:, :most]
    np.save(kept, result)
    return result


def score(rows: np.ndarray, query: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.array(rows[places], "f8") @ query.astype("f8")


class Judge:
    """Knows the right answers of the first queries of a data set."""

    def __init__(self, dataset: Dataset, count: int):
        self.rows = np.load(dataset.rows_file, mmap_mode="r")
        self.queries = np.load(dataset.queries_file)[:count]
        self.best = scores_of_best(dataset, count)

    def recall(self, query: int, k: int, found: list[int]) -> float:
        """The share of the k rows that are as good as the k-th best: a tie counts for either."""
        wanted = min(k, self.best.shape[1])
        numbers = np.unique(np.array(found, np.int64))
        if not len(numbers):
            return 0.0
        scores = score(self.rows, self.queries[query], numbers)
        good = int((scores >= self.best[query, wanted - 1] - TOLERANCE).sum())
        return min(good, wanted) / wanted
