"""db_profiles, db_tune, db_tune_check and sql/profiles/: the settings of a connection."""

import json
import re
import subprocess

import pytest

from conftest import ROOT, Engine

PROFILES = ["amalfa", "vps60k", "node", "reader", "scan", "bulk", "durable", "managed"]
WRITERS = ["amalfa", "vps60k", "node", "bulk", "durable"]
FILES = ROOT / "sql" / "profiles"
# What a pragma reads back for the words of the files.
WORDS = {"WAL": "wal", "NORMAL": 1, "FULL": 2, "MEMORY": 2, "ON": 1}


@pytest.fixture
def file_db(connect, tmp_path):
    return connect(tmp_path / "tuned.db")


def tune(engine, profile):
    (text,) = engine.execute("SELECT db_tune(?)", (profile,))[0]
    return json.loads(text)


def settings(engine, profile):
    """[(pragma, value)] in their order."""
    return engine.execute(
        "SELECT pragma, value FROM db_profiles WHERE profile = ? ORDER BY ordinal", (profile,)
    )


def pragma(engine, name):
    rows = engine.execute(f"PRAGMA {name}")
    return rows[0][0] if rows else None


def checked(engine, profile):
    return engine.execute("SELECT pragma, expected, actual, ok FROM db_tune_check(?)", (profile,))


# ---- the list ----------------------------------------------------------------------------------


def test_the_profiles_are_those_of_the_documents(engine):
    names = engine.execute("SELECT profile FROM db_profiles GROUP BY profile ORDER BY min(rowid)")
    assert [name for (name,) in names] == PROFILES


def test_only_the_journal_mode_is_kept_in_the_file(engine):
    rows = engine.execute("SELECT DISTINCT pragma FROM db_profiles WHERE persistent")
    assert rows == [("journal_mode",)]


def test_every_setting_has_a_reason(engine):
    assert engine.execute("SELECT * FROM db_profiles WHERE length(why) < 10 OR why IS NULL") == []


@pytest.mark.parametrize("profile", PROFILES)
def test_waiting_comes_first(engine, profile):
    assert settings(engine, profile)[0][0] == "busy_timeout"


@pytest.mark.parametrize("profile", ["reader", "scan"])
def test_a_reader_never_sets_the_journal_mode(engine, profile):
    assert "journal_mode" not in dict(settings(engine, profile))


def test_managed_sets_nothing(engine):
    assert {value for _, value in settings(engine, "managed")} == {None}


# ---- the files ---------------------------------------------------------------------------------


