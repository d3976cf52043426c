"""sqlite-vector: the full scan of the ordinary table, and its quantized forms in memory."""

import importlib.resources
import sqlite3
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from .sqlite_base import SqliteEngine, connect, load


class SqliteVector(SqliteEngine):
    package = "sqliteai-vector"
    metrics = ("cosine", "dot")
    quantization: ClassVar[str] = ""

    def connection(self, metric: str) -> sqlite3.Connection:
        """It takes one metric for each connection, and writes when it is loaded."""
        db = connect(self.path, write=True)
        load(db, str(importlib.resources.files("sqlite_vector.binaries") / "vector"))
        options = f"type=FLOAT32,dimension={self.dataset.dims},distance={metric.upper()}"
        db.execute(f"SELECT vector_init('nodes', 'embedding', '{options},normalized=1')")
        return db

    def build(self) -> Iterator[float]:
        self.copy_table()
        db = self.connection("cosine")
        if self.quantization:
            memory = self.dataset.int8_bytes * 2 // 1_000_000 + 64
            options = f"qtype={self.quantization},max_memory={memory}MB"
            db.execute("BEGIN")
            db.execute(f"SELECT vector_quantize('nodes', 'embedding', '{options}')").fetchall()
            db.execute("COMMIT")
        db.close()
        yield 1.0

    def open(self) -> None:
        self.of_metric: dict[str, sqlite3.Connection] = {}
        self.use_metric("cosine")

    def use_metric(self, metric: str) -> None:
        if metric not in self.of_metric:
            db = self.of_metric[metric] = self.connection(metric)
            if self.quantization:
                db.execute("SELECT vector_quantize_preload('nodes', 'embedding')").fetchall()
        self.db = self.of_metric[metric]

    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        self.use_metric(metric)
        return super().search(query, k, metric, variant, threads)

    def about(self) -> dict[str, str]:
        version, backend = self.db.execute("SELECT vector_version(), vector_backend()").fetchone()
        return {"version": version, "build": f"backend {backend}"}


class FullScan(SqliteVector):
    title = "sqlite-vector full scan"
    settings = "ordinary table, vector_init with normalized=1"
    exact = True
    select = "SELECT id, distance FROM vector_full_scan('nodes', 'embedding', ?1, ?2)"


class Quantized(SqliteVector):
    select = "SELECT id, distance FROM vector_quantize_scan('nodes', 'embedding', ?1, ?2)"

    @classmethod
    def memory(cls, rows: int, dims: int) -> int:
        return 3 * rows * dims  # two preloaded planes, and the file that they came from


class Int8(Quantized):
    title = "sqlite-vector int8"
    settings = "vector_quantize qtype=INT8, preloaded"
    quantization = "INT8"


class Turbo4(Quantized):
    title = "sqlite-vector turbo4"
    settings = "vector_quantize qtype=TURBO4, preloaded"
    quantization = "TURBO4"
