"""The triggers of vec_track_sql log the row that a unique key makes another one replace."""

import json

import pytest
from change_log import changed, content, is_tracked, logged, track
from conftest import LIBRARY
from old_sqlite import run_python

# Every kind of unique key: the columns of t besides e, other statements, and two rows whose keys
# collide though they are written differently.
KEYS = {
    "primary key": ("k TEXT PRIMARY KEY", "", "'a'", "'a'"),
    "unique constraint": ("k TEXT UNIQUE", "", "'a'", "'a'"),
    "unique index": ("k", "CREATE UNIQUE INDEX u ON t (k)", "'a'", "'a'"),
    "INT PRIMARY KEY": ("k INT PRIMARY KEY", "", "5", "'5'"),
    "INTEGER PRIMARY KEY DESC": ("k INTEGER PRIMARY KEY DESC", "", "5", "5"),
    "affinity TEXT": ("k TEXT UNIQUE", "", "'5'", "5"),
    "affinity INTEGER": ("k INTEGER UNIQUE", "", "5", "'5'"),
    "affinity REAL": ("k REAL UNIQUE", "", "5", "'5.0'"),
    "no affinity": ("k BLOB UNIQUE", "", "5", "5.0"),
    "column collation": ("k TEXT COLLATE NOCASE UNIQUE", "", "'a'", "'A'"),
    "index collation": ("k TEXT", "CREATE UNIQUE INDEX u ON t (k COLLATE NOCASE)", "'a'", "'A'"),
    "index binary": (
        "k TEXT COLLATE NOCASE",
        "CREATE UNIQUE INDEX u ON t (k COLLATE BINARY)",
        "'a'",
        "'a'",
    ),
    "rtrim": ("k TEXT COLLATE RTRIM UNIQUE", "", "'a'", "'a  '"),
    "two columns": ("k TEXT, l INT, UNIQUE (k, l)", "", "'a', 1", "'a', 1"),
    "mixed collations": (
        "k TEXT, l TEXT COLLATE NOCASE",
        "CREATE UNIQUE INDEX u ON t (k DESC, l)",
        "'a', 'b'",
        "'a', 'B'",
    ),
    "expression": ("k TEXT", "CREATE UNIQUE INDEX u ON t (lower(k))", "'a'", "'A'"),
    "quoted expression": (
        "k TEXT",
        'CREATE UNIQUE INDEX u ON t (lower("k") COLLATE NOCASE DESC,'
        " replace(\"k\", 'a,b(', 'A') COLLATE NOCASE)",
        "'a'",
        "'A'",
    ),
    "expression with a cast": (
        "k TEXT",
        "CREATE UNIQUE INDEX u ON t (CAST(k AS INTEGER))",
        "'5'",
        "'5x'",
    ),
    "json": (
        "k TEXT",
        "CREATE UNIQUE INDEX u ON t (json_extract(k, \"$.id\")) -- double quotes: a string\n",
        "'{\"id\": 3}'",
        "'{\"id\":3.0}'",
    ),
    "partial": (
        "k TEXT, l INT",
        "CREATE UNIQUE INDEX u ON t (k) WHERE l IS NOT NULL AND l > 0",
        "'a', 1",
        "'a', 2",
    ),
    "partial expression": (
        "k TEXT, l INT",
        "CREATE UNIQUE INDEX u ON t (lower(k), l) WHERE k LIKE 'a%' /* comment */",
        "'a', 1",
        "'A', 1",
    ),
    "partial over the rowid": (
        "id INTEGER PRIMARY KEY, k TEXT",
        "CREATE UNIQUE INDEX u ON t (k) WHERE id > 0",
        "NULL, 'a'",
        "NULL, 'a'",
    ),
    "at most one row": ("k INT", "CREATE UNIQUE INDEX u ON t ((1)) WHERE k", "1", "2"),
    "generated column": (
        "k TEXT, g TEXT AS (lower(k)) UNIQUE",
        "",
        "'a'",
        "'A'",
    ),
    "stored generated column": (
        "k TEXT, 'g h' TEXT GENERATED ALWAYS AS (lower(k) || ')') STORED COLLATE NOCASE UNIQUE",
        "",
        "'a'",
        "'A'",
    ),
    "expression of a generated column": (
        "k TEXT, g TEXT AS (lower(k)), h AS (g || 'x')",
        "CREATE UNIQUE INDEX u ON t (h || 'y')",
        "'a'",
        "'A'",
    ),
    "key with the rowid": (
        "id INTEGER PRIMARY KEY, k TEXT, UNIQUE (k, id)",
        "",
        "3, 'a'",
        "3, 'a'",
    ),
    "default": ("k TEXT NOT NULL DEFAULT 'd' UNIQUE", "", "'d'", "NULL"),
    "default in an expression": (
        "k TEXT NOT NULL DEFAULT ('D' || '')",
        "CREATE UNIQUE INDEX u ON t (lower(k))",
        "'d'",
        "NULL",
    ),
    "default in a generated column": (
        "k TEXT NOT NULL DEFAULT 'D', g AS (lower(k)) UNIQUE",
        "",
        "'d'",
        "NULL",
    ),
}
EACH_KEY = pytest.mark.parametrize("kind", KEYS)
EACH_SETTING = pytest.mark.parametrize("recursive", ["OFF", "ON"])


def key_table(engine, kind):
    columns, more, first, second = KEYS[kind]
    table, _, constraint = columns.partition(", UNIQUE")
    constraint = constraint and ", UNIQUE" + constraint
    engine.execute(f"CREATE TABLE t ({table}, e BLOB{constraint})")
    if more:
        engine.execute(more)
    track(engine)
    assert is_tracked(engine)
    names = [
        row[0]
        for row in engine.execute("SELECT name FROM pragma_table_xinfo('t') WHERE NOT hidden")
    ]
    return ", ".join(f'"{name}"' for name in names), first, second


