"""db_stats: where the bytes of a database are."""

import sqlite3

import pytest

from conftest import load
from test_old_sqlite import run

SETUP = """
CREATE TABLE docs(id TEXT PRIMARY KEY, body TEXT, body_vector BLOB);
CREATE INDEX docs_body ON docs(body);
CREATE TABLE wide(id INTEGER PRIMARY KEY, embedding BLOB);
CREATE TABLE keyed(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
INSERT INTO docs SELECT 'd' || i, 'body ' || i, zeroblob(400) FROM n;
INSERT INTO docs VALUES ('none', 'x', NULL), ('text', 'y', '[1,2]');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
INSERT INTO wide SELECT i, zeroblob(6000) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO keyed SELECT 'k' || i, i FROM n;
"""
COLUMNS = ["schema", "kind", "name", "table", "pages", "bytes", "overflow", "unused", "rows",
           "average_row", "embedding_bytes", "problem"]


@pytest.fixture
def filled(connect, tmp_path):
    engine = connect(tmp_path / "a.db")
    engine.script(SETUP)
    return engine


def stats(engine, schema="main"):
    rows = engine.execute('SELECT * FROM db_stats WHERE schema = ?', (schema,))
    return {row[2]: dict(zip(COLUMNS, row)) for row in rows}


def test_every_table_and_index_once(filled):
    rows = filled.execute('SELECT kind, name, "table" FROM db_stats')
    assert rows == [
        ("database", "main", None),
        ("table", "docs", None),
        ("index", "docs_body", "docs"),
        ("index", "sqlite_autoindex_docs_1", "docs"),
        ("table", "keyed", None),
        ("table", "wide", None),
    ] + [("database", "temp", None)] * (len(rows) - 6)


def test_rows_are_those_of_count(filled):
    found = stats(filled)
    for table in ("docs", "wide", "keyed"):
        assert [(found[table]["rows"],)] == filled.execute(f"SELECT count(*) FROM {table}")
    assert found["docs_body"]["rows"] == 302


def test_pages_are_those_of_dbstat(filled):
    found = stats(filled)
    for name in ("docs", "docs_body", "wide", "keyed"):
        expected = filled.execute(
            "SELECT count(*), sum(pgsize), sum(pagetype = 'overflow'), sum(unused) FROM dbstat "
            "WHERE name = ?", (name,))
        row = found[name]
        assert [(row["pages"], row["bytes"], row["overflow"], row["unused"])] == expected


def test_vectors_that_spill(filled):
    found = stats(filled)
    assert found["wide"]["overflow"] == 50
    assert 6000 < found["wide"]["average_row"] < 6020
    assert found["docs"]["overflow"] == 0


def test_embedding_bytes(filled):
    found = stats(filled)
    assert found["docs"]["embedding_bytes"] == 300 * 400
    assert found["wide"]["embedding_bytes"] == 50 * 6000
    assert found["keyed"]["embedding_bytes"] is None


def test_the_database(filled):
    (pages,), (size,) = (filled.execute(f"PRAGMA {name}")[0] for name in ("page_count", "page_size"))
    main = stats(filled)["main"]
    assert (main["pages"], main["bytes"], main["unused"]) == (pages, pages * size, 0)
    filled.execute("DROP TABLE wide")
    assert stats(filled)["main"]["unused"] >= 70 * size


def test_attached_and_temp(filled, tmp_path):
    filled.script("CREATE TEMP TABLE docs(x); INSERT INTO temp.docs VALUES (1);"
                  f"ATTACH '{tmp_path / 'b.db'}' AS \"a b\"; CREATE TABLE \"a b\".t(x);")
    assert stats(filled, "temp")["docs"]["rows"] == 1
    assert stats(filled, "main")["docs"]["rows"] == 302
    assert stats(filled, "a b")["t"]["rows"] == 0


def test_names_that_need_quotes(engine):
    engine.script('CREATE TABLE "a""b.c"("my ""vec" BLOB, "x_vec" BLOB);'
                  'INSERT INTO "a""b.c" VALUES (zeroblob(4), zeroblob(8))')
    assert stats(engine)['a"b.c']["embedding_bytes"] == 8


def test_virtual_tables_and_views_have_no_pages(engine):
    engine.script("CREATE VIEW v AS SELECT 1; CREATE VIRTUAL TABLE f USING fts5(x);")
    assert {"v", "f"} & set(stats(engine)) == set()
    assert "f_data" in stats(engine)


def test_a_table_named_dbstat_does_not_confuse(filled):
    filled.execute("CREATE VIEW dbstat AS SELECT 'docs' AS name, 'leaf' AS pagetype")
    found = stats(filled)
    assert found["docs"]["rows"] == 302
    assert found["docs"]["pages"] is None


def test_a_stranger_s_like_is_not_asked(db):
    db.executescript(SETUP)
    db.create_function("like", 2, lambda a, b: 1)
    assert db.execute("SELECT count(*) FROM db_stats WHERE kind = 'table'").fetchone() == (3,)


def test_it_writes_nothing(filled, connect, tmp_path):
    reader = connect(f"file:{tmp_path / 'a.db'}?mode=ro")
    reader.execute("PRAGMA query_only = 1")
    assert stats(reader)["docs"]["rows"] == 302


def test_a_damaged_table_is_a_problem_of_its_row(filled, connect, tmp_path):
    (root,) = filled.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'wide'")[0]
    filled.close()
    with open(tmp_path / "a.db", "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    found = stats(connect(tmp_path / "a.db"))
    assert "malformed" in found["wide"]["problem"]
    assert found["docs"]["problem"] is None
    assert found["docs"]["rows"] == 302


def test_interrupted(tmp_path):
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    load(db)
    db.executescript(SETUP)
    db.set_progress_handler(lambda: 1, 50)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        db.execute("SELECT * FROM db_stats").fetchall()


@pytest.mark.parametrize("version", ["3.34.0", "3.38.5"])  # built without dbstat
def test_without_dbstat_rows_and_vectors_are_counted(version):
    statements = [sql for sql in SETUP.split(";\n") if sql.strip()]
    rows = run(version, [*statements, 'SELECT * FROM db_stats WHERE schema = \'main\''])[-1]
    found = {row[2]: dict(zip(COLUMNS, row)) for row in rows}
    assert found["main"]["pages"] > 100
    assert [found[name]["rows"] for name in ("docs", "wide", "keyed")] == [302, 50, 500]
    assert found["docs"]["embedding_bytes"] == 120000
    assert found["docs"]["pages"] is None
    assert found["docs"]["problem"] is None


def test_a_denied_table_is_a_problem_of_its_row(db):
    db.executescript(SETUP)
    db.set_authorizer(lambda action, name, *_: sqlite3.SQLITE_DENY
                      if action == sqlite3.SQLITE_READ and name == "wide" else sqlite3.SQLITE_OK)
    found = {name: problem for name, problem in db.execute("SELECT name, problem FROM db_stats")}
    assert "prohibited" in found["wide"]
    assert found["docs"] is None


