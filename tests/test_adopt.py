"""Adoption: databases of the older code and of Drizzle's migrations become the store, row for row.

The databases are made here by the steps that the older code took, whole ones and ones that stopped
in between. Each is adopted by graph_migrate() and by the plain shell, and must hold afterwards what
Python reads from it before.
"""

import json
import re
import shutil
import sqlite3
import subprocess

import pytest
from conftest import LIBRARY, ROOT, load
from old_sqlite import run_python

SQLITE3 = shutil.which("sqlite3") or "sqlite3"
ADOPT = ROOT / "sql" / "adopt"
MIGRATIONS = ROOT / "sql" / "migrations"


def listed(folder):
    return re.search(r"set\(\w+\s([^)]*)\)", (folder / "list.cmake").read_text())[1].split()


FILES = listed(ADOPT)
NAMES = listed(MIGRATIONS)
VERSIONS = [f"user_version_{n}" for n in range(1, 10)]

# ---- what there may be -------------------------------------------------------------------------

GENESIS = """
CREATE TABLE nodes (id TEXT PRIMARY KEY, type TEXT, title TEXT, content TEXT, domain TEXT,
  layer TEXT, embedding BLOB);
CREATE TABLE edges (source TEXT, target TEXT, type TEXT, PRIMARY KEY (source, target, type));
CREATE INDEX idx_edges_source ON edges(source);
CREATE INDEX idx_edges_target ON edges(target);
"""
FTS_TABLE = (
    "CREATE VIRTUAL TABLE nodes_fts USING fts5(id UNINDEXED, title, content, meta,"
    " tokenize='porter');"
)
FTS_TRIGGERS = {
    "nodes_ai": "AFTER INSERT ON nodes BEGIN INSERT INTO nodes_fts(rowid, id, title, content, meta)"
    " VALUES (new.rowid, new.id, new.title, new.content, new.meta); END;",
    "nodes_ad": "AFTER DELETE ON nodes BEGIN DELETE FROM nodes_fts WHERE rowid = old.rowid; END;",
    "nodes_au": "AFTER UPDATE ON nodes BEGIN INSERT INTO nodes_fts(rowid, id, title, content, meta)"
    " VALUES (new.rowid, new.id, new.title, new.content, new.meta); END;",
}
FTS = FTS_TABLE + "".join(f"CREATE TRIGGER {name} {sql}" for name, sql in FTS_TRIGGERS.items())
EMBER = (
    "CREATE TABLE ember_state (file_path TEXT PRIMARY KEY NOT NULL, last_analyzed TEXT,"
    " sidecar_created INTEGER, confidence REAL);"
)
HISTORY = (
    "CREATE TABLE history (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, entity_type TEXT NOT NULL,"
    " entity_id TEXT NOT NULL, action TEXT NOT NULL, old_value TEXT, new_value TEXT,"
    " timestamp TEXT DEFAULT (CURRENT_TIMESTAMP));"
)
WEIGHTS = ["confidence REAL DEFAULT 1.0", "veracity REAL DEFAULT 1.0", "context_source TEXT"]


def add(table, *columns):
    return "".join(f"ALTER TABLE {table} ADD COLUMN {column};" for column in columns)


def version(number, weights=3):
    """The tables of a version of the older code, without its full-text index."""
    sql = GENESIS
    sql += add("nodes", "hash TEXT") if number >= 2 else ""
    sql += add("nodes", "meta TEXT") if number >= 3 else ""
    sql += add("edges", *WEIGHTS[:weights]) if number >= 4 else ""
    sql += add("nodes", "date TEXT") if number >= 7 else ""
    sql += EMBER + HISTORY if number >= 8 else ""
    if number >= 9:
        sql += "ALTER TABLE nodes DROP COLUMN content;"
    return sql


HOLLOW = "".join(
    sql + ";" for sql in version(9).split(";") if "content TEXT" not in sql and "DROP" not in sql
)
HOLLOW = HOLLOW.replace(
    "CREATE TABLE edges",
    "CREATE TABLE nodes (id TEXT PRIMARY KEY, type TEXT, title TEXT, domain TEXT, layer TEXT,"
    " embedding BLOB); CREATE TABLE edges",
)

