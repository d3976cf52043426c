"""Looks for a search of a tracked table that is answered from memory and wrong.

    python tests/tracked_fuzzer.py --steps 100000 --seed 7 [--binding apsw] [--kind wal]

As cache_fuzzer.py, with three connections that share what is in memory. Their tables are tracked
most of the time; triggers and logs are dropped, emptied, cut short and made again; searches are
restricted, of several lengths and element types, and also made inside write transactions. Each
answer must be the one that reading the rows in plain SQL gives.

`Bypass` is a way to change rows that no trigger sees: with it the fuzzer must fail.
"""

import argparse
import collections
import json
import sqlite3
import sys
import tempfile
from pathlib import Path

import apsw

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))

import cache_fuzzer
from cache_fuzzer import Failed, Fuzzer, Stale
from cached import CACHED, tier
from conftest import Engine
from topk_oracle import COMBINATIONS, bits_of, distance_sql, f32, score_of
from tracked import track

KINDS = ("delete", "wal", "memory")
RESTRICTIONS = (None, "within", "in", "few")


class Tracked(Fuzzer):
    """One run; `bypass` changes rows behind the triggers now and then."""

    def __init__(self, binding, kind, seed, folder, bypass=None, stop=True):
        self.bypass = bypass
        self.inside = collections.Counter()  # tiers of the checks inside write transactions
        super().__init__(binding, kind, seed, folder, None, stop)
        self.operations = [
            (name, getattr(Tracked, name), weight) for name, weight in WEIGHTS.items()
            if weight and not (kind == "memory" and name in ("vacuum", "restore", "recreate"))]
        if bypass:
            self.operations.append(("bypass", bypass, 40))
        self.queries.append(f32(2, -1, 3))
        self.parties.append(self.open("C"))
        for party in self.parties:
            for table in ("main.t", "main.u"):
                self.attempt(party, "create", lambda: self.create(party, table))
                self.attempt(party, "track", lambda: track(party.engine, table))

    def make_files(self):
        """Of the first one the second is a copy that has gone another way, log and all."""
        super().make_files()
        path = self.folder / "aux0.db"
        engine = Engine(self.binding, path)
        for table in cache_fuzzer.TABLES:
            track(engine, table)
        self.images[0] = path.read_bytes()
        engine.execute("UPDATE t SET e = ? WHERE id < 5", (self.pool[0],))
        engine.close()
        self.images[1] = path.read_bytes()
        (self.folder / "aux1.db").write_bytes(self.images[1])
        path.write_bytes(self.images[0])

    def place(self):
        schema = self.random.choices(("main.", "", "temp.", "aux.", "mem."), (20, 6, 1, 3, 2))[0]
        return schema + self.random.choices(cache_fuzzer.TABLES, (5, 1))[0]

    # ---- the check ----------------------------------------------------------------------------

    def check(self, party, source=None):
        source = source or self.place()
        for _ in range(self.random.choice((1, 2, 2, 3, 4, 8))):
            self.check_once(party, source)

    def check_once(self, party, source):
        metric, element = self.random.choices(COMBINATIONS, [6] * 4 + [1] * 5)[0]
        query = self.random.choices(self.queries, [6, 6, 6, 6, 1])[0]
        k = self.random.choice((None, 1, 3, 10, 50, 1000))
        min_score = self.random.choice((None, None, None, 0.0, -5.0))
        only = self.random.choices(RESTRICTIONS, (8, 1, 1, 1))[0]
        strict = int(self.random.random() < 0.05)
        restriction, rowids = "", None
        if only:
            count = 3 if only == "few" else 40
            rowids = sorted({self.random.randrange(-5, 60) for _ in range(count)})
            given = f"(SELECT value FROM json_each('{json.dumps(rowids)}'))"
            restriction = (f"WHERE within = (SELECT vec_ids(value) FROM "
                           f"json_each('{json.dumps(rowids)}'))"
                           if only == "within" else f"WHERE rowid IN {given}")
        # The search goes first: reading the table would tell the connection of foreign commits.
        try:
            rows = party.execute(
                "SELECT rowid, id, distance, score FROM vec_topk(?, 'e', ?, ?, ?, ?, ?, ?) "
                f"{restriction} ORDER BY rank",
                (source, query, k, metric, min_score, element, strict))
            used = tier(party)
            actual = [(rowid, key, bits_of(distance), bits_of(score))
                      for rowid, key, distance, score in rows]
        except Engine.Error as error:
            actual, used = Failed(error), "error"
        place, kind = self.resolve(party, source)
        if kind == "view":
            return
        expected = self.read(party, place, (query, metric, element, rowids, strict))
        if isinstance(expected, list):
            expected = [row for row in expected if min_score is None or row[1] >= min_score][:k]
            expected = [(rowid, key, bits_of(distance), bits_of(score))
                        for (distance, rowid, key), score in expected]
        if self.writing(party, place.partition(".")[0]):
            self.inside[used] += 1
        what = (metric, element, len(query), k, min_score, only, strict)
        self.compare(party, source, what, actual, used, expected, kind)

    def read(self, party, place, what):
        """[((distance, rowid, id), score)], best first, by reading every row in plain SQL."""
        query, metric, element, rowids, strict = what
        among = "" if rowids is None else f"WHERE rowid IN ({', '.join(map(str, rowids))})"
        usable = f"WHEN e = {self.literal(self.nan)} THEN NULL " if element == "float32" else ""
        try:
            rows = party.execute(
                "SELECT rowid, id, CASE WHEN e IS NULL THEN 'null' "
                "WHEN typeof(e) <> 'blob' OR length(e) <> ?2 THEN 'other' "
                f"{usable} ELSE {distance_sql(metric, element, 'e', '?1')} END "
                f"FROM {place} {among}", (query, len(query)))
        except Engine.Error as error:
            return Failed(error)
        given = [row for row in rows if row[2] != "null"]
        comparable = [row for row in given if row[2] != "other"]
        if given and not comparable:
            return Failed("no row can be compared")
        if strict and (len(comparable) < len(given) or None in [row[2] for row in comparable]):
            return Failed("strict")
        return [((distance, rowid, key), score_of(metric, distance))
                for distance, rowid, key in sorted(
                    (row[2], row[0], row[1]) for row in comparable if row[2] is not None)]

    @staticmethod
    def literal(blob):
        return f"x'{blob.hex()}'"

    def writing(self, party, schema):
        connection = party.engine.connection
        if self.binding == "sqlite3":
            return connection.in_transaction  # perhaps only reading
        try:
            return connection.txn_state(schema or "main") == apsw.SQLITE_TXN_WRITE
        except ValueError:  # there is no such schema
            return False

    # ---- tracking -----------------------------------------------------------------------------

    def track(self, party):
        place = self.place()
        self.create(party, place)
        try:
            track(party.engine, place)
        except Engine.Error:  # perhaps the triggers went along with a renamed table
            track(party.engine, place, action="remove")
            track(party.engine, place)

    def untrack(self, party):
        track(party.engine, self.place(), action="remove")

    def tracked_places(self, party):
        """(schema, table) of the logs that there are."""
        found = []
        for schema in ("main", "aux", "mem"):
            try:
                found += [(schema, name) for (name,) in party.execute(
                    f"SELECT substr(name, 10, 1) FROM {schema}.sqlite_master "
                    "WHERE name LIKE '~_vec~_log~__~_e' ESCAPE '~' AND type = 'table'")]
            except Engine.Error:
                pass
        return found or [("main", "t")]

    def drop_trigger(self, party):
        schema, table = self.random.choice(self.tracked_places(party))
        when = self.random.choice(("before_insert", "before_update", "before_delete",
                                   "after_insert"))
        party.execute(f"DROP TRIGGER {schema}._vec_{table}_e_{when}")

    def drop_trigger_for_a_while(self, party):
        """In one transaction: whoever looks before and after finds every trigger."""
        schema, table = self.random.choice(self.tracked_places(party))
        name = f"_vec_{table}_e_" + self.random.choice(("before_update", "before_delete"))
        [(sql,)] = party.execute(f"SELECT sql FROM {schema}.sqlite_master WHERE name = ?", (name,))
        party.execute("SAVEPOINT while")
        try:
            party.execute(f"DROP TRIGGER {schema}.{name}")
            party.execute(f"UPDATE {schema}.{table} SET e = ? WHERE rowid % 3 = 1",
                          (self.vector(),))
            party.execute(f"DELETE FROM {schema}.{table} WHERE rowid % 7 = 1")
            if self.random.random() < 0.3:
                self.check(party, f"{schema}.{table}")
            party.execute(sql.replace('"_vec', f'{schema}."_vec', 1))
        except Engine.Error:
            party.execute("ROLLBACK TO while")
            raise
        finally:
            party.execute("RELEASE while")

    def drop_log(self, party):
        schema, table = self.random.choice(self.tracked_places(party))
        party.execute(f"DROP TABLE {schema}._vec_log_{table}_e")

    def empty_log(self, party):
        schema, table = self.random.choice(self.tracked_places(party))
        party.execute(f"DELETE FROM {schema}._vec_log_{table}_e")

    def cut_log(self, party):
        """As the triggers do, but often."""
        schema, table = self.random.choice(self.tracked_places(party))
        log = f"{schema}._vec_log_{table}_e"
        keep = self.random.choice((0, 1, 5, 50))
        party.execute(f"DELETE FROM {log} WHERE seq < (SELECT max(seq) FROM {log}) - {keep}")

    def anything(self, party):
        schema, table = self.random.choice(self.tracked_places(party))
        party.execute(f"INSERT INTO {schema}._vec_log_{table}_e(rid, nonce) VALUES (NULL, random())")

    def unique_index(self, party):
        schema, table = self.random.choice(self.tracked_places(party))
        party.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {schema}.unique_{table} "
                      f"ON {table}(n) WHERE n > 3")
        if self.random.random() < 0.7:
            track(party.engine, f"{schema}.{table}")

    def drop_unique_index(self, party):
        schema, table = self.random.choice(self.tracked_places(party))
        party.execute(f"DROP INDEX {schema}.unique_{table}")

    def other_table(self, party):
        party.execute("CREATE TABLE IF NOT EXISTS main.other(x)")
        party.execute("INSERT INTO main.other VALUES (1)")

    def transaction(self, party):
        """Changes and searches inside one transaction, some of it undone."""
        party.execute("BEGIN IMMEDIATE")
        party.savepoints = 0
        source = self.random.choice(("main.t", "t", "main.u"))
        changes = (Fuzzer.insert, Fuzzer.insert_many, Fuzzer.replace, Fuzzer.upsert, Fuzzer.update,
                   Fuzzer.update_or_replace, Fuzzer.move, Fuzzer.delete, Fuzzer.savepoint,
                   Fuzzer.savepoint, Fuzzer.rollback_to, Fuzzer.release)
        try:
            for _ in range(self.random.randrange(1, 9)):
                change = self.random.choice(changes)
                self.attempt(party, change.__name__, lambda: change(self, party))
                self.check(party, source)
        finally:
            party.savepoints = 0
            self.attempt(party, "end", lambda: party.execute(
                self.random.choice(("COMMIT", "ROLLBACK"))))
        self.check(party, source)

    def anyone_busy(self):
        return any(p.cursor or p.engine.connection.in_transaction for p in self.parties)

    def restore(self, party):
        if not self.anyone_busy():
            super().restore(party)

    def recreate(self, party):
        """Another file, made the same way, at the same path. Nobody else may have it open."""
        if self.anyone_busy():
            return
        for other in self.parties:
            other.close()
        for suffix in ("", "-wal", "-shm", "-journal"):
            (self.folder / f"main.db{suffix}").unlink(missing_ok=True)
        (self.folder / "main.db").write_bytes(self.random.choice(self.images))
        self.parties[:] = [self.open(other.name) for other in self.parties]

    def copy_file(self, party):
        """An attached database that is a copy of main, with its log."""
        party.execute("DETACH aux")
        path = self.folder / f"aux{self.random.randrange(3)}.db"
        if self.kind != "memory" and self.random.random() < 0.5:
            party.execute("ATTACH ? AS aux", (str(self.folder / "main.db"),))
            return
        if any("aux" in [row[1] for row in p.execute("PRAGMA database_list")]
               for p in self.parties):
            return
        path.unlink(missing_ok=True)
        try:
            party.execute("VACUUM main INTO ?", (str(path),))
        finally:
            party.execute("ATTACH ? AS aux", (str(path),))


