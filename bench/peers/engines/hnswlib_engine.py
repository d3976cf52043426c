"""hnswlib: the graph alone, without SQLite."""

from collections.abc import Iterator

import numpy as np

from .base import GRAPH_THREADS, Engine

BATCH = 5000


class Hnsw(Engine):
    title = "hnswlib HNSW"
    package = "hnswlib"
    settings = "M=16, ef_construction=200; ef as shown, k at least"
    graph = True
    variants = ("ef=64", "ef=256")

    @classmethod
    def memory(cls, rows: int, dims: int) -> int:
        return rows * (dims * 4 + 200)

    def prepare(self) -> None:
        import hnswlib

        self.module = hnswlib

    def build(self) -> Iterator[float]:
        rows = np.load(self.dataset.rows_file, mmap_mode="r")
        index = self.module.Index(space="cosine", dim=self.dataset.dims)
        index.init_index(max_elements=len(rows), ef_construction=200, M=16)
        for start in range(0, len(rows), BATCH):
            stop = min(start + BATCH, len(rows))
            index.add_items(
                np.array(rows[start:stop]), np.arange(start, stop), num_threads=GRAPH_THREADS
            )
            yield stop / len(rows)
        index.save_index(str(self.own_file("index")))

    def open(self) -> None:
        self.index = self.module.Index(space="cosine", dim=self.dataset.dims)
        self.index.load_index(str(self.own_file("index")))

    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        self.index.set_ef(max(int(variant.removeprefix("ef=")), k))
        found, _ = self.index.knn_query(query, k=k, num_threads=1)
        return found[0].tolist()

    def search_many(self, queries: np.ndarray, k: int, threads: int) -> int | None:
        self.index.set_ef(64)
        found, _ = self.index.knn_query(queries, k=k, num_threads=threads)
        return int(found.size)

    def about(self) -> dict[str, str]:
        from importlib.metadata import version

        return {
            "version": version("hnswlib"),
            "build": "compiled here from its source package, with the flags of its setup.py",
        }
