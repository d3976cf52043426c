"""Random changes of a store and runs of sql/replicate/replicate.sql, compared row by row.

As a program: `replicate_fuzzer.py SEED...`, for an SQLite that another process has loaded.
"""

import random
import re
import sqlite3
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = sorted((ROOT / "sql" / "migrations").glob("[0-9]*.sql"))
REPLICATE = (ROOT / "sql" / "replicate" / "replicate.sql").read_text()
COMPARE = (ROOT / "sql" / "replicate" / "compare.sql").read_text()

# Without nid, which a REPLACE that changes nothing else gives anew without a row in history.
TABLES = {
    "nodes": "id, type, title, domain, layer, hash, meta, date, summary, embedding",
    "edges": "source, target, type, confidence, veracity, context_source",
    "tags": "node_id, tag",
}


class Store:
    """A store over execute(sql, parameters) and script(sql) of a connection in autocommit mode."""

    def __init__(self, execute, script):
        self.execute, self.script = execute, script

    def migrate(self):
        texts = [path.read_text() for path in MIGRATIONS]
        self.script("BEGIN IMMEDIATE;" + "".join(texts) + "COMMIT;")

    def attach(self, path=":memory:"):
        self.execute("ATTACH ? AS replica", (str(path),))

    def detach(self):
        self.execute("DETACH replica")

    def replicate(self):
        self.execute("BEGIN")
        try:
            self.script(REPLICATE)
            self.execute("COMMIT")
        except Exception:
            self.execute("ROLLBACK")
            raise

    def differences(self):
        """Rows, with the types of their values, that only one of the two has."""
        found = []
        for table, columns in TABLES.items():
            types = ", ".join(f"typeof({column})" for column in columns.split(", "))
            sides = [
                sorted(self.execute(f"SELECT {columns}, {types} FROM {schema}.{table}"), key=repr)
                for schema in ("main", "replica")
            ]
            if sides[0] != sides[1]:
                found += [(table, row) for row in set(sides[0]) ^ set(sides[1])] or [table]
        return found


NAMES = [f"n{i}" for i in range(12)] + ["ä 'quoted\"", "", "[1]", "7"]


def change(store, draw, error):
    """One statement; some fail, as they do in programs."""
    name, other = draw.choice(NAMES), draw.choice(NAMES)
    text = draw.choice([None, "", "x", "é\n", '{"source": "a.md", "tags": ["p", "q"]}', "{}"])
    blob = draw.choice([None, b"", b"\0\xff" * 3, draw.randbytes(24)])
    number = draw.choice([None, 0, 1, 0.1, -2.5e-300, 1e300])
    kind = draw.choice(["p", "q", "A"])
    nid = draw.randrange(1, 20)
    statement = draw.choice(
        [
            ("INSERT INTO nodes (id, title, meta, embedding) VALUES (?, ?, ?, ?)",
             (name, kind, text, blob)),
            ("INSERT OR REPLACE INTO nodes (id, title, embedding) VALUES (?, ?, ?)",
             (name, kind, blob)),
            ("INSERT OR REPLACE INTO nodes (nid, id, summary) VALUES (?, ?, ?)", (nid, name, kind)),
            ("INSERT OR REPLACE INTO nodes (id, type, title, domain, layer, hash, meta, date,"
             " summary, embedding) SELECT id, type, title, domain, layer, hash, meta, date, summary,"
             " embedding FROM nodes WHERE id = ?", (name,)),
            ("INSERT OR IGNORE INTO nodes (id, title) VALUES (?, ?)", (name, kind)),
            ("INSERT INTO nodes (id, meta) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET"
             " meta = excluded.meta", (name, text)),
            ("INSERT INTO put_node (id, title, meta, embedding) VALUES (?, ?, ?, ?)",
             (name, kind, text, blob)),
            ("UPDATE nodes SET embedding = ? WHERE id = ?", (blob, name)),
            ("UPDATE nodes SET title = ?, date = ? WHERE id = ?", (kind, text, name)),
            ("UPDATE OR REPLACE nodes SET id = ? WHERE id = ?", (other, name)),
            ("UPDATE nodes SET id = ? WHERE id = ?", (other, name)),
            ("UPDATE OR REPLACE nodes SET nid = ? WHERE id = ?", (nid, name)),
            ("DELETE FROM nodes WHERE id = ?", (name,)),
            ("DELETE FROM nodes WHERE title = ?", (kind,)),
            ("INSERT INTO put_edge (source, target, type) VALUES (?, ?, ?)", (name, other, kind)),
            ("INSERT INTO put_semantic_edge (source, target, type, confidence) VALUES (?, ?, ?, ?)",
             (name, other, kind, number)),
            ("INSERT OR REPLACE INTO edges (source, target, type, veracity) VALUES (?, ?, ?, ?)",
             (name, other, kind, number)),
            ("UPDATE edges SET confidence = ?, context_source = ? WHERE source = ?",
             (number, text, name)),
            ("UPDATE OR REPLACE edges SET type = ? WHERE target = ?", (kind, other)),
            ("DELETE FROM edges WHERE source = ?", (name,)),
            ("INSERT INTO put_tag (node_id, tag) VALUES (?, ?)", (name, kind)),
            ("UPDATE OR REPLACE tags SET tag = ? WHERE node_id = ?", (kind, name)),
            ("DELETE FROM tags WHERE tag = ?", (kind,)),
        ]
    )  # fmt: skip
    try:
        store.execute(*statement)
    except error:
        pass


def fuzz(store, seed, error, steps=250, paths=(":memory:",)):
    """Returns how many runs were compared; raises AssertionError at the first difference."""
    draw = random.Random(seed)
    store.migrate()
    store.execute(f"PRAGMA foreign_keys = {draw.choice(['ON', 'OFF'])}")
    store.execute(f"PRAGMA recursive_triggers = {draw.choice(['ON', 'OFF'])}")
    if len(paths) == 1:
        store.attach(paths[0])
    compared = 0
    for step in range(steps):
        inside = draw.random() < 0.4
        if inside:
            store.execute("BEGIN IMMEDIATE")
        for _ in range(draw.randrange(1, 6)):
            change(store, draw, error)
        if draw.random() < 0.05:
            sql = "DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?"
            store.execute(sql, (draw.choice([0, 3, 30]),))
        if inside:
            try:
                store.execute(draw.choice(["COMMIT", "COMMIT", "ROLLBACK"]))
            except error:  # a foreign key that was deferred
                store.execute("ROLLBACK")
        if draw.random() < 0.5:
            if len(paths) > 1:
                store.attach(draw.choice(paths))
            store.replicate()
            assert store.differences() == [], f"seed {seed}, step {step}"
            compared += 1
            if len(paths) > 1:
                store.detach()
    return compared


def main():
    total = 0
    for seed in map(int, sys.argv[1:]):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        store = Store(
            lambda *arguments: connection.execute(*arguments).fetchall(),  # noqa: B023
            lambda sql: connection_script(connection, sql),  # noqa: B023
        )
        total += fuzz(store, seed, sqlite3.Error)
        connection.close()
    print(sqlite3.sqlite_version, total)


def connection_script(connection, sql):
    """Runs the statements in the transaction that is open: executescript() would commit it first."""
    pending = ""
    for part in re.split("(;)", sql):
        pending += part
        if part == ";" and sqlite3.complete_statement(pending):
            connection.execute(pending)
            pending = ""
    if pending.strip():
        connection.execute(pending)


if __name__ == "__main__":
    main()