def pragmas_of(text):
    """[(pragma, value)] of a file, as they read back; None: only shown."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"PRAGMA (\w+)(?: = (\S+))?;(?: --.*)?", line)
        if not match:
            assert line.startswith("--"), line
            continue
        word = match[2]
        number = word and re.fullmatch(r"-?\d+", word)
        found.append((match[1], int(word) if number else WORDS.get(word, word)))
    return found


def test_there_is_a_file_for_each_profile():
    assert sorted(path.stem for path in FILES.glob("*.sql")) == sorted(PROFILES)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_says_the_same_as_the_library(engine, profile):
    assert pragmas_of((FILES / f"{profile}.sql").read_text()) == settings(engine, profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_has_the_same_effect_as_db_tune(connect, tmp_path, profile):
    tuned, scripted = connect(tmp_path / "a.db"), connect(tmp_path / "b.db")
    tune(tuned, profile)
    scripted.script((FILES / f"{profile}.sql").read_text())
    names = {name for (name,) in tuned.execute("SELECT DISTINCT pragma FROM db_profiles")}
    assert {n: pragma(tuned, n) for n in names} == {n: pragma(scripted, n) for n in names}


def test_a_file_in_the_shell(tmp_path):
    done = subprocess.run(
        ["sqlite3", "-bail", "-cmd", f".read {FILES / 'vps60k.sql'}", str(tmp_path / "a.db"),
         "PRAGMA cache_size"],
        capture_output=True, text=True, check=True,
    )
    assert done.stdout.split()[-1] == "-20000"


# ---- db_tune -----------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_database_reads_back_what_was_asked_for(file_db, profile):
    rows = tune(file_db, profile)
    assert [(row["pragma"], row["requested"]) for row in rows] == settings(file_db, profile)
    for row in rows:
        assert row["ok"] is True
        assert "error" not in row
        assert row["actual"] == pragma(file_db, row["pragma"])
        assert row["persistent"] is (row["pragma"] == "journal_mode")


def test_vps60k_reads_back_exactly(file_db):
    tune(file_db, "vps60k")
    names = ("journal_mode", "busy_timeout", "synchronous", "cache_size", "foreign_keys",
             "temp_store")
    assert [pragma(file_db, name) for name in names] == ["wal", 5000, 1, -20000, 1, 2]


def test_what_is_read_back_is_shown_not_what_was_asked_for(connect, tmp_path):
    path = tmp_path / "plain.db"
    connect(path).execute("CREATE TABLE t(x)")
    readonly = connect(f"file:{path}?mode=ro")
    (journal,) = [row for row in tune(readonly, "amalfa") if row["pragma"] == "journal_mode"]
    assert (journal["requested"], journal["actual"], journal["ok"]) == ("wal", "delete", False)
    assert "readonly" in journal["error"]


def test_settings_after_a_refused_one_are_made(connect, tmp_path):
    path = tmp_path / "plain.db"
    connect(path).execute("CREATE TABLE t(x)")
    readonly = connect(f"file:{path}?mode=ro")
    rows = {row["pragma"]: row["ok"] for row in tune(readonly, "amalfa")}
    assert rows.pop("journal_mode") is False
    assert set(rows.values()) == {True}


def test_memory_is_reported_not_failed(engine):
    rows = {row["pragma"]: row for row in tune(engine, "amalfa")}
    assert rows["journal_mode"]["actual"] == "memory"
    assert rows["journal_mode"]["ok"] is False
    assert all(row["ok"] for name, row in rows.items() if name != "journal_mode")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_second_time_changes_nothing(file_db, profile):
    first = tune(file_db, profile)
    assert tune(file_db, profile) == first


@pytest.mark.parametrize("profile", ["reader", "scan", "managed"])
def test_the_journal_mode_stays_where_it_is_not_the_profiles(connect, tmp_path, profile):
    path = tmp_path / "plain.db"
    engine = connect(path)
    engine.execute("CREATE TABLE t(x)")
    tune(engine, profile)
    assert pragma(connect(path), "journal_mode") == "delete"


def test_a_reader_cannot_write(file_db):
    file_db.execute("CREATE TABLE t(x)")
    tune(file_db, "reader")
    with pytest.raises(Engine.Error, match="readonly"):
        file_db.execute("INSERT INTO t VALUES (1)")


def test_the_result_is_json_to_sqlite(file_db):
    assert file_db.execute("SELECT json_extract(db_tune('amalfa'), '$[1].actual')") == [("wal",)]


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT s"])
def test_refused_in_a_transaction(file_db, begin):
    file_db.execute(begin)
    with pytest.raises(Engine.Error, match="db_tune: a transaction is open.*COMMIT or ROLLBACK"):
        file_db.execute("SELECT db_tune('amalfa')")
    file_db.execute("ROLLBACK")
    assert pragma(file_db, "journal_mode") == "delete"


@pytest.mark.parametrize("source", ["t", "sqlite_schema", "json_each('[1]')", "temp.u"])
def test_refused_in_a_scan(file_db, source):
    file_db.script("CREATE TABLE t(x); INSERT INTO t VALUES (1); "
                   "CREATE TEMP TABLE u(x); INSERT INTO u VALUES (1)")
    with pytest.raises(Engine.Error, match="db_tune: a statement of this connection reads"):
        file_db.execute(f"SELECT db_tune('amalfa') FROM {source}")
    assert pragma(file_db, "journal_mode") == "delete"


def test_refused_while_another_statement_is_open(file_db):
    file_db.script("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)")
    cursor = file_db.connection.cursor()
    next(iter(cursor.execute("SELECT x FROM t")))
    with pytest.raises(Engine.Error, match="finish it"):
        file_db.execute("SELECT db_tune('amalfa')")


@pytest.mark.parametrize("argument,message", [
    ("'nope'", "db_tune: no profile 'nope' \\(there are amalfa, vps60k, node"),
    ("NULL", "db_tune: the profile must be a text, found NULL"),
    ("1", "db_tune: the profile must be a text, found INTEGER"),
])
def test_wrong_profiles(engine, argument, message):
    with pytest.raises(Engine.Error, match=message):
        engine.execute(f"SELECT db_tune({argument})")
    with pytest.raises(Engine.Error, match=message.replace("db_tune", "db_tune_check")):
        engine.execute(f"SELECT * FROM db_tune_check({argument})")


def locked_by_another(connect, path):
    other = connect(path)
    other.script("CREATE TABLE t(x); BEGIN EXCLUSIVE")
    return connect(path)


def test_a_locked_database_is_reported_after_one_wait(connect, tmp_path):
    engine = locked_by_another(connect, tmp_path / "locked.db")
    try:
        rows = {row["pragma"]: row for row in tune(engine, "reader")}
    except Engine.Error as error:  # the newest SQLite reads the schema before any SELECT
        assert engine.binding == "apsw"
        assert "database is locked" in str(error)
        return
    assert rows["cache_size"]["error"] == rows["mmap_size"]["error"] == "database is locked"
    assert [name for name, row in rows.items() if row["ok"]] == [
        "busy_timeout", "temp_store", "query_only"]


# ---- db_tune_check -----------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_the_check_agrees_after_tuning(file_db, profile):
    tune(file_db, profile)
    rows = checked(file_db, profile)
    assert [row[:2] for row in rows] == settings(file_db, profile)
    assert [row[3] for row in rows] == [1] * len(rows)


def test_the_check_names_what_differs_and_changes_nothing(file_db):
    tune(file_db, "vps60k")
    file_db.execute("PRAGMA cache_size = -1000")
    before = [pragma(file_db, name) for name, _ in settings(file_db, "vps60k")]
    wrong = [row[:3] for row in checked(file_db, "vps60k") if not row[3]]
    assert wrong == [("cache_size", -20000, -1000)]
    assert [pragma(file_db, name) for name, _ in settings(file_db, "vps60k")] == before


def test_a_longer_wait_is_as_good(file_db):
    tune(file_db, "amalfa")
    file_db.execute("PRAGMA busy_timeout = 60000")
    assert [row for row in checked(file_db, "amalfa") if not row[3]] == []
    file_db.execute("PRAGMA busy_timeout = 4999")
    assert [row[0] for row in checked(file_db, "amalfa") if not row[3]] == ["busy_timeout"]


def test_the_check_works_in_a_transaction(file_db):
    tune(file_db, "amalfa")
    file_db.execute("BEGIN")
    assert len(checked(file_db, "amalfa")) == 6
    file_db.execute("COMMIT")


def test_the_check_needs_a_profile(engine):
    with pytest.raises(Engine.Error, match="name a profile, as in db_tune_check"):
        engine.execute("SELECT * FROM db_tune_check")


def test_the_profile_may_come_from_another_table(engine):
    rows = engine.execute(
        "SELECT p.profile, count(*) FROM (SELECT DISTINCT profile FROM db_profiles) AS p "
        "JOIN db_tune_check(p.profile) GROUP BY 1")
    assert dict(rows)["amalfa"] == 6
    assert len(rows) == len(PROFILES)
