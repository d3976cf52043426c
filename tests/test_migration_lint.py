"""The migrations keep their rules, and the linter notices each rule that a made-up file breaks."""

import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.without_library

sys.path.insert(0, str(ROOT / "scripts"))
import lint_migrations as lint  # noqa: E402

SCRIPT = ROOT / "scripts" / "lint_migrations.py"
HEAD = "-- 0002_next: a made-up file.\n--\n-- What: nothing.\n-- Why: to test the linter.\n\n"
RECORD = lint.own_row("0002_next", "0001_first") + ";\n"
GOOD = HEAD + RECORD + "CREATE TABLE birds (name TEXT PRIMARY KEY, wings INTEGER DEFAULT 2);\n"


def problems(text, name="0002_next", previous="0001_first"):
    data = text if isinstance(text, bytes) else text.encode()
    return [sentence for _, sentence in lint.check_file(name, data, previous)]


def test_the_migrations_keep_the_rules():
    run = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "the migrations keep the rules\n")


def test_a_good_file_has_no_problem():
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX birds_wings ON birds (wings) WHERE wings > 0",
        "CREATE VIEW keys AS SELECT k.\"table\" FROM pragma_foreign_key_list('birds') AS k",
        "CREATE VIEW grounded AS SELECT name FROM birds WHERE wings IS NOT 2",
        "CREATE TABLE log (a TEXT DEFAULT CURRENT_TIMESTAMP, b TEXT DEFAULT (datetime('now')))",
        "ALTER TABLE birds ADD COLUMN song TEXT",
        "ALTER TABLE birds RENAME COLUMN wings TO wing_count",
        "INSERT INTO birds (name) VALUES ('it''s; BEGIN; \"main\".vec_dot(x) ->> 1_000')",
        "INSERT INTO birds (name) VALUES ('owl') ON CONFLICT (name) DO UPDATE SET wings = 2",
        "INSERT INTO birds (name) VALUES ('owl') ON CONFLICT DO NOTHING",
        "WITH two AS (SELECT 2 AS wings) UPDATE birds SET wings = (SELECT wings FROM two)",
        "DELETE FROM birds -- COMMIT; is only a comment\n /* PRAGMA x; */",
        "CREATE TRIGGER clip AFTER INSERT ON birds BEGIN UPDATE birds SET wings = 1;"
        " DELETE FROM birds WHERE wings = 0; END",
    ],
)
def test_what_a_migration_may_hold(statement):
    assert problems(GOOD + statement + ";\n") == []


