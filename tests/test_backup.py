"""examples/backup.sh, VACUUM INTO and .backup, and what a copy of the file alone loses."""

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from conftest import ROOT

pytestmark = pytest.mark.without_library

SCRIPT = ROOT / "examples" / "backup.sh"


@pytest.fixture
def live(tmp_path):
    """A database in WAL mode that a program has open: two rows in the file, a third in its -wal."""
    connection = sqlite3.connect(tmp_path / "data.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (1), (2)")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("INSERT INTO t VALUES (3)")
    yield connection
    connection.close()


def back_up(*arguments, check=True, **options):
    done = subprocess.run(
        [SCRIPT, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options
    )
    assert not check or (done.returncode, done.stderr) == (0, ""), done.stderr
    return done


def rows(path, table="t"):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return [x for (x,) in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]


def shell(path, command):
    subprocess.run(["sqlite3", "-bail", path, command], check=True, timeout=60)


# ---- ways to copy ------------------------------------------------------------------------------


def test_a_copy_of_the_file_loses_what_was_committed(live, tmp_path):
    shutil.copy(tmp_path / "data.db", tmp_path / "copy.db")
    assert rows(tmp_path / "data.db") == [1, 2, 3]
    assert rows(tmp_path / "copy.db") == [1, 2]


@pytest.mark.parametrize("command", ["VACUUM INTO '{}'", ".backup '{}'"])
def test_a_snapshot_does_not(live, tmp_path, command):
    shell(tmp_path / "data.db", command.format(tmp_path / "copy.db"))
    assert rows(tmp_path / "copy.db") == [1, 2, 3]


def test_vacuum_into_reads_one_moment_while_others_write(live, tmp_path):
    """What is open and not committed is not in it, and the writer is not kept waiting."""
    live.execute("BEGIN IMMEDIATE")
    live.execute("INSERT INTO t VALUES (4)")
    shell(tmp_path / "data.db", f"VACUUM INTO '{tmp_path / 'copy.db'}'")
    live.execute("COMMIT")
    assert rows(tmp_path / "copy.db") == [1, 2, 3]
    assert rows(tmp_path / "data.db") == [1, 2, 3, 4]


BACKUP = ROOT / "sql" / "queries" / "backup.sql"


def backup_sql(folder, *parameter):
    return subprocess.run(["sqlite3", "-bail", "data.db", *parameter, f".read {BACKUP}"], cwd=folder,
                          capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("target,name", [("'copy.db'", "copy.db"), ("copy.db", "copy.db"),
                                         ("\"'it''s a copy.db'\"", "it's a copy.db")])
def test_backup_sql_writes_a_snapshot(live, tmp_path, target, name):
    done = backup_sql(tmp_path, f".parameter set :target {target}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert rows(tmp_path / name) == [1, 2, 3]


def test_backup_sql_through_a_binding(live, tmp_path):
    live.execute(BACKUP.read_text(), {"target": str(tmp_path / "copy.db")})
    assert rows(tmp_path / "copy.db") == [1, 2, 3]


@pytest.mark.parametrize("parameter,message", [
    ([".parameter set :target there.db"], "output file already exists"),
    ([], "non-text filename"),
    ([".parameter set :target no/folder.db"], "unable to open database"),
])
def test_backup_sql_overwrites_nothing_and_ends_with_an_error(live, tmp_path, parameter, message):
    shutil.copy(tmp_path / "data.db", tmp_path / "there.db")
    done = backup_sql(tmp_path, *parameter)
    assert done.returncode != 0
    assert message in done.stderr
    assert rows(tmp_path / "there.db") == [1, 2]


# ---- the script --------------------------------------------------------------------------------


def test_a_backup_holds_what_was_committed(live, tmp_path):
    done = back_up(tmp_path / "data.db", tmp_path / "backups")
    (backup,) = (tmp_path / "backups").iterdir()
    assert done.stdout == f"{backup}\n"
    assert re.fullmatch(r"data-\d{8}T\d{6}Z\.db", backup.name)
    assert rows(backup) == [1, 2, 3]
    assert live.execute("SELECT count(*) FROM t").fetchone() == (3,)


def test_the_store_comes_back_as_it_was(tmp_path):
    source = tmp_path / "store.db"
    with closing(sqlite3.connect(source)) as connection:
        for path in sorted((ROOT / "sql" / "migrations").glob("[0-9]*.sql")):
            connection.executescript(path.read_text())
        connection.execute("INSERT INTO nodes (nid, id, embedding) VALUES (7, 'a', x'00ff')")
        connection.execute("INSERT INTO tags (node_id, tag) VALUES ('a', 't')")
        connection.commit()
        back_up(source, tmp_path / "backups")
        (backup,) = (tmp_path / "backups").iterdir()
        with closing(sqlite3.connect(backup)) as copy:
            for sql in (
                "SELECT * FROM nodes",
                "SELECT * FROM tags",
                "SELECT * FROM history",
                "SELECT type, name, sql FROM sqlite_master ORDER BY name",
            ):
                assert copy.execute(sql).fetchall() == connection.execute(sql).fetchall()


@pytest.mark.parametrize("keep", [None, 1, 3])
def test_the_newest_are_kept(live, tmp_path, keep):
    folder = tmp_path / "backups"
    folder.mkdir()
    old = [f"data-202001{day:02}T000000Z.db" for day in range(1, 10)]
    others = ["data-notes.txt", "data-copy.db", "other-20200101T000000Z.db", "data-20200101.db"]
    for name in [*old, *others]:
        (folder / name).write_text(name)
    done = back_up(tmp_path / "data.db", folder, *([] if keep is None else [keep]))
    new = os.path.basename(done.stdout.strip())
    left = sorted({path.name for path in folder.iterdir()} - set(others))
    assert left == [*old, new][-(keep or 7) :]
    assert all((folder / name).exists() for name in others)


def test_odd_names(tmp_path):
    source = tmp_path / "it's a \"file\" $HOME.sqlite3"
    with closing(sqlite3.connect(source)) as connection:
        connection.executescript(
            """CREATE TABLE "a ""b' c" (x); INSERT INTO "a ""b' c" VALUES (1), (2);
               CREATE VIRTUAL TABLE f USING fts5 (text); INSERT INTO f VALUES ('word');
               CREATE TABLE empty (x); CREATE VIEW v AS SELECT no_such_function(x) FROM empty;"""
        )
    back_up(source, tmp_path / "all 'my' backups")
    (backup,) = (tmp_path / "all 'my' backups").iterdir()
    assert backup.name.startswith("it's a \"file\" $HOME-")
    assert rows(backup, '"a ""b\' c"') == [1, 2]
    assert rows(backup, "f") == ["word"]


def test_a_name_that_looks_like_an_option(tmp_path):
    with closing(sqlite3.connect(tmp_path / "-x.db")) as connection:
        connection.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    back_up("-x.db", "backups", cwd=tmp_path)
    (backup,) = (tmp_path / "backups").iterdir()
    assert rows(backup) == [1]


def test_an_empty_database_and_many_tables(tmp_path):
    for count in (0, 1200):
        source = tmp_path / f"d{count}.db"
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("PRAGMA user_version = 5")
            connection.execute("BEGIN")
            for number in range(count):
                connection.execute(f"CREATE TABLE t{number} (x)")
            connection.commit()
        back_up(source, tmp_path / "backups")
    assert len(list((tmp_path / "backups").iterdir())) == 2


# ---- what is refused ---------------------------------------------------------------------------


def stand_in(folder, body):
    """A folder whose sqlite3 is a script that can call the real one."""
    folder.mkdir()
    command = folder / "sqlite3"
    command.write_text(f"#!/bin/sh\nreal={shutil.which('sqlite3')}\n{body}\n")
    command.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        # The copy is damaged after it was written.
        (
            '"$real" "$@"; code=$?\n'
            'case "$*" in *"VACUUM INTO"*) for f in "$COPY"/*.partial; do\n'
            'printf XXXXXXXX | dd of="$f" bs=1 seek=4096 conv=notrunc 2>/dev/null; done;; esac\n'
            "exit $code",
            "is damaged|cannot be read",
        ),
        # It is whole, but rows are missing.
        (
            '"$real" "$@"; code=$?\n'
            'case "$*" in *"VACUUM INTO"*) for f in "$COPY"/*.partial; do\n'
            '"$real" "$f" "DELETE FROM t WHERE x = 1"; done;; esac\n'
            "exit $code",
            "has other rows than",
        ),
        ('case "$*" in *"VACUUM INTO"*) exit 1;; esac\nexec "$real" "$@"', "cannot write"),
    ],
)
def test_a_bad_backup_is_none_and_removes_none(live, tmp_path, body, message):
    folder = tmp_path / "backups"
    folder.mkdir()
    old = [f"data-202001{day:02}T000000Z.db" for day in range(1, 10)]
    for name in old:
        (folder / name).write_text(name)
    environment = {**stand_in(tmp_path / "bin", body), "COPY": str(folder)}
    done = back_up(tmp_path / "data.db", folder, check=False, env=environment)
    assert done.returncode == 1 and re.search(message, done.stderr), done.stderr
    assert sorted(path.name for path in folder.iterdir()) == old


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage"),
        (["data.db"], "usage"),
        (["nothing.db", "backups"], "there is no file nothing.db"),
        (["data.db", "backups", "0"], "KEEP is a number from 1 on, not '0'"),
        (["data.db", "backups", "x"], "KEEP is a number from 1 on, not 'x'"),
        (["text.db", "backups"], "cannot read text.db"),
    ],
)
def test_wrong_arguments(live, tmp_path, arguments, message):
    (tmp_path / "text.db").write_text("no database" * 100)
    done = back_up(*arguments, check=False, cwd=tmp_path)
    assert done.returncode == 1 and message in done.stderr
    assert not (tmp_path / "nothing.db").exists()
    assert not list(tmp_path.glob("backups/*"))


def test_without_the_shell_it_says_so(live, tmp_path):
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("sh", "basename", "date", "sed", "mkdir"):
        (commands / name).symlink_to(shutil.which(name))
    environment = {"PATH": str(commands)}
    done = back_up(tmp_path / "data.db", tmp_path / "backups", check=False, env=environment)
    assert done.returncode == 1 and "the sqlite3 shell is needed" in done.stderr