# ---- what no trigger sees ---------------------------------------------------------------------

def blob_write(fuzzer, party):
    """Incremental writing: the documented bypass."""
    Fuzzer.blob_write(fuzzer, party)


def triggers_off(fuzzer, party):
    """A connection that has switched its triggers off, or taken them out of sqlite_master."""
    connection = party.engine.connection
    table = fuzzer.random.choice(cache_fuzzer.TABLES)
    sql = f"UPDATE main.{table} SET e = ? WHERE rowid % 4 = ?"
    values = (fuzzer.random.choice(fuzzer.pool), fuzzer.random.randrange(4))
    if fuzzer.binding == "apsw":
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        try:
            party.execute(sql, values)
        finally:
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)
        return
    [(version,)] = party.execute("PRAGMA main.schema_version")
    other = sqlite3.connect(fuzzer.folder / "main.db", isolation_level=None, timeout=0)
    try:
        other.execute("PRAGMA writable_schema = on")
        other.execute("BEGIN IMMEDIATE")
        saved = other.execute("SELECT * FROM sqlite_master WHERE type = 'trigger'").fetchall()
        other.execute("DELETE FROM sqlite_master WHERE type = 'trigger'")
        other.execute("PRAGMA writable_schema = reset")
        other.execute(sql.replace("main.", ""), values)
        other.execute("PRAGMA writable_schema = on")
        other.executemany("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", saved)
        other.execute(f"PRAGMA schema_version = {version}")
        other.execute("COMMIT")
    finally:
        other.close()