@pytest.mark.parametrize(
    "statement, complaint",
    [
        ("BEGIN", "BEGIN: no transaction control"),
        ("begin immediate", "BEGIN: no transaction control"),
        ("COMMIT", "COMMIT: no transaction control"),
        ("END TRANSACTION", "END: no transaction control"),
        ("ROLLBACK", "ROLLBACK: no transaction control"),
        ("SAVEPOINT a", "SAVEPOINT: no transaction control"),
        ("RELEASE a", "RELEASE: no transaction control"),
        ("/* */ -- \n COMMIT", "COMMIT: no transaction control"),
        ("PRAGMA user_version = 3", "PRAGMA: settings"),
        ("PRAGMA foreign_keys = ON", "PRAGMA: settings"),
        ("VACUUM", "VACUUM: a migration holds only"),
        ("ATTACH 'other.db' AS other", "ATTACH: a migration holds only"),
        ("DETACH other", "DETACH: a migration holds only"),
        ("ANALYZE", "ANALYZE: a migration holds only"),
        ("SELECT 1", "SELECT: a migration holds only"),
        (".read other.sql", "a command of the shell"),
        ("CREATE TABLE IF NOT EXISTS fish (id)", "IF NOT EXISTS"),
        ("CREATE INDEX IF NOT EXISTS fish_id ON fish (id)", "IF NOT EXISTS"),
        ("CREATE TEMP TABLE fish (id)", "CREATE TEMP"),
        ("CREATE TEMPORARY VIEW fish AS SELECT 1", "CREATE TEMPORARY"),
        ("CREATE VIRTUAL TABLE fish USING fts5(x)", "CREATE VIRTUAL"),
        ("CREATE TABLE main.fish (id)", "main.: names carry no schema"),
        ('CREATE TABLE "fish" (id)', '"fish": names are plain words'),
        ("CREATE TABLE [fish] (id)", "[fish]: names are plain words"),
        ("DELETE FROM _graph_migrations", "only the file's own row"),
        ("INSERT INTO birds (name) VALUES (CURRENT_TIMESTAMP)", "CURRENT_TIMESTAMP: the same file"),
        ("INSERT INTO birds (name) VALUES (strftime('%Y', 'now'))", "'now': the same file"),
        ("UPDATE birds SET wings = random()", "random: the same file"),
        ("CREATE VIEW v AS SELECT vec_dot(name, name) FROM birds", "vec_dot: any SQLite"),
        ("CREATE VIEW v AS SELECT * FROM graph_bfs('edges', 1)", "graph_bfs: any SQLite"),
        ("CREATE TRIGGER t AFTER INSERT ON birds BEGIN SELECT db_probe(); END", "db_probe: any"),
        ("CREATE INDEX i ON birds (VEC_LENGTH(name))", "VEC_LENGTH: any SQLite"),
        ("CREATE TABLE fish (id TEXT) STRICT", "STRICT: newer"),
        ("CREATE TABLE fish (id TEXT PRIMARY KEY) WITHOUT ROWID, STRICT", "STRICT: newer"),
        ("DELETE FROM birds RETURNING name", "RETURNING: newer"),
        ("ALTER TABLE birds DROP COLUMN wings", "ALTER TABLE ... DROP: newer"),
        ("CREATE VIEW v AS SELECT name ->> '$.a' FROM birds", "->>: newer"),
        ("CREATE VIEW v AS SELECT name -> '$.a' FROM birds", "->: newer"),
        ("CREATE VIEW v AS SELECT 1 FROM birds a FULL OUTER JOIN birds b", "FULL JOIN: newer"),
        ("CREATE VIEW v AS SELECT 1 FROM birds a RIGHT JOIN birds b", "RIGHT JOIN: newer"),
        ("CREATE VIEW v AS SELECT 1 IS NOT DISTINCT FROM 2", "IS DISTINCT FROM: newer"),
        ("CREATE VIEW v AS WITH a AS NOT MATERIALIZED (SELECT 1) SELECT * FROM a", "MATERIALIZED"),
        ("UPDATE birds SET wings = 1_000", "1_000: newer"),
        ("UPDATE birds SET wings = sqrt(wings)", "SQRT(): newer"),
        ("CREATE VIEW v AS SELECT unixepoch(name) FROM birds", "UNIXEPOCH(): newer"),
        ("CREATE VIEW v AS SELECT format('%d', wings) FROM birds", "FORMAT(): newer"),
        (
            "INSERT INTO birds (name) SELECT 'owl' WHERE true ON CONFLICT DO UPDATE SET wings = 2",
            "ON CONFLICT DO UPDATE without columns",
        ),
        (
            "INSERT INTO birds (name) VALUES ('owl') ON CONFLICT (name) DO NOTHING"
            " ON CONFLICT (wings) DO NOTHING",
            "more than one ON CONFLICT",
        ),
    ],
)
def test_what_a_migration_may_not_hold(statement, complaint):
    found = problems(GOOD + statement + ";\n")
    assert any(sentence.startswith(complaint) for sentence in found), found


