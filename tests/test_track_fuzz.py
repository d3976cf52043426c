"""A reader that follows the log of a tracked table always has the table's content.

Two connections on one file write at random, with every conflict clause, savepoints, triggers that
give up, changes of the schema; each has a reader that keeps a copy of the table by the protocol of
docs/tracking.md, in Python. At each check the copy must equal the table. The controls leave out one
part of the protocol at a time, and must go wrong.
"""

import random

import pytest
from change_log import LOG, is_tracked, statements

TABLES = {
    "text key": """
        CREATE TABLE t (id TEXT PRIMARY KEY NOT NULL DEFAULT 'k1', u TEXT COLLATE NOCASE UNIQUE,
          w INT, other TEXT, e BLOB);
        CREATE UNIQUE INDEX t_expression ON t (lower(u) || w) WHERE w > 2;
        CREATE UNIQUE INDEX t_pair ON t (w, other)""",
    "integer key": """
        CREATE TABLE t (n INTEGER PRIMARY KEY, id TEXT NOT NULL DEFAULT 'k1', u TEXT, w INT,
          other TEXT, g AS (id || '!') UNIQUE, e BLOB, UNIQUE (u COLLATE NOCASE));
        CREATE UNIQUE INDEX t_pair ON t (w, other)""",
    # Without an index VACUUM renumbers the rows.
    "no key": "CREATE TABLE t (id TEXT, u TEXT, w INT, other TEXT, e BLOB)",
}
# What other software may have put on the table: all run after ours, or before the row changes.
USER_TRIGGERS = """
    CREATE TRIGGER user_1 AFTER INSERT ON t WHEN new.w = 5 BEGIN SELECT RAISE(IGNORE); END;
    CREATE TRIGGER user_2 AFTER INSERT ON t WHEN new.w = 6 BEGIN SELECT RAISE(FAIL, 'no'); END;
    CREATE TRIGGER user_3 AFTER UPDATE ON t WHEN new.w = 7 BEGIN SELECT RAISE(IGNORE); END;
    CREATE TRIGGER user_4 AFTER DELETE ON t WHEN old.w = 8 BEGIN SELECT RAISE(FAIL, 'no'); END;
    CREATE TRIGGER user_5 BEFORE INSERT ON t WHEN new.w = 4 BEGIN
      UPDATE OR REPLACE t SET u = new.u WHERE rowid = (SELECT max(rowid) FROM t); END;
    CREATE TRIGGER user_6 AFTER INSERT ON t WHEN new.w = 3 BEGIN
      UPDATE OR IGNORE t SET e = x'99', w = 2 WHERE rowid = (SELECT min(rowid) FROM t); END"""


class Reader:
    """Keeps a copy of t. `without` names the parts of the protocol that it leaves out."""

    def __init__(self, engine, without=()):
        self.engine = engine
        self.without = without
        self.position = None
        self.rows = {}
        self.counts = {"unchanged": 0, "followed": 0, "read": 0, "untracked": 0}

    def read_all(self):
        return dict(self.engine.execute("SELECT rowid, e FROM t"))

    def changes(self, version):
        """The log after the position, or None if it does not lead here."""
        if self.position is None or (self.position[2] != version and "version" not in self.without):
            return None
        rows = self.engine.execute(
            f"SELECT seq, nonce, rid FROM {LOG} WHERE seq >= ? ORDER BY seq", (self.position[0],)
        )
        if not rows or rows[0][0] != self.position[0]:
            return None
        if rows[0][1] != self.position[1] and "nonce" not in self.without:
            return None
        if any(rid is None for _, _, rid in rows[1:]) and "null" not in self.without:
            return None
        return rows

    def refresh(self):
        """The content of t as this connection sees it. REQUIRES: a transaction."""
        if "triggers" not in self.without and not is_tracked(self.engine):
            self.position = None
            self.counts["untracked"] += 1
            return self.read_all()
        (version,) = self.engine.execute("PRAGMA schema_version")[0]
        rows = self.changes(version)
        if rows is None:
            end = self.engine.execute(f"SELECT seq, nonce FROM {LOG} ORDER BY seq DESC LIMIT 1")
            self.position = (*end[0], version) if end else None
            self.rows = self.read_all()
            self.counts["read"] += 1
        else:
            for rid in {rid for _, _, rid in rows[1:]}:
                self.rows.pop(rid, None)
                row = self.engine.execute("SELECT rowid, e FROM t WHERE rowid = ?", (rid,))
                self.rows.update(row)
            self.position = (*rows[-1][:2], version)
            self.counts["unchanged" if len(rows) == 1 else "followed"] += 1
        return self.rows


