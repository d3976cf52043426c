"""sqlite-vec: its virtual table, and its scalar function over the ordinary table."""

import sqlite3
from collections.abc import Iterator

from .sqlite_base import SqliteEngine, connect, insert_rows, load


class SqliteVec(SqliteEngine):
    package = "sqlite-vec"
    exact = True

    def prepare(self) -> None:
        import sqlite_vec

        self.extension = sqlite_vec.loadable_path()

    def connection(self, write: bool = False) -> sqlite3.Connection:
        db = connect(self.path, write)
        load(db, self.extension)
        return db

    def open(self) -> None:
        self.db = self.connection()

    def about(self) -> dict[str, str]:
        text = self.db.execute("SELECT vec_debug()").fetchone()[0]
        version, *rest = text.splitlines()
        return {
            "version": version.removeprefix("Version: v"),
            "build": "; ".join(line.strip() for line in rest),
        }


class Vec0(SqliteVec):
    title = "sqlite-vec vec0"
    settings = "vec0 table, float32, distance_metric=cosine, default chunks"
    select = "SELECT rowid, distance FROM vectors WHERE embedding MATCH ?1 AND k = ?2"
    insert_sql = "INSERT INTO vectors (rowid, embedding) VALUES (?, ?)"

    @classmethod
    def memory(cls, rows: int, dims: int) -> int:
        return rows * (dims * 4 + 64)  # chunks fill their pages

    def build(self) -> Iterator[float]:
        db = self.writer()
        column = f"embedding float[{self.dataset.dims}] distance_metric=cosine"
        db.execute(f"CREATE VIRTUAL TABLE vectors USING vec0({column})")
        yield from insert_rows(db, self.insert_sql, self.dataset)
        db.close()

    def writer(self) -> sqlite3.Connection:
        return self.connection(write=True)


class Scalar(SqliteVec):
    title = "sqlite-vec scalar"
    settings = "ordinary table, ORDER BY vec_distance_cosine(...) LIMIT k"
    uses_table = True
    select = """SELECT id, vec_distance_cosine(embedding, ?1) AS distance
                FROM nodes ORDER BY distance LIMIT ?2"""
