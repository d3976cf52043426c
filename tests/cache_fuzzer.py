"""Looks for a search that is answered from an outdated copy.

    python tests/cache_fuzzer.py --steps 100000 --seed 7 [--binding apsw] [--kind wal]

Two connections change and search the same tables at random: rows, schema, transactions, attached
files, journal modes, and whatever else replaces the content of a database. After any step a
connection may search the same thing a few times, so that its memory is filled and used; each answer
must be the one that reading all rows in plain SQL gives. A run is determined by its kind, its seed
and the number of its steps.

The search that is tested is a parameter: `StaleCopy` is one that is wrong on purpose.
"""

import argparse
import collections
import random
import sys
import tempfile
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from cached import CACHED, tier
from conftest import Engine
from topk_oracle import bits_of, f32, score_of

KINDS = ("delete", "wal", "memory", "shared")
METRICS = ("dot", "l2", "cosine", "l1")
TABLES = ("t", "u")
SHAPES = (
    "(id INTEGER PRIMARY KEY, n INTEGER UNIQUE, e BLOB)",
    "(id TEXT PRIMARY KEY, n INTEGER, e BLOB)",
    "(e BLOB, n INTEGER, id TEXT UNIQUE)",
    "(id INTEGER PRIMARY KEY, n INTEGER, e BLOB, pad DEFAULT 'abcdefghijklmnopqrstuvwxyz')",
)


class Stale(AssertionError):
    """A search did not return what the table holds."""


class Failed:
    """The error of a statement, as a result."""

    def __init__(self, error):
        self.text = str(error)
        # "query aborted" is what the first reader gets of a pager that could not roll back.
        self.busy = any(word in self.text.lower() for word in ("locked", "busy", "aborted"))

    def __repr__(self):
        return f"Failed({self.text!r})"


class Party:
    """One connection of a run."""

    def __init__(self, name, binding, path):
        self.name = name
        self.engine = Engine(binding, path)
        self.execute = self.engine.execute
        self.cursor = None  # a statement that is not read to its end
        self.savepoints = 0
        self.cookies = {}  # of deserialized databases
        self.execute("PRAGMA busy_timeout = 0")
        self.execute("PRAGMA synchronous = off")

    def close(self):
        self.cursor = None
        self.engine.close()


def distance_sql(metric):
    return "-vec_dot(e, ?1)" if metric == "dot" else f"vec_distance_{metric}(e, ?1)"


