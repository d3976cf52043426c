"""What the engines inside SQLite share: the ordinary table, connections, blobs."""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
from cases import Dataset

from .base import Engine

CHUNK = 5000  # rows between two reports of progress
MMAP_BYTES = 1 << 40  # as much as SQLite was compiled for


def connect(path: Path, write: bool = False) -> sqlite3.Connection:
    """The same for every engine: mapped files, everything else as SQLite's defaults are."""
    mode = "rwc" if write else "ro"
    db = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, isolation_level=None)
    db.execute(f"PRAGMA mmap_size = {MMAP_BYTES}")
    return db


def load(db: sqlite3.Connection, path: str) -> None:
    db.enable_load_extension(True)
    db.load_extension(path)
    db.enable_load_extension(False)


def numbered_blobs(rows: np.ndarray, start: int, stop: int) -> Iterable[tuple[int, bytes]]:
    """(rowid, vector) pairs; row 0 has rowid 1."""
    part = np.ascontiguousarray(rows[start:stop])
    return ((start + i + 1, row.tobytes()) for i, row in enumerate(part))


def insert_rows(db: sqlite3.Connection, sql: str, dataset: Dataset) -> Iterator[float]:
    """Inserts all rows in one transaction."""
    rows = np.load(dataset.rows_file, mmap_mode="r")
    db.execute("BEGIN")
    for start in range(0, len(rows), CHUNK):
        stop = min(start + CHUNK, len(rows))
        db.executemany(sql, numbered_blobs(rows, start, stop))
        yield stop / len(rows)
    db.execute("COMMIT")


def table_bytes(rows: int, dims: int) -> int:
    """About the size of the ordinary table, in pages of 4096 bytes."""
    blob = dims * 4 + 10
    pages = 1 / (4084 // blob) if blob < 4060 else -(-blob // 4092)
    return int(rows * pages * 4096)


def build_table(dataset: Dataset) -> Iterator[float]:
    """The ordinary table: an integer key and the vector as a blob of float32."""
    db = connect(dataset.table, write=True)
    db.execute("CREATE TABLE nodes (id INTEGER PRIMARY KEY, embedding BLOB NOT NULL)")
    yield from insert_rows(db, "INSERT INTO nodes VALUES (?, ?)", dataset)
    db.close()


class SqliteEngine(Engine):
    """One connection, that of a search by cosine; another metric may need its own."""

    uses_sqlite = True
    db: sqlite3.Connection
    select: ClassVar[str] = ""  # with ?1 the query, ?2 k

    @classmethod
    def memory(cls, rows: int, dims: int) -> int:
        """The file; but the ordinary table is counted once for all (see groups.py)."""
        return 0 if cls.uses_table else table_bytes(rows, dims)

    @property
    def path(self) -> Path:
        """The database: the ordinary table, or a file of the engine's own."""
        return self.dataset.table if self.uses_table else self.own_file("db")

    def files(self) -> list[Path]:
        return [self.path] if self.uses_table else super().files()

    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        found = self.db.execute(self.select, (query.tobytes(), k)).fetchall()
        return [row[0] - 1 for row in found]

    # What a second program would do to add a row; the ordinary table needs no extension for it.
    insert_sql: ClassVar[str] = "INSERT INTO nodes VALUES (?, ?)"

    def insert(self, number: int, vector: np.ndarray) -> None:
        db = self.writer()
        db.execute(self.insert_sql, (number + 1, vector.tobytes()))
        db.close()

    def writer(self) -> sqlite3.Connection:
        return connect(self.path, write=True)

    def copy_table(self) -> None:
        """For an engine that writes into the file of the table."""
        shutil.copyfile(self.dataset.table, self.path)