def covers(rids, before, after):
    return None in rids or rids >= changed(before, after)


@EACH_SETTING
@EACH_KEY
def test_a_row_replaced_by_an_insert_is_logged(engine, kind, recursive):
    engine.execute(f"PRAGMA recursive_triggers = {recursive}")
    names, first, second = key_table(engine, kind)
    engine.execute(f"INSERT INTO t ({names}) VALUES ({first}, x'01')")
    before = content(engine)
    rids = logged(engine, f"INSERT OR REPLACE INTO t ({names}) VALUES ({second}, x'02')")
    after = content(engine)
    assert len(before) == len(after) == 1, "the keys do not collide"
    assert covers(rids, before, after)
    if "default" not in kind:
        assert len(rids) <= 2  # no more than the two rows


@EACH_SETTING
@EACH_KEY
def test_a_row_replaced_by_an_update_is_logged(engine, kind, recursive):
    engine.execute(f"PRAGMA recursive_triggers = {recursive}")
    names, first, second = key_table(engine, kind)
    columns = names.split(", ")
    null = ", ".join("'free'" if "NOT NULL" in KEYS[kind][0] else "NULL" for _ in columns[1:])
    if columns[0] == '"id"':
        null = null.replace("NULL", "77", 1)
    if "INT PRIMARY KEY" in KEYS[kind][0]:
        null = null.replace("NULL", "77", 1)
    engine.execute(f"INSERT INTO t ({names}) VALUES ({null}, x'02')")
    engine.execute(f"INSERT INTO t ({names}) VALUES ({first}, x'01')")
    (moving,) = engine.execute("SELECT rowid FROM t WHERE e = x'02'")[0]
    before = content(engine)
    assert len(before) == 2
    values = second.split(", ")
    if values[0] == "NULL" and columns[0] == '"id"':
        values[0] = str(moving)
    sets = ", ".join(f"{name} = {value}" for name, value in zip(columns, values))
    rids = logged(engine, f"UPDATE OR REPLACE t SET {sets} WHERE e = x'02'")
    after = content(engine)
    assert len(after) == 1, "the keys do not collide"
    assert covers(rids, before, after)


@EACH_KEY
def test_the_triggers_find_the_rows_through_the_index(engine, kind):
    names, first, _ = key_table(engine, kind)
    reads, in_t = [], False  # the steps of each statement in a trigger that reads t
    for _, step, _, _, _, p4, *_ in engine.execute(
        f"EXPLAIN INSERT INTO t ({names}) VALUES ({first}, NULL)"
    ):
        if step in ("Trace", "ResetCount"):
            in_t = 'FROM "t"' in str(p4)
            reads += [[]] * in_t
        if in_t:
            reads[-1] = [*reads[-1], step]
    assert reads
    for steps in reads:
        if kind == "at most one row" and "SeekRowid" not in steps:
            assert steps.count("OpenRead") == 2  # the index, which holds one row
        else:
            assert any(step.startswith("Seek") for step in steps)
            assert not {"Rewind", "Last"} & set(steps)

# ---- old SQLite ----------------------------------------------------------------------------------

OLD_RUNNER = """
import json, sqlite3, sys
def run(connection, sql):
    return connection.execute(sql).fetchall()
db = sqlite3.connect(":memory:", isolation_level=None)
db.enable_load_extension(True)
db.load_extension(sys.argv[1])
found = {"version": sqlite3.sqlite_version, "kinds": {}}
for kind, (ddl, more, first, second, names) in json.load(sys.stdin).items():
    run(db, ddl)
    if more:
        run(db, more)
    for (sql,) in run(db, "SELECT sql FROM vec_track_sql('t', 'e')"):
        run(db, sql)
    tracked = run(db, "SELECT DISTINCT tracked FROM vec_track_sql('t', 'e')")
    run(db, f"INSERT INTO t ({names}) VALUES ({first}, x'01')")
    before = dict(run(db, "SELECT rowid, e FROM t"))
    (end,) = run(db, "SELECT max(seq) FROM _vec_log_t_e")[0]
    run(db, f"INSERT OR REPLACE INTO t ({names}) VALUES ({second}, x'02')")
    run(db, "UPDATE t SET rowid = rowid + 50")
    after = dict(run(db, "SELECT rowid, e FROM t"))
    rids = {r for (r,) in run(db, f"SELECT rid FROM _vec_log_t_e WHERE seq > {end}")}
    covered = None in rids or rids >= before.keys() | after.keys()
    found["kinds"][kind] = [tracked, len(before), len(after), covered]
    run(db, "DROP TABLE t")
    run(db, "DROP TABLE _vec_log_t_e")
json.dump(found, sys.stdout)
"""


@pytest.mark.parametrize("version", ["3.34.0", "3.38.5"])
def test_old_sqlite(version, connect):
    kinds = {}
    for kind, (columns, more, first, second) in KEYS.items():
        engine = connect()
        names, _, _ = key_table(engine, kind)
        (ddl,) = engine.execute("SELECT sql FROM sqlite_master WHERE name = 't'")[0]
        kinds[kind] = (ddl, more, first, second, names)
    found = json.loads(run_python(version, "-c", OLD_RUNNER, LIBRARY, given=kinds))
    assert found["version"] == version
    assert found["kinds"] == {kind: [[[1]], 1, 1, True] for kind in KEYS}