class Fuzzer:
    """One run; `search` answers instead of the library, if it is given."""

    def __init__(self, binding, kind, seed, folder, search=None, stop=True):
        self.binding, self.kind, self.seed, self.folder = binding, kind, seed, Path(folder)
        self.random = random.Random(f"{kind} {seed}")
        self.search = search or library
        self.stop = stop
        self.steps = self.checks = self.skipped = self.stale = 0
        self.found = collections.Counter()  # tiers of the checks
        self.done, self.refused = collections.Counter(), collections.Counter()
        self.errors = collections.Counter()
        self.pending = None
        self.cookies = 1000
        self.busy_inside = 0
        numbers = np.random.default_rng(seed)
        self.dims = (65, 20, 100, 4)[seed % 4]
        # Small numbers make ties, a sum in another order no other result, and few distinct rows.
        self.pool = [f32(v) for v in numbers.integers(-2, 3, (24, self.dims))]
        self.pool += [f32(v) for v in numbers.standard_normal((12, self.dims))]
        self.queries = [f32(v) for v in numbers.integers(-2, 3, (2, self.dims))]
        self.queries += [f32(v) for v in numbers.standard_normal((2, self.dims))]
        self.nan = f32([np.nan] * self.dims)
        # With a shared cache, a function that touches the other connection (a collected cursor is
        # enough) waits for itself. In memory there is no file to vacuum or to restore.
        unfit = {"memory": ("vacuum", "restore"),
                 "shared": ("look_select", "look_insert", "look_trigger", "look_returning")}
        self.operations = [(name, getattr(Fuzzer, name), weight) for name, weight
                           in WEIGHTS.items() if name not in unfit.get(kind, ())]
        self.make_files()
        self.parties = [self.open(name) for name in "AB"]
        if kind in ("delete", "wal"):
            self.parties[0].execute(f"PRAGMA journal_mode = {kind}")
        for party in self.parties:
            for table in TABLES:
                self.attempt(party, "create", lambda: self.create(party, f"main.{table}"))

    # ---- what there is ------------------------------------------------------------------------

    def open(self, name):
        path = {"memory": ":memory:", "shared": f"file:{self.folder}/main.db?cache=shared"}.get(
            self.kind, self.folder / "main.db")
        party = Party(name, self.binding, path)
        function = lambda: self.midway(party)  # noqa: E731
        if self.binding == "sqlite3":
            party.engine.connection.create_function("look", 0, function)
        else:
            party.engine.connection.create_scalar_function("look", function, 0)
        party.execute("ATTACH ':memory:' AS mem")
        return party

    def make_files(self):
        """Three databases with the same schema and schema cookie and other rows."""
        self.images = []
        for number in range(3):
            path = self.folder / f"aux{number}.db"
            path.unlink(missing_ok=True)
            engine = Engine(self.binding, path)
            engine.execute("PRAGMA synchronous = off")
            for table in TABLES:
                engine.execute(f"CREATE TABLE {table}{SHAPES[0]}")
                for key in range(1, 9):
                    engine.execute(f"INSERT INTO {table} VALUES (?, ?, ?)",
                                   (key, key, self.random.choice(self.pool)))
            engine.close()
            self.images.append(path.read_bytes())

    def close(self):
        for party in self.parties:
            party.close()

    def vector(self):
        chance = self.random.random()
        if chance < 0.88:
            return self.random.choice(self.pool)
        return self.random.choice((None, "text", f32(1, 2, 3), self.nan, f32([0] * self.dims), 5))

    def place(self):
        schema = self.random.choices(("main.", "", "temp.", "aux.", "mem."), (9, 4, 2, 3, 2))[0]
        return schema + self.random.choices(TABLES, (4, 1))[0]

    def schema(self):
        return self.random.choice(("main", "temp", "aux", "mem"))

    def key(self):
        return self.random.randrange(1, 31)

    # ---- steps --------------------------------------------------------------------------------

    def run(self, steps):
        for _ in range(steps):
            self.step()
        return self

    def step(self):
        self.steps += 1
        party = self.random.choice(self.parties)
        if self.random.random() < 0.4:
            self.check(party)
            return
        name, operation, _ = self.random.choices(
            self.operations, [weight for _, _, weight in self.operations])[0]
        self.last = name
        self.attempt(party, name, lambda: operation(self, party))
        if self.pending:
            found, self.pending = self.pending, None
            raise found

    def attempt(self, party, name, operation):
        try:
            operation()
        except (*Engine.Error, SystemError, ValueError) as error:  # two are of sqlite3 itself
            self.refused[name] += 1
            self.errors[f"{name}: {error}"] += 1
        else:
            self.done[name] += 1

    # ---- the check ----------------------------------------------------------------------------

    def check(self, party, source=None):
        source = source or self.place()
        query = self.random.randrange(len(self.queries))
        metric = self.random.choice(METRICS)
        k = self.random.choice((None, 1, 3, 10, 50))
        for _ in range(self.random.choice((1, 2, 3, 3, 3, 4, 4, 12))):
            # The search goes first: reading the table would tell the connection of foreign commits.
            actual, used = self.search(self, party, source, query, metric, k)
            place, kind = self.resolve(party, source)
            if kind == "view" and k is not None:
                continue  # which of the ties of a view are kept depends on the order of its rows
            expected = self.truth(party, place, query, metric, k, kind)
            self.compare(party, source, (query, metric, k), actual, used, expected, kind)

    def compare(self, party, source, what, actual, used, expected, kind):
        if isinstance(actual, Failed) or isinstance(expected, Failed):
            same = isinstance(actual, Failed) and isinstance(expected, Failed)
            if not same and any(isinstance(x, Failed) and x.busy for x in (actual, expected)):
                self.skipped += 1
                return
        else:
            if kind == "view":
                actual, expected = (sorted(row[1:] for row in rows) for rows in (actual, expected))
            same = actual == expected
        self.checks += 1
        self.found[used] += 1
        if isinstance(expected, Failed):
            self.errors[f"check: {expected.text}"] += 1
        if same:
            return
        self.stale += 1
        if self.stop:
            raise Stale(
                f"{self.binding} {self.kind} seed {self.seed} step {self.steps} (after "
                f"{self.last}): {party.name} searches {source} {what}, answered from {used}\n"
                f"found    {actual}\nexpected {expected}")

    def truth(self, party, place, query, metric, k, kind):
        """[(rowid, id, bits of distance, bits of score)] by reading every row in plain SQL."""
        blob = self.queries[query]
        rowid = "0" if kind == "view" else "rowid"
        try:
            rows = party.execute(
                f"SELECT {rowid}, id, CASE WHEN e IS NULL THEN 'null' "
                "WHEN typeof(e) <> 'blob' OR length(e) <> ?2 THEN 'other' "
                f"WHEN e <> ?3 THEN {distance_sql(metric)} END FROM {place}",
                (blob, len(blob), self.nan))
        except Engine.Error as error:
            return Failed(error)
        given = [row for row in rows if row[2] != "null"]
        comparable = [row for row in given if row[2] != "other"]
        if given and not comparable:
            return Failed("no row can be compared")
        ranked = sorted((row[2], row[0], row[1]) for row in comparable if row[2] is not None)
        return [(rowid, key, bits_of(distance), bits_of(score_of(metric, distance)))
                for distance, rowid, key in ranked[:k]]

    def resolve(self, party, source):
        """(schema.table, its type): temp comes first, then main, then what is attached.

        A prepared statement with a bare name may go on with what the name meant before.
        """
        schema, _, table = source.rpartition(".")
        try:
            names = [row[1] for row in party.execute("PRAGMA database_list")]
            names = [schema] if schema else ["temp", *(name for name in names if name != "temp")]
            for name in names:
                found = party.execute(
                    f"SELECT type FROM {name}.sqlite_master WHERE name = ?", (table,))
                if found:
                    return f"{name}.{table}", found[0][0]
        except Engine.Error:
            pass
        return source, "table"

    def midway(self, party):
        """In the middle of a statement, as the SQL function look()."""
        if self.busy_inside or self.pending:
            return 0
        self.busy_inside = 1
        try:
            self.check(party, self.random.choice((None, "t", "main.t", "u")))
        except Stale as found:
            self.pending = found
        finally:
            self.busy_inside = 0
        return 0

    # ---- rows ---------------------------------------------------------------------------------

    def insert(self, party):
        party.execute(f"INSERT INTO {self.place()}(id, n, e) VALUES (?, ?, ?)",
                      (self.key(), self.key(), self.vector()))

    def insert_many(self, party):
        rows = [(self.key(), self.key(), self.vector()) for _ in range(3)]
        party.execute(f"INSERT {self.random.choice(('', 'OR IGNORE', 'OR FAIL', 'OR ROLLBACK'))} "
                      f"INTO {self.place()}(id, n, e) VALUES (?,?,?), (?,?,?), (?,?,?)",
                      [value for row in rows for value in row])

    def replace(self, party):
        party.execute(f"REPLACE INTO {self.place()}(id, n, e) VALUES (?, ?, ?)",
                      (self.key(), self.key(), self.vector()))

    def upsert(self, party):
        party.execute(f"INSERT INTO {self.place()}(id, n, e) VALUES (?, ?, ?) "
                      "ON CONFLICT DO UPDATE SET e = excluded.e",
                      (self.key(), self.key(), self.vector()))

    def update(self, party):
        party.execute(f"UPDATE {self.place()} SET e = ? WHERE id IN (?, ?)",
                      (self.vector(), self.key(), self.key()))

    def update_or_replace(self, party):
        party.execute(f"UPDATE OR REPLACE {self.place()} SET n = ?, e = ? WHERE id = ?",
                      (self.key(), self.vector(), self.key()))

    def update_other(self, party):
        party.execute(f"UPDATE {self.place()} SET n = n + 100 WHERE id = ?", (self.key(),))

    def move(self, party):
        party.execute(f"UPDATE {self.place()} SET rowid = ? WHERE rowid = ?",
                      (self.key(), self.key()))

    def swap_vectors(self, party):
        place, one, two = self.place(), self.key(), self.key()
        party.execute(
            f"UPDATE {place} SET e = (SELECT x.e FROM {place} AS x WHERE x.rowid = ?1 + ?2 - "
            f"{place.rpartition('.')[2]}.rowid) WHERE rowid IN (?1, ?2)", (one, two))

    def delete(self, party):
        party.execute(f"DELETE FROM {self.place()} WHERE id IN (?, ?, ?)",
                      (self.key(), self.key(), self.key()))

    def delete_all(self, party):
        party.execute(f"DELETE FROM {self.place()}")

    def refill(self, party):
        place = self.place()
        party.execute(f"REPLACE INTO {place}(id, n, e) VALUES "
                      + ",".join(["(?,?,?)"] * 8),
                      [value for key in range(1, 9)
                       for value in (key, key, self.random.choice(self.pool))])

    def grow(self, party):
        """So many rows that codes are used; the next rows of the operations fall among them."""
        place = self.place()
        shift = self.random.choice((0, 100, -200))
        party.execute(
            f"INSERT OR IGNORE INTO {place}(id, n, e) WITH RECURSIVE c(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 150) "
            "SELECT i + ?1, i + ?1, CASE i % 4 WHEN 0 THEN ?2 WHEN 1 THEN ?3 "
            "ELSE vec_scale(vec_add(?4, vec_scale(?5, i % 11)), 1 + i % 5) END FROM c",
            (shift, *(self.random.choice(self.pool) for _ in range(4))))

    def shrink(self, party):
        party.execute(f"DELETE FROM {self.place()} WHERE rowid NOT BETWEEN 1 AND 30")

    def copy(self, party):
        party.execute(f"REPLACE INTO {self.place()}(id, n, e) SELECT id, n, e FROM {self.place()}")

    def blob_write(self, party):
        """Incremental writing: counted by no counter of changes."""
        schema = self.random.choice(("main", "main", "temp", "aux", "mem"))
        table, size = self.random.choice(TABLES), 4 * self.dims
        row = self.random.choice(party.execute(
            f"SELECT rowid FROM {schema}.{table} WHERE typeof(e) = 'blob' AND length(e) = ?",
            (size,)) or [(1,)])[0] or 1
        connection = party.engine.connection
        value = self.random.choice(self.pool)
        if self.binding == "sqlite3":
            with connection.blobopen(table, "e", row, name=schema) as blob:
                blob.write(value)
        else:
            with connection.blob_open(schema, table, "e", row, True) as blob:
                blob.write(value)

    # ---- transactions -------------------------------------------------------------------------

    def begin(self, party):
        party.execute("BEGIN " + self.random.choice(("", "", "IMMEDIATE", "EXCLUSIVE")))

    def commit(self, party):
        party.execute("COMMIT")
        party.savepoints = 0

    def rollback(self, party):
        party.execute("ROLLBACK")
        party.savepoints = 0

    def savepoint(self, party):
        party.execute(f"SAVEPOINT s{party.savepoints}")
        party.savepoints += 1

    def rollback_to(self, party):
        party.execute(f"ROLLBACK TO s{self.random.randrange(max(1, party.savepoints))}")

    def release(self, party):
        number = self.random.randrange(max(1, party.savepoints))
        party.execute(f"RELEASE s{number}")
        party.savepoints = number

    def write_and_undo(self, party):
        """What a counter of changes takes for nothing: written, searched, undone, written again."""
        party.execute("BEGIN")
        self.attempt(party, "insert", lambda: self.insert(party))
        self.check(party)
        self.attempt(party, "update", lambda: self.update(party))
        self.check(party, "main.t")
        party.execute("ROLLBACK")
        party.savepoints = 0
        self.check(party)

    def empty_commit(self, party):
        party.execute("BEGIN IMMEDIATE")
        party.execute("COMMIT")

    def open_cursor(self, party):
        """A statement in flight keeps the read transaction of its connection."""
        party.cursor = iter(party.engine.connection.execute(f"SELECT rowid FROM {self.place()}"))
        next(party.cursor, None)

    def close_cursor(self, party):
        party.cursor = None

    # ---- in the middle of a statement ---------------------------------------------------------

    def look_select(self, party):
        party.execute(f"SELECT look() FROM {self.place()} LIMIT 2")

    def look_insert(self, party):
        party.execute(f"REPLACE INTO {self.place()}(id, n, e) "
                      f"SELECT id + look(), n + 1, e FROM {self.place()} LIMIT 2")

    def look_trigger(self, party):
        schema = self.random.choice(("main", "temp"))
        party.execute(f"CREATE TEMP TRIGGER look AFTER UPDATE ON {schema}.t "
                      "BEGIN SELECT look(); END")
        try:
            party.execute("UPDATE t SET e = ? WHERE rowid % 7 = ?",
                          (self.vector(), self.random.randrange(7)))
        finally:
            party.execute("DROP TRIGGER temp.look")

    def look_returning(self, party):
        if party.engine.version >= (3, 35):
            party.execute(f"INSERT INTO {self.place()}(id, n, e) VALUES (?, ?, ?) "
                          "RETURNING look()", (self.key(), self.key(), self.vector()))

    def store_search(self, party):
        """A statement that writes what it finds."""
        source, place = self.place(), self.place()
        party.execute(f"REPLACE INTO {place}(id, n, e) SELECT s.rowid + 1, s.rank, t.e FROM "
                      f"vec_topk(?, 'e', ?, 3) AS s JOIN {source} AS t ON t.rowid = s.rowid",
                      (source, self.queries[0]))

    # ---- schema -------------------------------------------------------------------------------

    def create(self, party, place=None):
        place = place or self.place()
        if "." not in place:
            place = "main." + place
        party.execute(f"CREATE TABLE IF NOT EXISTS {place}{self.random.choice(SHAPES)}")
        for key in range(1, self.random.choice((2, 5, 9, 30))):
            party.execute(f"INSERT OR IGNORE INTO {place}(id, n, e) VALUES (?, ?, ?)",
                          (key, key, self.random.choice(self.pool)))

    def drop(self, party):
        place = self.place()
        party.execute(f"DROP TABLE {place}")

    def drop_and_create(self, party):
        place = self.place()
        party.execute("BEGIN")
        try:
            party.execute(f"DROP TABLE {place}")
            self.create(party, place)
            party.execute(self.random.choice(("COMMIT", "COMMIT", "ROLLBACK")))
        except Engine.Error:
            party.execute("ROLLBACK")
            raise
        finally:
            party.savepoints = 0

    def exchange(self, party):
        """Two tables take each other's name."""
        schema = self.schema()
        party.execute("SAVEPOINT exchange")
        try:
            for one, two in (("t", "x"), ("u", "t"), ("x", "u")):
                party.execute(f"ALTER TABLE {schema}.{one} RENAME TO {two}")
        except Engine.Error:
            party.execute("ROLLBACK TO exchange")
            raise
        finally:
            party.execute("RELEASE exchange")

    def add_column(self, party):
        name = self.random.choice(("a", "b", "c", "d", "oid", "_rowid_"))
        party.execute(f"ALTER TABLE {self.place()} ADD COLUMN {name} DEFAULT 7")

    def drop_column(self, party):
        place = self.place()
        party.execute(f"ALTER TABLE {place} ADD COLUMN dropped")
        party.execute(f"ALTER TABLE {place} DROP COLUMN dropped")

    def rename_column(self, party):
        one, two = self.random.choice((("e", "f"), ("f", "e"), ("f", "e"), ("f", "e")))
        party.execute(f"ALTER TABLE {self.place()} RENAME COLUMN {one} TO {two}")

    def exchange_columns(self, party):
        """Another column takes the name of the searched one."""
        place = self.place()
        party.execute("SAVEPOINT exchange")
        try:
            party.execute(f"ALTER TABLE {place} RENAME COLUMN e TO f")
            party.execute(f"ALTER TABLE {place} ADD COLUMN e")
            table = place.rpartition(".")[2]
            party.execute(f"UPDATE {place} SET e = (SELECT f FROM {place} AS x "
                          f"WHERE x.rowid > {table}.rowid)")
            party.execute(f"ALTER TABLE {place} DROP COLUMN f")
        except Engine.Error:
            party.execute("ROLLBACK TO exchange")
            raise
        finally:
            party.execute("RELEASE exchange")

    def create_index(self, party):
        schema = self.random.choice(("main", "main", "temp", "aux", "mem"))
        table = self.random.choice(TABLES)
        columns = self.random.choice(("n", "e", "n, e", "e, n"))
        party.execute(f"CREATE INDEX IF NOT EXISTS {schema}.i{table} ON {table}({columns})")

    def drop_index(self, party):
        schema = self.random.choice(("main", "main", "temp", "aux", "mem"))
        table = self.random.choice(TABLES)
        party.execute(f"CREATE INDEX IF NOT EXISTS {schema}.i{table} ON {table}(e)")
        party.execute(f"DROP INDEX {schema}.i{table}")

    def shadow(self, party):
        """A temporary table or view takes the name before the table of main."""
        if self.random.random() < 0.5:
            self.create(party, "temp.t")
        else:
            party.execute("CREATE TEMP VIEW t AS SELECT id, n, e FROM main.t")

    def unshadow(self, party):
        what = self.random.choice(("TABLE", "VIEW"))
        party.execute(f"DROP {what} temp.{self.random.choice(TABLES)}")

    def table_to_view(self, party):
        party.execute("DROP TABLE main.u")
        party.execute("CREATE VIEW main.u AS SELECT id, n, e FROM t")

    def view_to_table(self, party):
        party.execute("DROP VIEW main.u")
        self.create(party, "main.u")

    def analyze(self, party):
        party.execute("ANALYZE")

    # ---- databases ----------------------------------------------------------------------------

    def attach(self, party):
        if self.random.random() < 0.15:
            party.execute("ATTACH ':memory:' AS aux")
            self.create(party, "aux.t")
        else:
            party.execute("ATTACH ? AS aux",
                          (str(self.folder / f"aux{self.random.randrange(3)}.db"),))
            party.execute("PRAGMA aux.synchronous = off")

    def reattach(self, party):
        """The same name, another file."""
        party.execute("DETACH aux")
        self.attach(party)

    def detach(self, party):
        party.execute(f"DETACH {self.random.choice(('aux', 'aux', 'mem'))}")

    def attach_memory(self, party):
        party.execute("ATTACH ':memory:' AS mem")
        self.create(party, "mem.t")

    def deserialize(self, party):
        """The content of a database is replaced as a whole; its counters start anew."""
        party.cursor = None  # SQLite 3.40 frees what a statement in flight reads
        names = ["mem"] * 6 + ["aux"] * 3
        if (self.binding, self.kind) == ("apsw", "memory"):
            names.append("main")  # crashes SQLite 3.40 once any table-valued function was used
        name, image = self.random.choice(names), self.random.choice(self.images)
        # The same schema has the same schema cookie, another one another: that SQLite relies on.
        if party.execute(f"PRAGMA {name}.schema_version")[0][0] != party.cookies.get(name):
            self.cookies += 1000
            party.cookies[name] = self.cookies
        image = image[:40] + party.cookies[name].to_bytes(4, "big") + image[44:]
        if self.binding == "sqlite3":
            party.engine.connection.deserialize(image, name=name)
        else:
            party.engine.connection.deserialize(name, image)

    def vacuum(self, party):
        party.execute("VACUUM " + self.random.choice(("main", "main", "aux")))

    def vacuum_memory(self, party):
        party.execute("VACUUM " + self.random.choice(("mem", "temp", "main")))

    def restore(self, party):
        """A backup of another database is written over this one."""
        image = self.folder / f"aux{self.random.randrange(3)}.db"
        source = Engine(self.binding, image, loaded=False)
        try:
            source.execute("PRAGMA busy_timeout = 0")
            if self.binding == "sqlite3":
                if party.cursor or party.engine.connection.in_transaction:
                    return  # would wait for the lock
                other = next(p for p in self.parties if p is not party)
                if other.cursor or other.engine.connection.in_transaction:
                    return
                source.connection.backup(party.engine.connection, sleep=0)
            else:
                with party.engine.connection.backup("main", source.connection, "main") as copy:
                    while not copy.done:
                        copy.step(100)
        finally:
            source.close()

    def journal_mode(self, party):
        if self.kind == "memory":
            mode = self.random.choice(("memory", "delete"))
        else:
            mode = self.random.choice(("wal", "delete", "truncate", "persist", "memory"))
        party.execute(f"PRAGMA main.journal_mode = {mode}")

    def journal_mode_of_aux(self, party):
        mode = self.random.choice(("wal", "delete", "memory"))
        party.execute(f"PRAGMA aux.journal_mode = {mode}")

    def journal_off(self, party):
        """A database without a journal: in memory, what fails there is not undone."""
        schema = self.random.choice(("mem", "aux"))
        party.cursor = None
        party.execute("BEGIN")  # refused inside a transaction, whose end would be undefined
        party.execute("COMMIT")
        party.execute(f"PRAGMA {schema}.journal_mode = off")
        for _ in range(self.random.randrange(1, 5)):
            self.attempt(party, "unjournaled", lambda: party.execute(
                f"INSERT INTO {schema}.t(id, n, e) VALUES (?,?,?), (?,?,?), (1, 1, NULL)",
                [self.key(), self.key(), self.vector(), self.key(), self.key(), self.vector()]))
            self.check(party, f"{schema}.t")
        # The failed writes may have damaged it beyond what SQLite defines.
        party.execute(f"DETACH {schema}")

    def checkpoint(self, party):
        party.execute("PRAGMA wal_checkpoint("
                      + self.random.choice(("PASSIVE", "FULL", "TRUNCATE")) + ")")

    def read_uncommitted(self, party):
        party.execute(f"PRAGMA read_uncommitted = {self.random.randrange(2)}")

    def reopen(self, party):
        opened = self.open(party.name)
        self.parties[self.parties.index(party)] = opened
        party.close()
        if self.kind == "memory":
            self.create(opened, "main.t")

    # ---- the library's own settings -----------------------------------------------------------

    def configure(self, party):
        key, value = self.random.choice((
            ("kernel", "scalar"), ("kernel", "sse2"), ("threads", 1), ("threads", 2),
            ("cache_mb", 0), ("cache_mb", 1), ("cache_mb", 100), ("cache_mb", 100),
            ("cache_mb", 100)))
        party.execute("SELECT vec_config(?, ?)", (key, value))