WEIGHTS = {
    **cache_fuzzer.WEIGHTS, "blob_write": 0, "restore": 1, "deserialize": 2, "journal_off": 0,
    "table_to_view": 0, "view_to_table": 0, "shadow": 1, "read_uncommitted": 0, "drop": 1,
    "drop_and_create": 1, "exchange": 1, "rename_column": 0, "exchange_columns": 0, "delete_all": 1, "reopen": 2,
    "track": 14, "untrack": 1, "drop_trigger": 1, "drop_trigger_for_a_while": 2, "drop_log": 1,
    "empty_log": 1, "cut_log": 3, "anything": 1, "unique_index": 2, "drop_unique_index": 5,
    "other_table": 5, "commit": 14, "rollback": 7, "close_cursor": 7, "transaction": 14, "recreate": 1, "copy_file": 1,
}


def run(binding, kind, seed, steps, bypass=None, stop=True):
    with tempfile.TemporaryDirectory(prefix="vecgraph-fuzz-") as folder:
        fuzzer = Tracked(binding, kind, seed, folder, bypass, stop)
        try:
            return fuzzer.run(steps)
        finally:
            fuzzer.close()


def from_memory(found):
    return sum(found[name] for name in CACHED)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--binding", choices=Engine.BINDINGS, default="sqlite3")
    parser.add_argument("--kind", choices=KINDS, default="wal")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    fuzzer = run(given.binding, given.kind, given.seed, given.steps)
    print(f"{fuzzer.checks} checks, {from_memory(fuzzer.found)} from memory; in transactions "
          f"{sum(fuzzer.inside.values())}, {from_memory(fuzzer.inside)} from memory; "
          f"{fuzzer.skipped} skipped; {dict(fuzzer.found)}")
    if given.verbose:
        for name in [*WEIGHTS, "end"]:
            print(f"{name:24} {fuzzer.done[name]:6} {fuzzer.refused[name]:6} refused")
        for text, count in fuzzer.errors.most_common(80):
            print(f"{count:6} {text}")


if __name__ == "__main__":
    main()