DRIZZLE = [
    """CREATE TABLE `edges` (
	`source` text NOT NULL,
	`target` text NOT NULL,
	`type` text NOT NULL,
	`confidence` real DEFAULT 1,
	`veracity` real DEFAULT 1,
	`context_source` text,
	PRIMARY KEY(`source`, `target`, `type`)
);
--> statement-breakpoint
CREATE INDEX `idx_edges_source` ON `edges` (`source`);--> statement-breakpoint
CREATE INDEX `idx_edges_target` ON `edges` (`target`);--> statement-breakpoint
CREATE TABLE `ember_state` (`file_path` text PRIMARY KEY NOT NULL, `last_analyzed` text,
	`sidecar_created` integer, `confidence` real);
--> statement-breakpoint
CREATE TABLE `nodes` (`id` text PRIMARY KEY NOT NULL, `type` text, `title` text, `domain` text,
	`layer` text, `embedding` blob, `hash` text, `meta` text, `date` text);
""",
    HISTORY.replace("TEXT", "text").replace("INTEGER", "integer"),
    "ALTER TABLE `nodes` ADD `summary` text;",
]


def ledger(*hashes):
    rows = "".join(
        f"INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('{one}', 1767981411501);"
        for one in hashes
    )
    return (
        "CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, hash text NOT NULL,"
        f" created_at numeric);{rows}"
    )


# name: (tables, what is made after the rows, user_version, the files that adopt it)
SHAPES = {
    **{
        f"version {n}": (version(n), FTS if n < 5 else "", n, VERSIONS[n - 1 :] + ["drizzle_2"])
        for n in (1, 2, 3, 4, 5, 9)
    },
    # As long as there is a column content, it may hold something.
    **{
        f"version {n}": (version(n), "", n, ["user_version_5", *VERSIONS[n - 1 :], "drizzle_2"])
        for n in (6, 7, 8)
    },
    **{
        f"drizzle {n}": ("".join(DRIZZLE[: n + 1]) + ledger(*"abc"[: n + 1]), "", 0, [f"drizzle_{n}"])
        for n in range(3)
    },
    **{
        f"drizzle {n} without its ledger": ("".join(DRIZZLE[: n + 1]), "", 0, [f"drizzle_{n}"])
        for n in range(3)
    },
    # Nothing says which version it is.
    "unversioned": (version(3), FTS, 0, VERSIONS[2:] + ["drizzle_2"]),
    # The older code changed the tables first and the number afterwards, each by itself.
    "ahead of its number": (version(7), "", 6, ["user_version_5", *VERSIONS[6:], "drizzle_2"]),
    "one of three columns": (version(4, weights=1), FTS, 3, VERSIONS[2:] + ["drizzle_2"]),
    "two of three columns": (version(4, weights=2), FTS, 3, VERSIONS[2:] + ["drizzle_2"]),
    "a full-text index without triggers": (version(4), FTS_TABLE, 4, VERSIONS[3:] + ["drizzle_2"]),
    "triggers without their index": (
        version(4),
        "CREATE TRIGGER nodes_au " + FTS_TRIGGERS["nodes_au"],
        4,
        VERSIONS[3:] + ["drizzle_2"],
    ),
    "ember_state without history": (version(7) + EMBER, "", 7, ["user_version_5", *VERSIONS[6:], "drizzle_2"]),
    "history without ember_state": (version(7) + HISTORY, "", 7, ["user_version_5", *VERSIONS[6:], "drizzle_2"]),
    # Made anew at version 9, and handed over to Drizzle, which then added a column.
    "version 9 made hollow": (HOLLOW, "", 9, ["user_version_9", "drizzle_2"]),
    "version 9 and Drizzle's ledger": (
        version(9) + ledger("0000_a", "0001_b"),
        "",
        9,
        ["user_version_9", "drizzle_2"],
    ),
    "version 9 and Drizzle's column": (
        version(9) + ledger("0000_a", "0001_b", "0002_c") + DRIZZLE[2],
        "",
        9,
        ["user_version_9", "drizzle_2"],
    ),
    "hollow without date": (
        HOLLOW.replace("ALTER TABLE nodes ADD COLUMN date TEXT;", "")
        .replace(EMBER, "")
        .replace(HISTORY, ""),
        "",
        6,
        ["user_version_6", "user_version_7", "user_version_9", "drizzle_2"],
    ),
    "drizzle 2 without ember_state": (
        "".join(DRIZZLE) + "DROP TABLE ember_state;",
        "",
        0,
        ["drizzle_2"],
    ),
    "an empty ledger of ours": (
        "".join(DRIZZLE)
        + "CREATE TABLE _graph_migrations (name TEXT NOT NULL PRIMARY KEY, sha256, applied_at);",
        "",
        0,
        ["drizzle_2"],
    ),
}
FIELDS = "type title domain layer embedding hash meta date summary content".split()