WEIGHTS = {
    "insert": 9, "insert_many": 3, "replace": 5, "upsert": 4, "update": 6, "update_or_replace": 3,
    "update_other": 2, "move": 4, "swap_vectors": 3, "delete": 4, "delete_all": 1, "refill": 3,
    "grow": 2, "shrink": 1,
    "copy": 2, "blob_write": 5,
    "begin": 5, "commit": 5, "rollback": 4, "savepoint": 4, "rollback_to": 4, "release": 3,
    "write_and_undo": 3, "empty_commit": 1, "open_cursor": 2, "close_cursor": 4,
    "look_select": 3, "look_insert": 2, "look_trigger": 1, "look_returning": 2, "store_search": 2,
    "create": 5, "drop": 1, "drop_and_create": 2, "exchange": 2, "add_column": 2, "drop_column": 2,
    "rename_column": 1, "exchange_columns": 1, "create_index": 2, "drop_index": 2, "shadow": 2,
    "unshadow": 3, "table_to_view": 1, "view_to_table": 2, "analyze": 1,
    "attach": 4, "reattach": 3, "detach": 1, "attach_memory": 2, "deserialize": 3, "vacuum": 2,
    "vacuum_memory": 1, "restore": 2, "journal_mode": 2, "journal_mode_of_aux": 1,
    "journal_off": 1, "checkpoint": 2, "read_uncommitted": 1, "reopen": 1, "configure": 1,
}


