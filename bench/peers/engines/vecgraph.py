"""vecgraph: the ordinary table, as it is."""

import sqlite3

import machine
import numpy as np

from .sqlite_base import SqliteEngine, connect, load


class Vecgraph(SqliteEngine):
    title = "vecgraph"
    settings = "ordinary table; threads as shown, all else as it is by default"
    exact = True
    metrics = ("cosine", "dot")
    threads = (1, 2)
    uses_table = True
    spins = False
    warm_ups = 4  # the first search reads the table, a later one builds what is kept

    @classmethod
    def memory(cls, rows: int, dims: int) -> int:
        """float32 with planes of 8 and 4 bits, or the planes alone if that is over its limit, a
        quarter of the machine's memory."""
        planes = int(1.6 * rows * dims)
        both = planes + 4 * rows * dims
        return both if both < machine.total_bytes() // 4 else planes

    def open(self) -> None:
        self.db = connect(self.path)
        load(self.db, str(self.library))
        self.now = 0
        self.refused: set[str] = set()

    def configure(self, key: str, value: int) -> None:
        """A setting that this build does not know is reported, and left."""
        try:
            self.db.execute("SELECT vec_config(?, ?)", (key, value)).fetchone()
        except sqlite3.OperationalError as error:
            if "unknown key" not in str(error):
                raise
            self.refused.add(key)

    def use_threads(self, threads: int) -> None:
        if self.now != threads:
            self.configure("threads", threads)
            self.now = threads

    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        self.use_threads(threads)
        found = self.db.execute(
            "SELECT rowid, distance FROM vec_topk('nodes', 'embedding', ?, ?, ?)",
            (query.tobytes(), k, metric),
        ).fetchall()
        return [row[0] - 1 for row in found]

    def search_many(self, queries: np.ndarray, k: int, threads: int) -> int | None:
        self.use_threads(threads)
        self.db.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (id INTEGER PRIMARY KEY, v BLOB)")
        self.db.execute("DELETE FROM wanted")
        blobs = ((query.tobytes(),) for query in queries)
        self.db.executemany("INSERT INTO wanted (v) VALUES (?)", blobs)
        join = "SELECT * FROM vec_join('wanted', 'v', 'nodes', 'embedding', ?, 'cosine')"
        try:
            return len(self.db.execute(join, (k,)).fetchall())
        except sqlite3.OperationalError as error:
            if "no such table: vec_join" in str(error):
                return None
            raise

    def about(self) -> dict[str, str]:
        text = self.db.execute("SELECT vec_debug()").fetchone()[0]
        version, *rest = text.splitlines()
        refused = [f"without vec_config('{key}')" for key in sorted(self.refused)]
        return {"version": version.removeprefix("Version: v"), "build": "; ".join(rest + refused)}

    def report(self) -> str:
        row = self.db.execute("SELECT tier FROM vec_last_scan").fetchone()
        return f"tier {row[0]}" if row else ""
