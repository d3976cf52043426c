"""Migrations are all or nothing for a process that is killed: the old shape or the new, no row lost.

crash/crash.c kills a process at every write of a migration, also in the middle of one, and looks at
what the next process finds. The counts are printed when the tests end.
"""

import re
import sqlite3
import subprocess

import pytest
import test_adopt
from conftest import LIBRARY, ROOT

FOLDER = ROOT / "sql" / "migrations"
NAMES = test_adopt.NAMES
MODES = ["delete", "wal"]
COUNTED = []  # (points, old, new) of each case

@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("crash") / "crash"
    source = ROOT / "tests" / "crash" / "crash.c"
    subprocess.run(
        ["cc", "-O1", "-Wall", "-o", path, source, "-lsqlite3"], check=True
    )
    return path


def rows(db):
    """Rows for the tables that are there: nodes, edges, orphans, embeddings, tags."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'nodes'").fetchall():
        db.execute("CREATE TABLE of_somebody_else (x)")
        return
    db.execute("BEGIN")
    for i in range(9):
        db.execute(
            "INSERT INTO nodes (id, type, embedding, meta) VALUES (?, 't', ?, ?)",
            (f"node-{i}", bytes([i]) * 1200, '{"tags":["a","b%d"]}' % (i % 7)),
        )
    orphans = not db.execute("PRAGMA foreign_key_list(edges)").fetchall()
    for i in range(16):
        target = f"node-{i * 7 % (11 if orphans else 9)}"
        db.execute(
            "INSERT OR IGNORE INTO edges (source, target, type) VALUES (?, ?, 'L')",
            (f"node-{i % 9}", target),
        )
    db.execute("COMMIT")


def at_version(path, version, mode):
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA page_size = 4096; PRAGMA synchronous = OFF")
    db.execute(f"PRAGMA journal_mode = {mode}").fetchall()
    for name in NAMES[:version]:
        db.executescript((FOLDER / f"{name}.sql").read_text())
    rows(db)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    db.close()


def crash(program, start, sql, library="", *more):
    run = subprocess.run(
        [program, start, f"{start}-work", str(library), sql, *more],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode in (0, 1), run.stderr
    return run.returncode, run.stdout


def survives(program, start, sql, library=""):
    code, output = crash(program, start, sql, library)
    assert code == 0, output
    points, old, new = (int(word) for word in output.split())
    assert points == old + new
    assert old and points > 10  # it died before the commit, and there was something to kill
    COUNTED.append((points, old, new))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", range(len(NAMES)))
def test_the_function(program, tmp_path, version, mode):
    at_version(tmp_path / "a.db", version, mode)
    survives(program, tmp_path / "a.db", "SELECT graph_migrate()", LIBRARY)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", range(len(NAMES)))
def test_a_file_in_the_shell(program, tmp_path, number, mode):
    at_version(tmp_path / "a.db", number, mode)
    sql = (FOLDER / f"{NAMES[number]}.sql").read_text()
    survives(program, tmp_path / "a.db", f"BEGIN IMMEDIATE; {sql} COMMIT;")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", ["version 5", "version 9", "drizzle 0"])
def test_adoption(program, tmp_path, shape, mode):
    test_adopt.make(tmp_path / "a.db", shape)
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    db.execute(f"PRAGMA journal_mode = {mode}").fetchall()
    db.close()
    survives(program, tmp_path / "a.db", "SELECT graph_migrate()", LIBRARY)


def test_control_a_write_without_a_journal_is_found(program, tmp_path):
    at_version(tmp_path / "a.db", 3, "delete")
    sql = (FOLDER / "0004_shape.sql").read_text()
    code, output = crash(program, tmp_path / "a.db", f"BEGIN; {sql} COMMIT;", "", "faulty")
    assert code == 1 and re.search("at write [0-9]+: (damaged|neither)", output)


def test_the_counts(capsys):
    """Printed, so that a run shows how much was tried; the tests above filled them."""
    points, old, new = (sum(column) for column in zip((0, 0, 0), *COUNTED))
    with capsys.disabled():
        print(
            f"\n{points:,} crash points in {len(COUNTED)} migrations: {old:,} left the old shape,"
            f" {new:,} the new one, none another"
        )
    assert points == old + new


if b"__asan_init" in LIBRARY.read_bytes():
    # What is killed here is SQLite between two writes; a sanitizer sees nothing new, slowly.
    del test_the_function, test_a_file_in_the_shell, test_adoption, test_the_counts
    del test_control_a_write_without_a_journal_is_found
