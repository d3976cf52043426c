"""Writes nodes, edges and terms into a new database with the project's own schema.

Needs no extension: the migrations are plain SQL.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from embed import Model
from progress import bar

MIGRATIONS = Path(__file__).resolve().parent.parent / "sql" / "migrations"
# From here on every change is logged. The first load is not: it would double the file with rows that
# only say that everything is new.
FIRST_AFTER_LOAD = "0006_history_triggers"


@dataclass
class Node:
    """A row of `nodes`, but for its embedding."""

    id: str
    type: str
    title: str
    domain: str | None
    layer: str | None
    summary: str
    meta: dict[str, Any] = field(default_factory=dict)

    def meta_json(self) -> str | None:
        return json.dumps(self.meta, ensure_ascii=False) if self.meta else None

    def hash(self) -> str:
        """SHA-256 of the content: equal hashes mean that there is nothing to update."""
        content = (self.type, self.title, self.domain, self.layer, self.summary, self.meta)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Edge:
    """A row of `edges`; `context` is the words that the edge was read from."""

    source: str
    target: str
    type: str
    context: str | None = None


def write(
    output: Path, nodes: Sequence[Node], edges: Sequence[Edge], model: Model, vectors: np.ndarray
) -> str:
    """Makes the database, or leaves the old one as it was: a new file is renamed at the end.

    Returns a line that says what it holds.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(output.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial, isolation_level=None)) as db:
            # Nobody else sees the file and a failed one is thrown away: no journal is needed.
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            files = sorted(MIGRATIONS.glob("[0-9]*.sql"))
            migrate(db, [file for file in files if file.stem < FIRST_AFTER_LOAD])
            db.execute("BEGIN")
            insert_nodes(db, nodes, vectors)
            edge_count = insert_edges(db, edges)
            insert_terms(db, model)
            db.execute("COMMIT")
            migrate(db, [file for file in files if file.stem >= FIRST_AFTER_LOAD])
        os.replace(partial, output)
    finally:
        partial.unlink(missing_ok=True)
    return f"{output}: {len(nodes):,} nodes, {edge_count:,} edges, {len(model.columns):,} words"


def migrate(db: sqlite3.Connection, files: Sequence[Path]) -> None:
    """Applies migrations in one transaction."""
    db.executescript("\n".join(["BEGIN;", *(file.read_text("utf-8") for file in files), "COMMIT;"]))


def insert_nodes(db: sqlite3.Connection, nodes: Sequence[Node], vectors: np.ndarray) -> None:
    """A node without any known word has no direction, so no embedding: NULL."""
    db.executemany(
        """INSERT INTO nodes (id, type, title, domain, layer, embedding, hash, meta, summary)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            (
                *(node.id, node.type, node.title, node.domain, node.layer),
                vector.tobytes() if vector.any() else None,
                *(node.hash(), node.meta_json(), node.summary),
            )
            for node, vector in zip(bar(nodes, "Writing nodes"), vectors, strict=True)
        ),
    )


def insert_edges(db: sqlite3.Connection, edges: Sequence[Edge]) -> int:
    """Returns how many there are now: an edge of the same type between the same two is one."""
    cursor = db.executemany(
        "INSERT OR IGNORE INTO edges (source, target, type, context_source) VALUES (?, ?, ?, ?)",
        (
            (edge.source, edge.target, edge.type, edge.context)
            for edge in bar(edges, "Writing edges")
        ),
    )
    return cursor.rowcount


def insert_terms(db: sqlite3.Connection, model: Model) -> None:
    db.execute("CREATE TABLE terms (term TEXT PRIMARY KEY NOT NULL, vector BLOB NOT NULL)")
    terms = bar(model.terms(), "Writing terms", len(model.columns))
    db.executemany("INSERT INTO terms (term, vector) VALUES (?, ?)", terms)