@pytest.mark.parametrize(
    "text, complaint",
    [
        (GOOD.replace("\n", "\r\n"), "has carriage returns"),
        (b"\xef\xbb\xbf" + GOOD.encode(), "starts with a byte order mark"),
        (GOOD.encode() + b"-- \xff\n", "is not UTF-8"),
        (GOOD + "\0\n", "holds a NUL byte"),
        (GOOD.rstrip("\n"), "does not end with a line end"),
        (GOOD.rstrip("\n;") + "\n", "the last statement is not finished"),
        (GOOD.replace("-- Why: to test the linter.\n", ""), "must open with a comment"),
        (GOOD.replace("-- 0002_next: ", "-- 0003_next: "), "must open with a comment"),
        (GOOD.replace(RECORD, ""), "statement 1 must be: INSERT INTO _graph_migrations"),
        (GOOD.replace("'0001_first'", "'0000_first'"), "statement 1 must be"),
        (GOOD.replace("INSERT INTO", "INSERT OR IGNORE INTO"), "statement 1 must be"),
        (HEAD + GOOD[len(HEAD + RECORD):] + RECORD, "statement 1 must be"),
        (
            # Without the predecessor this form inserts no row, and no error stops the rest.
            HEAD + "INSERT INTO _graph_migrations (name) SELECT '0002_next' FROM _graph_migrations"
            " WHERE name = '0001_first';\n",
            "statement 1 must be",
        ),
    ],
)
def test_how_a_file_may_not_look(text, complaint):
    found = problems(text)
    assert any(sentence.startswith(complaint) for sentence in found), found


def test_the_first_file_makes_the_ledger():
    head = HEAD.replace("0002_next", "0001_first")
    record = lint.own_row("0001_first", None) + ";\n"
    good = head + lint.LEDGER_TABLE + ";\n" + record
    assert problems(good, "0001_first", None) == []
    assert problems(head + record, "0001_first", None)
    assert problems(good.replace("NOT NULL ", ""), "0001_first", None)


def test_problems_name_the_line():
    found = list(lint.check_file("0002_next", (GOOD + "\nVACUUM;\n").encode(), "0001_first"))
    assert [line for line, _ in found] == [GOOD.count("\n") + 2]


@pytest.mark.parametrize(
    "listed, files, complaint",
    [
        (["0001_a", "0003_b"], ["0001_a", "0003_b"], "0003_b: place 2 of the list is for 0002_"),
        (["0001_a", "0002_B"], ["0001_a", "0002_B"], "0002_B: place 2"),
        (["0001_a", "0002_b"], ["0001_a"], "0002_b: is listed but has no file"),
        (["0001_a"], ["0001_a", "0002_b"], "0002_b: the file is not listed"),
    ],
)
def test_the_list_and_the_folder_agree(listed, files, complaint):
    found = list(lint.check_list(listed, files))
    assert len(found) == 1 and found[0].startswith(complaint)
    assert list(lint.check_list(["0001_a", "0002_b"], ["0002_b", "0001_a"])) == []


@pytest.mark.parametrize("place", ["adopt", "migrations/down"])
def test_the_files_for_the_hand_are_looked_at(tmp_path, place):
    folder = tmp_path / "migrations"
    (tmp_path / place).mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    (folder / "list.cmake").write_text("set(MIGRATIONS\n)\n")
    opening = "-- next, undone." if place.endswith("down") else "-- next: a made-up file."
    head = HEAD.replace("-- 0002_next: a made-up file.", opening)
    path = tmp_path / place / "next.sql"
    path.write_text(head + "CREATE TABLE IF NOT EXISTS birds (name);\nDELETE FROM _graph_migrations;\n")
    assert list(lint.check_folder(folder)) == []
    path.write_text(head + "COMMIT;\nSELECT 1;\n")
    found = list(lint.check_folder(folder))
    assert len(found) == 2 and all("next.sql:" in problem for problem in found)
    path.write_text("-- something else\n\nDROP TABLE birds;\n")
    assert len(list(lint.check_folder(folder))) == 1


def test_the_script_fails_on_a_bad_folder(tmp_path):
    (tmp_path / "list.cmake").write_text("set(MIGRATIONS\n  0001_first)\n")
    (tmp_path / "0001_first.sql").write_text("BEGIN;\n")
    run = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True)
    assert run.returncode == 1
    assert f"{tmp_path / '0001_first.sql'}:1: BEGIN: no transaction control" in run.stdout
