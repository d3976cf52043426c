"""A store to read from, in every SQLite the tests know, and a random graph in it.

The four SQLites: the system's, apsw's, and 3.34 and 3.38, which answer from a process of their own.
The oracles of the tests compute from the rows of the base tables, in Python.
"""

import collections
import json
import random
import struct
import subprocess
import sys

from conftest import LIBRARY, ROOT, Engine
from old_sqlite import environment

SQLITES = ["sqlite3", "apsw", "3.34.0", "3.38.5"]
SQL = ROOT / "sql"

# Reads requests as lines of JSON, answers each with a line: {"rows"} or {"error"}.
SERVER = """
import collections, json, sqlite3, sys
path, library = sys.argv[1:]
connection = sqlite3.connect(path, isolation_level=None)
if library:
    connection.enable_load_extension(True)
    connection.load_extension(library)
def encode(value):
    return {"blob": value.hex()} if isinstance(value, bytes) else value
def decode(value):
    return bytes.fromhex(value["blob"]) if isinstance(value, dict) else value
for line in sys.stdin:
    kind, sql, params = json.loads(line)
    try:
        if kind == "script":
            connection.executescript(sql)
            rows = []
        else:
            if isinstance(params, dict):
                named = {name: decode(value) for name, value in params.items()}
                params = collections.defaultdict(lambda: None, named)
            else:
                params = [decode(value) for value in params]
            rows = [[encode(v) for v in row] for row in connection.execute(sql, params)]
        answer = {"rows": rows}
    except sqlite3.Error as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"""


class OldEngine:
    """A connection of an old SQLite, with the methods of Engine."""

    class Error(Exception):
        pass

    def __init__(self, version, path=":memory:", loaded=True):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(path), str(LIBRARY) if loaded else ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(version),
            text=True,
        )
        self.version = tuple(map(int, version.split(".")))
        ((found,),) = self.execute("SELECT sqlite_version()")
        assert found == version

    def ask(self, kind, sql, params=()):
        def encode(value):
            return {"blob": value.hex()} if isinstance(value, bytes) else value

        if isinstance(params, dict):
            params = {name: encode(value) for name, value in params.items()}
        else:
            params = [encode(value) for value in params]
        self.process.stdin.write(json.dumps([kind, sql, params]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise self.Error(answer["error"])
        return answer["rows"]

    def execute(self, sql, params=()):
        def decode(value):
            return bytes.fromhex(value["blob"]) if isinstance(value, dict) else value

        return [tuple(map(decode, row)) for row in self.ask("execute", sql, params)]

    def script(self, sql):
        self.ask("script", sql)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


def open_engine(sqlite, path=":memory:", loaded=True):
    if sqlite in Engine.BINDINGS:
        return Engine(sqlite, path, loaded=loaded)
    return OldEngine(sqlite, path, loaded=loaded)


def migrations():
    return [path.read_text() for path in sorted((SQL / "migrations").glob("[0-9]*.sql"))]


def make_store(engine):
    engine.script("BEGIN;" + "".join(migrations()) + "COMMIT;")
    return engine


def text_of(name):
    return (SQL / "queries" / f"{name}.sql").read_text()


def ask(engine, name, **params):
    """The rows of a query file; parameters that are not given are NULL."""
    return engine.execute(text_of(name), collections.defaultdict(lambda: None, params))


def columns_of(engine, view):
    return [row[1] for row in engine.execute(f"PRAGMA table_info({view})")]


def rows_of(engine, source, where=""):
    """Every row of a table or view as a dict."""
    names = columns_of(engine, source)
    rows = engine.execute(f"SELECT {', '.join(names)} FROM {source} {where}")
    return [dict(zip(names, row)) for row in rows]


def plan_of(engine, sql):
    """What EXPLAIN QUERY PLAN says, in the words of every version."""
    rows = engine.execute("EXPLAIN QUERY PLAN " + sql, collections.defaultdict(lambda: None))
    return [row[3].replace("TABLE ", "") for row in rows]


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def unit(values):
    norm = sum(value * value for value in values) ** 0.5 or 1.0
    return floats(*(value / norm for value in values))


def vector(blob):
    return struct.unpack(f"<{len(blob) // 4}f", blob)


def dot(one, other):
    return sum(a * b for a, b in zip(vector(one), vector(other)))


TYPES = ["note", "debrief", "concept", "root", "domain", None]
DOMAINS = ["knowledge", "lexicon", "garden", None]
EDGE_TYPES = ["CITES", "cites", "RELATED_TO", "SUCCEEDS", "Cites", "LINKS_TO"]


def random_graph(seed, nodes=40, edges=90, dims=6):
    """Statements with parameters that fill a store: nodes, edges, tags, and some faults."""
    rng = random.Random(seed)
    statements = []
    ids = [f"n{i}" for i in range(nodes)]
    for i, name in enumerate(ids):
        meta = rng.choice(
            [
                None,
                "{}",
                json.dumps({"source": f"docs/{i % 7}.md", "community": i % 3}),
                json.dumps({"aliases": ["a", "ü"], "semantic_tokens": []}),
                json.dumps({"aliases": "one"}),
                json.dumps({"aliases": 5, "community": 1}),
                "[1]",
            ]
        )
        if i % 9 == 4:
            meta = "not json"
        embedding = unit([rng.gauss(0, 1) for _ in range(dims)]) if rng.random() < 0.8 else None
        if i % 13 == 5:
            embedding = floats(1.0)
        row = (
            *(name, rng.choice(TYPES), f"Title {i}", rng.choice(DOMAINS)),
            *(rng.choice(["experience", None]), f"h{i}", meta),
            *(rng.choice([None, "", f"2026-01-{rng.randrange(1, 29):02}"]), f"text {i}", embedding),
        )
        statements.append(
            (
                "INSERT INTO nodes (id, type, title, domain, layer, hash, meta, date, summary,"
                " embedding) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        )
    linked = ids[: nodes * 3 // 4]
    for _ in range(edges):
        row = (rng.choice(linked), rng.choice(linked), rng.choice(EDGE_TYPES), rng.random())
        sql = "INSERT OR IGNORE INTO edges (source, target, type, confidence) VALUES (?, ?, ?, ?)"
        statements.append((sql, row))
    for name in ids:
        for tag in rng.sample(["red", "green", "blue", "Grün"], rng.choice([0, 1, 2])):
            sql = "INSERT OR IGNORE INTO tags (node_id, tag) VALUES (?, ?)"
            statements.append((sql, (name, tag)))
    return statements


def fill(engine, statements):
    engine.execute("BEGIN")
    for sql, params in statements:
        engine.execute(sql, params)
    engine.execute("COMMIT")


def meta_of(node, key):
    """A member of meta as Python has it, None where meta is no JSON object."""
    try:
        value = json.loads(node["meta"])
    except (TypeError, ValueError):
        return None
    return value.get(key) if isinstance(value, dict) else None


def rounded(rows):
    """Rows as sorted tuples that compare, reals to nine digits."""
    plain = [
        tuple(round(value, 9) if isinstance(value, float) else value for value in row)
        for row in rows
    ]
    return sorted(plain, key=repr)
