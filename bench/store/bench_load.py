#!/usr/bin/env python3
"""What the triggers of the store cost when 100,000 nodes and 300,000 edges are loaded.

    python3 bench/store/bench_load.py [rounds] [nodes]

Nodes have embeddings of 384 float32, three tags in meta and a summary. Each kind of load runs in a
new database (WAL, synchronous NORMAL, a page cache of 64 MB, foreign keys off) in one transaction,
in turns; COMMIT is timed as well. Kinds:

    bare        one INSERT ... SELECT per table into nodes, edges, tags and history without triggers,
                same rows as with them
    triggers    one INSERT ... SELECT into nodes and one into edges; triggers fill tags and history
    bare rows   nodes, edges, tags and history row by row, from a program
    put views   put_node and put_edge row by row, from a program
    again       put_node and put_edge over what is there: nothing is written

`bare, without history` leaves history out of the bare load too. docs/store.md has the results.
"""

import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

MIGRATIONS = Path(__file__).resolve().parents[2] / "sql" / "migrations"
NODE = "id, type, title, domain, layer, hash, meta, date, summary, embedding"
EDGE = "source, target, type, confidence, veracity, context_source"
HISTORY = "entity_type, entity_id, action, old_value, new_value"


def make_stage(path, count):
    """A database with the rows to load."""
    draw = random.Random(1)
    ids = [f"docs/topic-{i % 97}/note-{i}" for i in range(count)]
    words = [f"tag-{i}" for i in range(300)]
    with sqlite3.connect(path) as db:
        db.execute(f"CREATE TABLE nodes ({NODE})")
        db.execute(f"CREATE TABLE edges ({EDGE})")
        db.execute("CREATE TABLE tags (node_id, tag)")
        for i, id in enumerate(ids):
            tags = draw.sample(words, 3)
            meta = json.dumps({"source": id + ".md", "tags": tags})
            summary = "A sentence about the note, as long as a line of text usually is. " * 2
            db.execute(
                "INSERT INTO nodes VALUES (?, 'note', ?, 'knowledge', 'experience', ?, ?, ?, ?, ?)",
                (
                    *(id, f"Note number {i}", f"{draw.getrandbits(128):032x}", meta),
                    *(f"2026-01-{1 + i % 28:02}", summary, draw.randbytes(4 * 384)),
                ),
            )
            db.executemany("INSERT INTO tags VALUES (?, ?)", [(id, tag) for tag in tags])
        edges = {}
        while len(edges) < 3 * count:
            key = (draw.choice(ids), draw.choice(ids), draw.choice(["LINKS_TO", "CITES"]))
            edges[key] = (*key, draw.choice([1.0, 0.8]), 1.0, None)
        db.executemany("INSERT INTO edges VALUES (?, ?, ?, ?, ?, ?)", edges.values())
    db.close()


def new_store(folder, stage, triggers):
    path = folder / "store.db"
    for old in folder.glob("store.db*"):
        old.unlink()
    db = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -64000"):
        db.execute(f"PRAGMA {setting}")
    files = sorted(MIGRATIONS.glob("[0-9]*.sql"))
    db.executescript("BEGIN;" + "\n".join(f.read_text("utf-8") for f in files) + "COMMIT;")
    if not triggers:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN"
        query += " ('nodes', 'edges', 'tags')"
        for (name,) in db.execute(query).fetchall():
            db.execute(f"DROP TRIGGER {name}")
    db.execute("ATTACH ? AS stage", (str(stage),))
    return db


def timed(db, work):
    start = time.perf_counter()
    db.execute("BEGIN IMMEDIATE")
    work()
    db.execute("COMMIT")
    seconds = time.perf_counter() - start
    db.close()
    return seconds


def copy(db, table, columns):
    db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM stage.{table}")


def row_by_row(db, target, columns, rows):
    marks = ", ".join("?" * len(columns.split(",")))
    statement = f"INSERT INTO {target} ({columns}) VALUES ({marks})"
    for row in rows:
        db.execute(statement, row)


def rounds_of(folder, stage, rounds):
    """Yields a dict per round: the seconds of each kind."""
    with sqlite3.connect(stage) as source:
        nodes = source.execute(f"SELECT {NODE} FROM nodes").fetchall()
        edges = source.execute(f"SELECT {EDGE} FROM edges").fetchall()
        tags = source.execute("SELECT node_id, tag FROM tags").fetchall()
        history = source.execute(f"SELECT {HISTORY} FROM history").fetchall()
    source.close()

    def bare(db, with_history=True):
        copy(db, "nodes", NODE)
        copy(db, "edges", EDGE)
        copy(db, "tags", "node_id, tag")
        if with_history:
            copy(db, "history", HISTORY)

    def bare_rows(db):
        row_by_row(db, "nodes", NODE, nodes)
        row_by_row(db, "edges", EDGE, edges)
        row_by_row(db, "tags", "node_id, tag", tags)
        row_by_row(db, "history", HISTORY, history)

    def through_triggers(db):
        copy(db, "nodes", NODE)
        copy(db, "edges", EDGE)

    def through_views(db):
        row_by_row(db, "put_node", NODE, nodes)
        row_by_row(db, "put_edge", EDGE, edges)

    for _ in range(rounds):
        seconds = {}
        for name, triggers, work in (
            ("bare", False, bare),
            ("triggers", True, through_triggers),
            ("bare, without history", False, lambda db: bare(db, False)),
            ("bare rows", False, bare_rows),
            ("put views", True, through_views),
        ):
            db = new_store(folder, stage, triggers)
            seconds[name] = timed(db, lambda: work(db))
        db = sqlite3.connect(folder / "store.db", isolation_level=None)
        seconds["again"] = timed(db, lambda: through_views(db))
        yield seconds


def keep_history(folder, stage):
    """Loads once with triggers and keeps what history then holds, for the bare loads."""
    db = new_store(folder, stage, True)
    copy(db, "nodes", NODE)
    copy(db, "edges", EDGE)
    db.execute(f"CREATE TABLE stage.history AS SELECT {HISTORY} FROM history")
    count = db.execute("SELECT count(*) FROM history").fetchone()[0]
    db.close()
    return count


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        stage = folder / "stage.db"
        make_stage(stage, count)
        history = keep_history(folder, stage)
        print(f"{count:,} nodes, {3 * count:,} edges, {3 * count:,} tags, {history:,} of history;")
        print(f"SQLite {sqlite3.sqlite_version}, medians of {rounds} rounds")
        times = list(rounds_of(folder, stage, rounds))
    median = {name: statistics.median(t[name] for t in times) for name in times[0]}
    for name, seconds in median.items():
        print(f"{name:24} {seconds:6.2f} s")
    for name, base in (
        ("triggers", "bare"),
        ("triggers", "bare, without history"),
        ("put views", "bare"),
        ("put views", "bare rows"),
    ):
        print(f"{name:12} / {base:24} {median[name] / median[base]:.2f}")


if __name__ == "__main__":
    main()
