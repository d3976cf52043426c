"""usearch: its exact search over a matrix, and its HNSW index in float32 and int8."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from .base import GRAPH_THREADS, Engine

BATCH = 5000


class Usearch(Engine):
    package = "usearch"

    def prepare(self) -> None:
        import usearch.index

        self.module = usearch.index

    def about(self) -> dict[str, str]:
        import usearch

        return {"version": usearch.__version__, "build": self.hardware()}

    def hardware(self) -> str:
        return ""


class Exact(Usearch):
    title = "usearch exact"
    settings = "search(..., exact=True) over a matrix of float32 in memory"
    exact = True
    threads = (1, 2)

    def open(self) -> None:
        self.rows = np.load(self.dataset.rows_file)

    def files(self):
        return [self.dataset.rows_file]

    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        kind = self.module.MetricKind.Cos
        found = self.module.search(self.rows, query, k, kind, exact=True, threads=threads)
        return found.keys.tolist()

    def search_many(self, queries: np.ndarray, k: int, threads: int) -> int | None:
        kind = self.module.MetricKind.Cos
        found = self.module.search(self.rows, queries, k, kind, exact=True, threads=threads)
        return int(found.keys.size)


class Hnsw(Usearch):
    title = "usearch HNSW f32"
    settings = "connectivity=16, expansion_add=128; expansion_search as shown, k at least"
    graph = True
    variants = ("ef=64", "ef=256")
    scalar: ClassVar[str] = "f32"
    scalar_bytes: ClassVar[int] = 4

    @classmethod
    def memory(cls, rows: int, dims: int) -> int:
        return rows * (dims * cls.scalar_bytes + 200)

    def make_index(self):
        return self.module.Index(
            ndim=self.dataset.dims,
            metric="cos",
            dtype=self.scalar,
            connectivity=16,
            expansion_add=128,
        )

    def build(self) -> Iterator[float]:
        rows = np.load(self.dataset.rows_file, mmap_mode="r")
        index = self.make_index()
        for start in range(0, len(rows), BATCH):
            stop = min(start + BATCH, len(rows))
            index.add(np.arange(start, stop), np.array(rows[start:stop]), threads=GRAPH_THREADS)
            yield stop / len(rows)
        index.save(str(self.own_file("index")))

    def open(self) -> None:
        self.index = self.make_index()
        self.index.load(str(self.own_file("index")))

    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        self.index.expansion_search = max(int(variant.removeprefix("ef=")), k)
        return self.index.search(query, k, threads=1).keys.tolist()

    def search_many(self, queries: np.ndarray, k: int, threads: int) -> int | None:
        self.index.expansion_search = 64
        return int(self.index.search(queries, k, threads=threads).keys.size)

    def hardware(self) -> str:
        return f"kernels {self.index.hardware_acceleration}"


class HnswInt8(Hnsw):
    title = "usearch HNSW i8"
    scalar = "i8"
    scalar_bytes = 1