# ---- searches ---------------------------------------------------------------------------------

def library(fuzzer, party, source, query, metric, k):
    """vec_topk, and the tier that answered."""
    try:
        rows = party.execute(
            "SELECT rowid, id, distance, score FROM vec_topk(?, 'e', ?, ?, ?) ORDER BY rank",
            (source, fuzzer.queries[query], k, metric))
    except Engine.Error as error:
        return Failed(error), "error"
    return ([(rowid, key, bits_of(distance), bits_of(score))
             for rowid, key, distance, score in rows], tier(party))


class StaleCopy:
    """A copy of each table that is as wrong as its key: `key(party, schema)` says when it holds."""

    def __init__(self, key):
        self.key, self.copies = key, {}

    def __call__(self, fuzzer, party, source, query, metric, k):
        name = (party.name, source)
        try:
            key = self.key(party, source.rpartition(".")[0] or "main")
        except Engine.Error as error:
            return Failed(error), "error"
        if self.copies.get(name, (None,))[0] != (party.engine, key):
            place, kind = fuzzer.resolve(party, source)
            self.copies[name] = (party.engine, key), {
                (q, m): fuzzer.truth(party, place, q, m, None, kind)
                for q in range(len(fuzzer.queries)) for m in METRICS}
            used = "stream"
        else:
            used = "copy"
        answer = self.copies[name][1][query, metric]
        return (answer if isinstance(answer, Failed) else answer[:k]), used