class Fuzzer:
    def __init__(
        self, connect, path, seed, table="text key", journal="WAL", triggers=True, **options
    ):
        self.random = random.Random(seed)
        self.drop_triggers = options.pop("drop_triggers", ())
        self.late_trigger = options.pop("late_trigger", False)
        self.without = options.pop("without", ())
        self.weights = options.pop("weights", {})
        assert not options
        self.engines = [connect(path), connect(path)]
        first = self.engines[0]
        first.execute(f"PRAGMA journal_mode = {journal}")
        first.script(TABLES[table] + (";" + USER_TRIGGERS if triggers else ""))
        self.track(first)
        for engine in self.engines:
            engine.execute("PRAGMA busy_timeout = 0")
            engine.execute("PRAGMA synchronous = OFF")
        self.readers = [Reader(engine, self.without) for engine in self.engines]
        self.wrong = 0

    def track(self, engine):
        for sql in statements(engine):
            engine.execute(sql)
        for name in self.drop_triggers:
            engine.execute(f"DROP TRIGGER _vec_t_e_{name}")
        if self.late_trigger:
            engine.execute("DROP TRIGGER IF EXISTS late")
            engine.execute(
                "CREATE TRIGGER late AFTER INSERT ON t WHEN new.w = 1"
                " BEGIN SELECT RAISE(IGNORE); END"
            )

    # ---- operations ----

    def value(self, name):
        choose = self.random.choice
        return {
            "id": lambda: choose(["NULL", *(f"'k{i}'" for i in range(6))]),
            "u": lambda: choose(["NULL", *(f"'{c}'" for c in "abcABC")]),
            "w": lambda: choose(["NULL", *map(str, range(10))]),
            "other": lambda: choose(["NULL", "'x'", "'y'"]),
            "e": lambda: f"x'{self.random.randrange(1 << 32):08x}'",
            "rowid": lambda: str(self.random.randrange(1, 12)),
        }[name]()

    def conflict(self):
        return self.random.choice(
            ["", "OR REPLACE", "OR REPLACE", "OR IGNORE", "OR FAIL", "OR ROLLBACK", "OR ABORT"]
        )

    def where(self):
        return self.random.choice(
            [
                f"rowid = {self.value('rowid')}",
                f"rowid % 4 = {self.random.randrange(4)}",
                f"u = {self.value('u')}",
            ]
        )

    def insert(self):
        columns = ["id", "u", "w", "other", "e"] + ["rowid"] * self.random.randrange(2)
        rows = ", ".join(
            "(" + ", ".join(self.value(c) for c in columns) + ")"
            for _ in range(self.random.choice([1, 1, 2, 3]))
        )
        return f"INSERT {self.conflict()} INTO t ({', '.join(columns)}) VALUES {rows}"

    def upsert(self):
        sql = self.insert().replace("INSERT OR IGNORE", "INSERT").replace("OR ROLLBACK", "")
        what = self.random.choice(
            ["NOTHING", "UPDATE SET e = excluded.e", "UPDATE SET w = 1, e = x''"]
        )
        return f"{sql} ON CONFLICT (u) DO {what}"

    def update(self):
        columns = ["id", "u", "w", "other", "e", "e", "rowid"]
        columns = self.random.sample(columns, self.random.choice([1, 1, 2, 3]))
        sets = ", ".join(f"{c} = {self.value(c)}" for c in dict.fromkeys(columns))
        return f"UPDATE {self.conflict()} t SET {sets} WHERE {self.where()}"

    def delete(self):
        return "DELETE FROM t" + ("" if self.random.random() < 0.05 else f" WHERE {self.where()}")

    def transaction(self):
        return self.random.choice(
            ["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "COMMIT", "ROLLBACK"]
            + ["SAVEPOINT a", "SAVEPOINT b", "ROLLBACK TO a", "ROLLBACK TO b", "RELEASE a"]
        )

    def schema(self):
        return self.random.choice(
            [
                "VACUUM",
                "CREATE TABLE other (x)",
                "DROP TABLE other",
                "CREATE INDEX t_index ON t (other)",
                "DROP INDEX t_index",
                "CREATE UNIQUE INDEX t_late ON t (other, u)",
                "DROP INDEX t_late",
            ]
        )

    def rare(self):
        return self.random.choice(
            [
                "PRAGMA recursive_triggers = ON",
                "PRAGMA recursive_triggers = OFF",
                f"DELETE FROM {LOG} WHERE seq < (SELECT max(seq) - 3 FROM {LOG})",
                f"DELETE FROM {LOG}",
                "PRAGMA wal_checkpoint",
            ]
        )

    def gap(self, engine):
        """Writes while a trigger is away."""
        name = self.random.choice(
            ["before_update", "before_delete", "before_insert", "after_insert"]
        )
        engine.execute(f"DROP TRIGGER _vec_t_e_{name}")
        engine.execute(self.random.choice([self.insert, self.update, self.delete])())
        if self.random.random() < 0.5:
            self.check(self.engines.index(engine))
        self.track(engine)

    def operate(self, engine):
        kinds = [
            (self.insert, 30),
            (self.update, 30),
            (self.upsert, 10),
            (self.delete, 8),
            (self.transaction, 20),
            (self.schema, 1),
            (self.rare, 2),
            (self.gap, 0.5),
        ]
        weights = [self.weights.get(kind.__name__, weight) for kind, weight in kinds]
        (kind,) = self.random.choices([kind for kind, _ in kinds], weights)
        try:
            if kind == self.gap:
                self.gap(engine)
            else:
                engine.execute(kind())
        except engine.Error:
            pass  # a conflict, a lock, no such savepoint: all part of it

    # ---- checks ----

    def check(self, which):
        engine, reader = self.engines[which], self.readers[which]
        try:
            engine.execute("SAVEPOINT check_")
        except engine.Error:
            return
        try:
            truth = reader.read_all()
            self.wrong += reader.refresh() != truth
        except engine.Error:
            pass  # the other connection has the file
        finally:
            engine.execute("RELEASE check_")

    def run(self, steps):
        for _ in range(steps):
            which = self.random.randrange(2)
            self.operate(self.engines[which])
            if self.random.random() < 0.4:
                self.check(self.random.randrange(2))
        return self

    def counts(self):
        first, second = (reader.counts for reader in self.readers)
        return {key: first[key] + second[key] for key in first}


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("seed", range(2))
def test_a_reader_always_has_the_content(connect, tmp_path, table, journal, seed):
    fuzzer = Fuzzer(connect, tmp_path / "f.db", seed, table, journal).run(1500)
    assert fuzzer.wrong == 0
    counts = fuzzer.counts()
    assert counts["followed"] > 75 and counts["unchanged"] > 10, counts
    assert counts["read"] > 10, counts


CONTROLS = {
    "no before_insert": dict(drop_triggers=["before_insert"], without=["triggers"]),
    "no after_insert": dict(drop_triggers=["after_insert"], without=["triggers"]),
    "no before_update": dict(drop_triggers=["before_update"], without=["triggers"]),
    "no before_delete": dict(drop_triggers=["before_delete"], without=["triggers"]),
    "a later trigger that gives up": dict(late_trigger=True, without=["triggers"]),
    "no nonce": dict(without=["nonce"], weights={"schema": 0}),
    "no schema version": dict(
        table="no key", without=["version"], weights={"schema": 20, "transaction": 0}
    ),
    "no look at the triggers": dict(without=["triggers", "version", "null"]),
    "NULL taken for no row": dict(without=["null"], weights={"transaction": 0}),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_control_without_one_part_it_goes_wrong(connect, tmp_path, control):
    for seed in range(5):
        path = tmp_path / f"{seed}.db"
        if Fuzzer(connect, path, seed, triggers=False, **CONTROLS[control]).run(2000).wrong:
            return
    pytest.fail("the fuzzer cannot see the difference")
