"""vectorlite: its HNSW virtual table, and its scalar function over the ordinary table."""

import sqlite3
from collections.abc import Iterator

import numpy as np

from .sqlite_base import SqliteEngine, connect, insert_rows, load

SPARE_ROWS = 16  # the table is made for a number of rows; one is added to see who notices


class Vectorlite(SqliteEngine):
    package = "vectorlite-py"

    def prepare(self) -> None:
        import vectorlite_py

        self.module = vectorlite_py

    def connection(self, write: bool = False) -> sqlite3.Connection:
        db = connect(self.path, write)
        load(db, self.module.vectorlite_path())
        return db

    def open(self) -> None:
        self.db = self.connection()

    def about(self) -> dict[str, str]:
        info = self.db.execute("SELECT vectorlite_info()").fetchone()[0]
        return {"version": self.module.__version__, "build": info}


class Scalar(Vectorlite):
    title = "vectorlite scalar"
    settings = "ordinary table, ORDER BY vector_distance(..., 'cosine') LIMIT k"
    exact = True
    uses_table = True
    select = """SELECT id, vector_distance(?1, embedding, 'cosine') AS distance
                FROM nodes ORDER BY distance LIMIT ?2"""


class Hnsw(Vectorlite):
    title = "vectorlite HNSW"
    settings = "M=16, ef_construction=200, index file read at opening; ef as shown, k at least"
    graph = True
    variants = ("ef=64", "ef=256")
    insert_sql = "INSERT INTO vectors (rowid, embedding) VALUES (?, ?)"

    @classmethod
    def memory(cls, rows: int, dims: int) -> int:
        return rows * (dims * 4 + 200)

    def build(self) -> Iterator[float]:
        db = self.connection(write=True)
        most = self.dataset.rows + SPARE_ROWS
        graph = f"hnsw(max_elements={most}, ef_construction=200, M=16)"
        index = self.own_file("index")
        column = f"embedding float32[{self.dataset.dims}] cosine"
        db.execute(f"CREATE VIRTUAL TABLE vectors USING vectorlite({column}, {graph}, '{index}')")
        yield from insert_rows(db, self.insert_sql, self.dataset)
        db.close()  # writes the index

    def writer(self) -> sqlite3.Connection:
        return self.connection(write=True)

    def open(self) -> None:
        self.db = self.connection(write=True)
        self.db.execute("SELECT count(*) FROM pragma_table_info('vectors')").fetchone()

    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        ef = max(int(variant.removeprefix("ef=")), k)
        found = self.db.execute(
            """SELECT rowid, distance FROM vectors
               WHERE knn_search(embedding, knn_param(?, ?, ?))""",
            (query.tobytes(), k, ef),
        ).fetchall()
        return [row[0] - 1 for row in found]