def never(party, schema):
    """Fills the copy once."""
    return 0


def pragma_and_changes(party, schema):
    """The key that suggests itself, and misses rollbacks, DDL and blobs."""
    return (party.execute(f"PRAGMA {schema}.data_version"),
            party.execute("SELECT total_changes()"))


def commits_and_changes(party, schema):
    """SQLITE_FCNTL_DATA_VERSION, of apsw only: sees own commits too, and no rollback."""
    party.execute(f"SELECT 1 FROM {schema}.sqlite_master LIMIT 1")
    return (party.engine.connection.data_version(schema),
            party.execute("SELECT total_changes()"))


def run(binding, kind, seed, steps, search=None, stop=True):
    with tempfile.TemporaryDirectory(prefix="vecgraph-fuzz-") as folder:
        fuzzer = Fuzzer(binding, kind, seed, folder, search, stop)
        try:
            return fuzzer.run(steps)
        finally:
            fuzzer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--binding", choices=Engine.BINDINGS, default="sqlite3")
    parser.add_argument("--kind", choices=KINDS, default="delete")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    fuzzer = run(given.binding, given.kind, given.seed, given.steps)
    print(f"{fuzzer.checks} checks, {sum(fuzzer.found[name] for name in CACHED)} from memory, "
          f"{fuzzer.skipped} skipped; {dict(fuzzer.found)}")
    if given.verbose:
        for name in WEIGHTS:
            print(f"{name:20} {fuzzer.done[name]:6} {fuzzer.refused[name]:6} refused")
        for text, count in fuzzer.errors.most_common(60):
            print(f"{count:6} {text}")


if __name__ == "__main__":
    main()