def names_of(db, table):
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def insert(db, table, **values):
    known = {name: value for name, value in values.items() if name in [*names_of(db, table), "rowid"]}
    db.execute(
        f"INSERT INTO {table} ({', '.join(known)}) VALUES ({', '.join('?' * len(known))})",
        list(known.values()),
    )


def make(path, shape, keys_may_be_null=True):
    """Makes a database of that shape with rows that try it; returns what must be there afterwards."""
    tables, later, number, _ = SHAPES[shape]
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.executescript(tables)
    db.execute("BEGIN")
    nullable = not db.execute("SELECT \"notnull\" FROM pragma_table_info('nodes')").fetchone()[0]
    ids = ["a", "A", "b", "c", "", "d/e-f", b"a"] + [None, None] * (nullable and keys_may_be_null)
    for i, one in enumerate(ids):
        insert(
            db, "nodes", rowid=3 * i + 2, id=one, type="doc", title=f"T{i}", domain="d", layer=None,
            embedding=bytes(range(8)) * i or None, hash=f"h{i}", date="2026-01-13",
            meta=json.dumps({"tags": ["x", f"t{i}"], "source": f"{i}.md"}) if i % 2 else "{",
            summary=f"s{i}" if i % 3 else None, content=f"text of {i}" if i % 2 else None,
        )  # fmt: skip
    ends = [("a", "b"), ("b", "a"), ("a", "a"), ("A", "gone"), ("gone", "c"), ("x", "y"), (b"a", "")]
    if nullable and keys_may_be_null:
        ends += [(None, "a"), ("a", None), (None, None)]
    for i, (source, target) in enumerate(ends):
        insert(
            db, "edges", rowid=5 * i + 1, source=source, target=target, type="L",
            confidence=0.25 * i, veracity=None if i % 2 else 0.5, context_source=f"c{i}",
        )  # fmt: skip
    for table in ("history", "ember_state"):
        if names_of(db, table):
            insert(db, table, id=9, entity_type="n", entity_id="a", action="+", timestamp="then",
                   file_path="a.md", confidence=0.5)  # fmt: skip
    db.executescript(later + f"PRAGMA user_version = {number};")  # commits first
    expected = read_before(db)
    db.close()
    return expected


def rows(db, table, columns, defaults):
    """Rows as tuples: rowid and `columns`, those that the table lacks by their defaults."""
    there = names_of(db, table)
    if not there:
        return []
    select = ", ".join(f'"{c}"' if c in there else f"{defaults.get(c, 'NULL')}" for c in columns)
    return sorted(db.execute(f"SELECT rowid, {select} FROM {table}").fetchall(), key=lambda r: r[0])


NODE = ["id", *FIELDS[:-1]]
EDGE = ["source", "target", "type", "confidence", "veracity", "context_source"]
LOG = ["entity_type", "entity_id", "action", "old_value", "new_value", "timestamp"]


def read_before(db):
    nodes = rows(db, "nodes", NODE, {})
    edges = rows(db, "edges", EDGE, {"confidence": 1.0, "veracity": 1.0})
    ids = {row[1] for row in nodes if row[1] is not None}
    whole = [row for row in edges if None not in row[1:4]]
    return {
        "nodes": [row for row in nodes if row[1] is not None],
        "legacy_nodes": [row for row in nodes if row[1] is None],
        "edges": [row for row in whole if row[1] in ids and row[2] in ids],
        "edges_quarantine": [row[1:] for row in whole if not (row[1] in ids and row[2] in ids)],
        "legacy_edges": [row for row in edges if None in row[1:4]],
        "legacy_content": [row for row in rows(db, "nodes", ["id", "content"], {}) if row[2]],
        "history": rows(db, "history", LOG, {}),
        "ember_state": rows(db, "ember_state", ["file_path", "confidence"], {}),
        "drizzle": rows(db, "__drizzle_migrations", ["hash", "created_at"], {}),
        "user_version": db.execute("PRAGMA user_version").fetchone(),
    }


