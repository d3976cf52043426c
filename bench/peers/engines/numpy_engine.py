"""numpy: a matrix times a vector, the plainest exact search there is outside of a database."""

import numpy as np

from .base import Engine

BLOCK = 50_000


class Numpy(Engine):
    title = "numpy"
    package = "numpy"
    settings = "float32 matrix in memory, rows @ query, argpartition"
    exact = True
    metrics = ("cosine", "dot")
    threads = (1, 2)

    def prepare(self) -> None:
        from threadpoolctl import ThreadpoolController

        self.controller = ThreadpoolController()

    def open(self) -> None:
        self.rows = np.load(self.dataset.rows_file)
        self.now = 0

    def files(self):
        return [self.dataset.rows_file]

    def use_threads(self, threads: int) -> None:
        if self.now != threads:
            self.controller.limit(limits=threads)
            self.now = threads

    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        """The rows are unit vectors, so the dot product is the cosine."""
        self.use_threads(threads)
        scores = self.rows @ query
        best = np.argpartition(scores, -k)[-k:]
        return best[np.argsort(-scores[best])].tolist()

    def search_many(self, queries: np.ndarray, k: int, threads: int) -> int | None:
        self.use_threads(threads)
        kept: list[np.ndarray] = []
        for start in range(0, len(self.rows), BLOCK):
            scores = queries @ self.rows[start : start + BLOCK].T
            count = min(k, scores.shape[1])
            best = np.argpartition(scores, -count, axis=1)[:, -count:]
            kept.append(np.take_along_axis(scores, best, axis=1))
        merged = np.concatenate(kept, axis=1)
        return int(np.argpartition(merged, -k, axis=1)[:, -k:].size)

    def about(self) -> dict[str, str]:
        keys = ("internal_api", "version", "architecture")
        pools = [" ".join(str(pool.get(key)) for key in keys) for pool in self.controller.info()]
        return {"version": np.__version__, "build": ", ".join(pools)}
