"""faiss: flat float32, 8-bit scalar quantizer, inverted lists. Inner product of unit vectors."""

from collections.abc import Iterator
from math import isqrt

import numpy as np

from .base import Engine

BATCH = 50_000
TRAINING_ROWS = 100_000


class Faiss(Engine):
    package = "faiss-cpu"
    threads = (1, 2)

    def make_index(self, faiss):
        raise NotImplementedError

    def build(self) -> Iterator[float]:
        rows = np.load(self.dataset.rows_file, mmap_mode="r")
        index = self.make_index(self.faiss)
        if not index.is_trained:
            step = max(1, len(rows) // TRAINING_ROWS)
            index.train(np.array(rows[::step]))
        for start in range(0, len(rows), BATCH):
            index.add(np.array(rows[start : start + BATCH]))
            yield min(start + BATCH, len(rows)) / len(rows)
        self.faiss.write_index(index, str(self.own_file("index")))

    def prepare(self) -> None:
        import faiss

        self.faiss = faiss

    def open(self) -> None:
        self.index = self.faiss.read_index(str(self.own_file("index")))
        self.now = 0

    def use(self, variant: str, threads: int) -> None:
        if self.now != threads:
            self.faiss.omp_set_num_threads(threads)
            self.now = threads

    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        self.use(variant, threads)
        _, found = self.index.search(query[None], k)
        return [number for number in found[0].tolist() if number >= 0]

    def search_many(self, queries: np.ndarray, k: int, threads: int) -> int | None:
        self.use(self.variants[0], threads)
        _, found = self.index.search(queries, k)
        return int((found >= 0).sum())

    def about(self) -> dict[str, str]:
        return {
            "version": self.faiss.__version__,
            "build": self.faiss.get_compile_options().strip(),
        }


class Flat(Faiss):
    title = "faiss flat"
    settings = "IndexFlatIP, unit vectors"
    exact = True

    def make_index(self, faiss):
        return faiss.IndexFlatIP(self.dataset.dims)


class Sq8(Faiss):
    title = "faiss SQ8"
    settings = "IndexScalarQuantizer QT_8bit, inner product, unit vectors"

    @classmethod
    def memory(cls, rows: int, dims: int) -> int:
        return rows * dims

    def make_index(self, faiss):
        kind = faiss.ScalarQuantizer.QT_8bit
        return faiss.IndexScalarQuantizer(self.dataset.dims, kind, faiss.METRIC_INNER_PRODUCT)


class Ivf(Faiss):
    title = "faiss IVF flat"
    settings = "IndexIVFFlat, 4 lists per square root of the rows; nprobe as shown"
    variants = ("nprobe=8", "nprobe=32")

    def make_index(self, faiss):
        lists = min(4 * isqrt(self.dataset.rows), self.dataset.rows // 40)
        coarse = faiss.IndexFlatIP(self.dataset.dims)
        return faiss.IndexIVFFlat(coarse, self.dataset.dims, lists, faiss.METRIC_INNER_PRODUCT)

    def use(self, variant: str, threads: int) -> None:
        super().use(variant, threads)
        self.index.nprobe = int(variant.removeprefix("nprobe="))