def read_after(db):
    def aside(table, key, columns):
        there = names_of(db, table)
        return sorted(db.execute(f"SELECT {key}, {', '.join(columns)} FROM {table}")) if there else []

    return {
        "nodes": rows(db, "nodes", NODE, {}),
        "legacy_nodes": aside("legacy_nodes", "nid", NODE),
        "edges": rows(db, "edges", EDGE, {}),
        "edges_quarantine": db.execute(
            f"SELECT {', '.join(EDGE)} FROM edges_quarantine ORDER BY rowid"
        ).fetchall(),
        "legacy_edges": aside("legacy_edges", "eid", EDGE),
        "legacy_content": rows(db, "legacy_content", ["node_id", "content"], {}),
        "history": rows(db, "history", LOG, {}),
        "ember_state": rows(db, "ember_state", ["file_path", "confidence"], {}),
        "drizzle": rows(db, "__drizzle_migrations", ["hash", "created_at"], {}),
        "user_version": db.execute("PRAGMA user_version").fetchone(),
    }


def check_after(path, expected):
    db = sqlite3.connect(path, isolation_level=None)
    assert read_after(db) == expected
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert db.execute("SELECT name FROM sqlite_master WHERE name GLOB '_adopt*'").fetchall() == []
    assert [row[0] for row in db.execute("SELECT name FROM _graph_migrations ORDER BY 1")] == NAMES
    dump = [line for line in db.iterdump() if not line.startswith('INSERT INTO "_graph_migrations"')]
    db.close()
    return dump


def by_call(path, *target):
    db = sqlite3.connect(path, isolation_level=None)
    load(db)
    db.execute("PRAGMA synchronous = OFF")
    try:
        sql = f"SELECT graph_migrate({', '.join('?' * len(target))})"
        return json.loads(db.execute(sql, target).fetchone()[0])
    finally:
        db.close()


def shell(path, file):
    return subprocess.run(
        [SQLITE3, "-bail", path, "PRAGMA synchronous = OFF", "BEGIN IMMEDIATE", f".read {file}", "COMMIT"],
        capture_output=True,
        text=True,
    )


def by_shell(path, files):
    """As docs/migrations.md says: the files that adopt, then the migrations that are not recorded."""
    for name in files:
        run = shell(path, ADOPT / f"{name}.sql")
        assert (run.returncode, run.stderr) == (0, ""), name
    db = sqlite3.connect(path)
    done = {row[0] for row in db.execute("SELECT name FROM _graph_migrations")}
    db.close()
    for name in NAMES:
        if name not in done:
            run = shell(path, MIGRATIONS / f"{name}.sql")
            assert (run.returncode, run.stderr) == (0, ""), name


# ---- adopted -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_every_row_is_adopted(tmp_path, shape):
    files = SHAPES[shape][3]
    expected = make(tmp_path / "a.db", shape)
    assert len(expected["nodes"]) == 7 and len(expected["edges"]) == 4
    shutil.copy(tmp_path / "a.db", tmp_path / "b.db")
    result = by_call(tmp_path / "a.db")
    assert result["adopted"] == files
    recorded = {"drizzle_0": 1, "drizzle_1": 2, "drizzle_2": 3}[files[-1]]
    assert (result["applied"], result["version"]) == (NAMES[recorded:], len(NAMES))
    by_shell(tmp_path / "b.db", files)
    assert check_after(tmp_path / "a.db", expected) == check_after(tmp_path / "b.db", expected)
    assert by_call(tmp_path / "a.db") == {"applied": [], "version": len(NAMES)}
    by_call(tmp_path / "b.db")  # fills in the checksums


def test_the_result_says_what_to_look_at(tmp_path):
    make(tmp_path / "a.db", "version 3")
    assert by_call(tmp_path / "a.db")["notes"] == [
        "3 edges without a node at an end are in edges_quarantine, with the reason",
        "4 texts of the column content are in legacy_content",
        "2 nodes without an id are in legacy_nodes",
        "3 edges without a source, a target or a type are in legacy_edges",
        "2 ids differ from another only by case: SELECT group_concat(id) FROM nodes"
        " GROUP BY lower(id) HAVING count(*) > 1",
    ]


