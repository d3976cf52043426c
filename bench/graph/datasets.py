"""The graphs that are measured: what they are, how they are made, where their files are.

packages   the edges of build/demo.db, with the types, ids and parallel edges that they have there
rmat-...   R-MAT (a, b, c, d = 0.57, 0.19, 0.19, 0.05), directed and simple: no edge from a node to
           itself and none twice. Of a larger power of two the nodes are the first that an edge
           touches, so every node has an edge; then they are numbered anew at random.

Each graph is an ordinary table `edges (id, source, target, weight)` with an index on either end,
and the same in numpy arrays, where a node is its place in the order of the ids. Fixed seeds: the
same rows everywhere.
"""

import os
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("VECGRAPH_BENCH_GRAPH") or ROOT / "build" / "graph")
DEMO = ROOT / "build" / "demo.db"

QUADRANTS = (0.57, 0.19, 0.19, 0.05)
CHUNK = 250_000  # rows that are inserted at once

Array = np.ndarray


@dataclass(frozen=True)
class Graph:
    """`scale`: that of R-MAT, of 2^scale nodes to choose from; 0 for the packages."""

    name: str
    title: str
    nodes: int = 0
    edges: int = 0
    scale: int = 0

    @property
    def folder(self) -> Path:
        return BUILD / "data" / self.name

    @property
    def table(self) -> Path:
        return self.folder / "edges.db"

    @property
    def arrays(self) -> Path:
        return self.folder / "edges.npz"

    @cached_property
    def content(self) -> dict[str, Array]:
        """source, target, weight of each edge; ids of the nodes."""
        with np.load(self.arrays, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    @property
    def text_ids(self) -> bool:
        return self.scale == 0

    def id_of(self, node: int) -> Any:
        return self.content["ids"][node].item()

    def numbers_of(self, ids: Any) -> Array:
        """The places of these ids among all."""
        return np.searchsorted(self.content["ids"], np.asarray(ids))


GRAPHS = {
    graph.name: graph
    for graph in (
        Graph("packages", "package graph"),
        Graph("rmat-1k", "R-MAT, 1,000 nodes, 5,000 edges", 1_000, 5_000, 13),
        Graph("rmat-100k", "R-MAT, 100,000 nodes, 500,000 edges", 100_000, 500_000, 20),
        Graph("rmat-10k", "R-MAT, 10,000 nodes, 1,000,000 edges", 10_000, 1_000_000, 14),
        Graph("rmat-1m", "R-MAT, 1,000,000 nodes, 5,000,000 edges", 1_000_000, 5_000_000, 24),
    )
}


def generator(*words: object) -> np.random.Generator:
    """The same numbers for the same words, on every machine."""
    return np.random.default_rng(list(" ".join(map(str, words)).encode()))


# ---- edges -------------------------------------------------------------------------------------


def draw(scale: int, count: int, random: np.random.Generator) -> tuple[Array, Array]:
    """R-MAT edges, independent of each other."""
    a, b, c, _ = QUADRANTS
    source = np.zeros(count, np.int64)
    target = np.zeros(count, np.int64)
    for _ in range(scale):
        quadrant = np.searchsorted([a, a + b, a + b + c], random.random(count), side="right")
        source = 2 * source + (quadrant >= 2)
        target = 2 * target + quadrant % 2
    return source, target


def first_of_each(values: Array) -> Array:
    """The places where a value stands for the first time, ascending."""
    return np.sort(np.unique(values, return_index=True)[1])


def make_rmat(nodes: int, edges: int, scale: int) -> tuple[Array, Array]:
    """Sources and targets, from 0; exactly so many nodes, each with an edge, and so many edges."""
    random = generator("rmat", nodes, edges)
    source = target = np.zeros(0, np.int64)
    for _ in range(200):
        more = draw(scale, edges, random)
        source, target = (np.concatenate(pair) for pair in zip((source, target), more, strict=True))
        keep = source != target
        source, target = source[keep], target[keep]
        keep = first_of_each((source << scale) | target)
        source, target = source[keep], target[keep]
        touched = nodes_touched(source, target)
        if touched[-1] > nodes:
            break
    # The edges up to the one that completes the nodes; one that would be one too many is left out.
    last = int(np.searchsorted(touched, nodes))
    while touched[last] != nodes:
        source, target = np.delete(source, last), np.delete(target, last)
        touched = nodes_touched(source, target)
        last = int(np.searchsorted(touched, nodes))
    if last >= edges:
        raise ValueError(f"R-MAT of scale {scale}: {last + 1} edges to touch {nodes} nodes")
    chosen = np.zeros(1 << scale, bool)
    chosen[source[: last + 1]] = chosen[target[: last + 1]] = True
    inside = np.flatnonzero(chosen[source] & chosen[target])
    while len(inside) < edges:
        more = draw(scale, edges, random)
        keep = chosen[more[0]] & chosen[more[1]] & (more[0] != more[1])
        source = np.concatenate([source[inside], more[0][keep]])
        target = np.concatenate([target[inside], more[1][keep]])
        inside = first_of_each((source << scale) | target)
    inside = inside[:edges]
    both = np.concatenate([source[inside], target[inside]])
    numbers = random.permutation(nodes)[np.unique(both, return_inverse=True)[1]]
    return numbers[:edges], numbers[edges:]


def nodes_touched(source: Array, target: Array) -> Array:
    """How many nodes the edges touch, up to each of them."""
    firsts = first_of_each(np.stack([source, target], axis=1).ravel())
    return np.cumsum(np.bincount(firsts // 2, minlength=len(source)))


def read_packages() -> dict[str, Array]:
    if not DEMO.exists():
        sys.exit(f"{DEMO} is not there: run `make demo` first")
    with closing(sqlite3.connect(f"file:{DEMO}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT source, target FROM edges ORDER BY rowid").fetchall()
    # SQLite orders text by its UTF-8 bytes, numpy by code points: the same order.
    ids, numbers = np.unique(np.array(rows).ravel(), return_inverse=True)
    return {"ids": ids, "source": numbers[0::2], "target": numbers[1::2]}


# ---- files -------------------------------------------------------------------------------------


def make(graph: Graph) -> None:
    """Writes the files of a graph if they are not there."""
    if graph.table.exists() and graph.arrays.exists():
        return
    start = time.monotonic()
    graph.folder.mkdir(parents=True, exist_ok=True)
    if graph.scale:
        source, target = make_rmat(graph.nodes, graph.edges, graph.scale)
        content = {"ids": np.arange(1, graph.nodes + 1), "source": source, "target": target}
    else:
        content = read_packages()
    count = len(content["source"])
    # Sixteenths: their sums are exact in any order.
    content["weight"] = generator("weight", graph.name).integers(16, 160, count) / 16
    np.savez(graph.arrays, **content)
    write_table(graph)
    print(f"  {graph.title}: made in {time.monotonic() - start:.0f} s", flush=True)


def write_table(graph: Graph) -> None:
    partial = graph.table.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    kind = "TEXT" if graph.text_ids else "INTEGER"
    content = graph.content
    columns = content["ids"][content["source"]], content["ids"][content["target"]]
    with closing(sqlite3.connect(partial, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute(
            f"CREATE TABLE edges (id INTEGER PRIMARY KEY, source {kind} NOT NULL, "
            f"target {kind} NOT NULL, weight REAL NOT NULL)"
        )
        db.execute("BEGIN")
        for start in range(0, len(content["source"]), CHUNK):
            part = slice(start, start + CHUNK)
            values = [column[part].tolist() for column in (*columns, content["weight"])]
            db.executemany(
                "INSERT INTO edges (source, target, weight) VALUES (?, ?, ?)",
                zip(*values, strict=True),
            )
        db.execute("COMMIT")
        db.execute("CREATE INDEX edges_by_source ON edges (source, target)")
        db.execute("CREATE INDEX edges_by_target ON edges (target, source)")
        db.execute("ANALYZE")
    partial.rename(graph.table)


def describe(graph: Graph) -> dict[str, int]:
    content = graph.content
    return {
        "nodes": len(content["ids"]),
        "edges": len(content["source"]),
        "largest_out": int(np.bincount(content["source"]).max()),
        "largest_in": int(np.bincount(content["target"]).max()),
        "file_bytes": graph.table.stat().st_size,
    }