def test_a_whole_database_needs_no_notes(tmp_path):
    db = sqlite3.connect(tmp_path / "a.db")
    db.executescript("".join(DRIZZLE) + "INSERT INTO nodes (id) VALUES ('a'), ('b')")
    db.close()
    result = by_call(tmp_path / "a.db")
    assert result == {"adopted": ["drizzle_2"], "applied": NAMES[3:], "version": len(NAMES)}


def test_up_to_the_version_that_adoption_brings(tmp_path):
    make(tmp_path / "a.db", "version 3")
    with pytest.raises(sqlite3.Error, match="adopting the tables that are here brings .* to 3; ask"):
        by_call(tmp_path / "a.db", 2)
    result = by_call(tmp_path / "a.db", 3)
    assert (result["applied"], result["version"]) == ([], 3)
    assert by_call(tmp_path / "a.db")["applied"] == NAMES[3:]


def test_within_a_transaction_of_the_application(tmp_path):
    make(tmp_path / "a.db", "version 4")
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    load(db)
    before = list(db.iterdump())
    db.execute("BEGIN")
    assert json.loads(db.execute("SELECT graph_migrate()").fetchone()[0])["version"] == len(NAMES)
    db.execute("ROLLBACK")
    assert list(db.iterdump()) == before


def test_an_attached_database_is_left_alone(tmp_path):
    make(tmp_path / "other.db", "version 3")
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    load(db)
    db.execute("ATTACH ? AS other", (str(tmp_path / "other.db"),))
    before = db.execute("SELECT * FROM other.sqlite_master").fetchall()
    assert "adopted" not in json.loads(db.execute("SELECT graph_migrate()").fetchone()[0])
    assert db.execute("SELECT * FROM other.sqlite_master").fetchall() == before


OLD = """
import json, sqlite3, sys
for path in sys.argv[2:]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.enable_load_extension(True)
    connection.load_extension(sys.argv[1])
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("SELECT graph_migrate()").fetchall()
    connection.close()
print(sqlite3.sqlite_version)
"""


@pytest.mark.parametrize("release", ["3.34.0", "3.38.5"])
def test_old_sqlite_adopts_the_same(tmp_path, release):
    expected, dumps = {}, {}
    for number, shape in enumerate(SHAPES):
        path = tmp_path / f"{number}.db"
        expected[path] = make(path, shape)
        shutil.copy(path, tmp_path / "new.db")
        by_call(tmp_path / "new.db")
        dumps[path] = check_after(tmp_path / "new.db", expected[path])
    assert run_python(release, "-c", OLD, LIBRARY, *expected).strip() == release
    for path, rows_before in expected.items():
        assert check_after(path, rows_before) == dumps[path]


# ---- refused -----------------------------------------------------------------------------------


def refused(path):
    """The message; the database must be as before."""
    db = sqlite3.connect(path)
    before = list(db.iterdump())
    with pytest.raises(sqlite3.Error) as caught:
        by_call(path)
    assert list(db.iterdump()) == before
    db.close()
    return str(caught.value)


OTHER = {
    "another table": "CREATE TABLE nodes (id INTEGER PRIMARY KEY, name TEXT)",
    "no edges": DRIZZLE[0].replace("`edges`", "`links`"),
    "a column more": DRIZZLE[0] + "ALTER TABLE nodes ADD COLUMN mood TEXT",
    "a column of edges more": "".join(DRIZZLE) + "ALTER TABLE edges ADD COLUMN weight REAL",
    "a generated column": DRIZZLE[0] + "ALTER TABLE nodes ADD COLUMN up TEXT AS (upper(id))",
    "another type": DRIZZLE[0].replace("`embedding` blob", "`embedding` text"),
    "another key": DRIZZLE[0].replace("PRIMARY KEY(`source`, `target`, `type`)", "UNIQUE(`source`)"),
    "keys in another order": DRIZZLE[0].replace("`source`, `target`, `type`)", "`type`, `source`, `target`)"),
    "a view": DRIZZLE[0].replace("TABLE `edges`", "TABLE `links`")
    .replace("ON `edges`", "ON `links`") + "CREATE VIEW edges AS SELECT * FROM links",
    "another history": DRIZZLE[0] + "CREATE TABLE history (id INTEGER PRIMARY KEY, what TEXT)",
    "summary without history": DRIZZLE[0] + DRIZZLE[2],
    "version 8 with a column more": version(8) + add("nodes", "mood TEXT"),
    "the store without its ledger": "".join(
        (MIGRATIONS / f"{name}.sql").read_text() for name in NAMES[:4]
    ) + "DROP TABLE _graph_migrations;",
}  # fmt: skip


@pytest.mark.parametrize("shape", OTHER)
def test_another_shape_is_refused(tmp_path, shape):
    db = sqlite3.connect(tmp_path / "a.db")
    db.executescript(OTHER[shape])
    message = refused(tmp_path / "a.db")
    assert "the database has a table nodes that no recorded migration made" in message
    assert "Expected are nodes(id, type, title, domain, layer, embedding" in message
    found = message.split("Found: ")[1]
    for name in names_of(db, "nodes"):
        assert name in found
    assert "use another database file" in found
    db.close()


def test_the_message_names_what_it_found(tmp_path):
    db = sqlite3.connect(tmp_path / "a.db")
    db.executescript("CREATE TABLE nodes (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    assert "Found: nodes(id INTEGER KEY, name TEXT NOT NULL). Rename" in refused(tmp_path / "a.db")


@pytest.mark.parametrize(
    "sql, sentence",
    [
        ("CREATE INDEX idx_nodes_type ON nodes (type)", 'would lose your index "idx_nodes_type"'),
        (
            "CREATE TRIGGER t AFTER DELETE ON edges BEGIN SELECT 1; END",
            'would lose your trigger "t": drop it, and create it again afterwards',
        ),
        ("CREATE TABLE k (n REFERENCES nodes (id))", 'your table "k" has a foreign key'),
    ],
)
@pytest.mark.parametrize("shape", ["version 3", "version 9", "drizzle 2"])
def test_what_would_be_lost_is_refused(tmp_path, shape, sql, sentence):
    make(tmp_path / "a.db", shape)
    db = sqlite3.connect(tmp_path / "a.db")
    db.execute(sql)
    assert sentence in refused(tmp_path / "a.db")
    # From the shell too: of the files, one of those that rebuild says so.
    messages = ""
    for file in [ADOPT / f"{f}.sql" for f in SHAPES[shape][3]] + [MIGRATIONS / "0004_shape.sql"]:
        run = shell(tmp_path / "a.db", file)
        messages += run.stderr
        if run.returncode:
            break
    assert re.search("CHECK constraint failed: drop_your_(indexes|foreign_keys)", messages), messages
    name = re.search(r"(INDEX|TRIGGER|TABLE) (\w+)", sql)[2]
    assert db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchall()
    db.close()


def test_texts_that_cannot_move_are_refused(tmp_path):
    make(tmp_path / "a.db", "version 5")
    db = sqlite3.connect(tmp_path / "a.db")
    db.execute("CREATE TABLE legacy_content (mine)")
    message = refused(tmp_path / "a.db")
    assert "rename_legacy_content_and_run_user_version_5_first" in message
    db.execute("ALTER TABLE legacy_content RENAME TO mine")
    assert by_call(tmp_path / "a.db")["version"] == len(NAMES)


@pytest.mark.parametrize("shape", ["version 1", "version 4", "version 6", "version 9", "drizzle 1"])
def test_each_file_refuses_other_shapes(tmp_path, shape):
    """Run by hand, a file does nothing to a database that is not its own."""
    make(tmp_path / "a.db", shape)
    fitting = []
    for name in FILES:
        shutil.copy(tmp_path / "a.db", tmp_path / "b.db")
        run = shell(tmp_path / "b.db", ADOPT / f"{name}.sql")
        if run.returncode == 0:
            fitting.append(name)
            continue
        assert f"CHECK constraint failed: this_is_not_the_shape_of_{name}" in run.stderr
        left, right = (sqlite3.connect(tmp_path / file) for file in ("a.db", "b.db"))
        assert list(left.iterdump()) == list(right.iterdump())
    # Version 6 is told from version 5 by what is in content, not by its shape.
    files = SHAPES[shape][3]
    assert fitting == (files[:2] if shape == "version 6" else files[:1])


def test_a_second_run_is_refused(tmp_path):
    make(tmp_path / "a.db", "version 9")
    for name in ["user_version_9", "drizzle_2"]:
        assert shell(tmp_path / "a.db", ADOPT / f"{name}.sql").returncode == 0
        again = shell(tmp_path / "a.db", ADOPT / f"{name}.sql").stderr
        assert "constraint failed" in again
