"""vec_join returns row for row what the correlated vec_topk returns, however it gets there."""

import random
import sqlite3
import threading
import time

import numpy as np
import pytest
from cached import SANITIZED, config, kernels
from topk_oracle import COMBINATIONS, f32, fill, i8, numpy_distances, score_of

COLUMNS = "left_id, left_rowid, id, score, distance, rank"


def join(engine, left="l", right="r", k="NULL", metric="dot", min_score="NULL", element="NULL",
         strict="NULL", tail="", columns=COLUMNS):
    def name(source):
        return source if source.startswith("db_query(") else f"'{source}'"

    return engine.execute(
        f"SELECT {columns} FROM vec_join({name(left)}, 'e', {name(right)}, 'e', {k}, '{metric}', "
        f"{min_score}, {element}, {strict}) {tail}")


def correlated(engine, left="l", right="r", k="NULL", metric="dot", min_score="NULL",
               element="NULL", strict="NULL", left_id="l.id", left_rowid="l.rowid"):
    source = right if right.startswith("db_query(") else f"'{right}'"
    return engine.execute(
        f"SELECT {left_id}, {left_rowid}, t.id, t.score, t.distance, t.rank FROM {left} AS l "
        f"CROSS JOIN vec_topk({source}, 'e', l.e, {k}, '{metric}', {min_score}, {element}, "
        f"{strict}) AS t")


def error_of(engine, sql, params=()):
    with pytest.raises(engine.Error) as caught:
        engine.execute(sql, params)
    return str(caught.value)


def blobs(seed, rows, dims, element="float32", faults=True):
    """Vectors with ties, zeros and duplicates; and things that are none."""
    rng = np.random.default_rng(seed)
    if element == "bit":
        made = [rng.bytes(dims // 8) for _ in range(rows)]
    elif element == "int8":
        made = [i8(rng.integers(-128, 128, dims)) for _ in range(rows)]
    else:
        made = [f32(rng.standard_normal(dims)) for _ in range(rows)]
    if not faults:
        return made
    for n in range(0, rows, 7):
        made[n] = made[n // 2]
    for n in range(3, rows, 11):
        made[n] = [None, b"", b"\0" * 3, "text", 7, bytes(len(made[0])),
                   f32([np.nan] * dims) if element == "float32" else None][n % 7]
    return made


def clean(made):
    """What may stand on the left: vectors and NULL."""
    size = max(len(b) for b in made if isinstance(b, bytes))
    return [b if isinstance(b, bytes) and len(b) == size and b"\xc0\x7f" not in b else None
            for b in made]


# ---- the same as vec_topk ----------------------------------------------------------------------


@pytest.mark.parametrize("metric,element", COMBINATIONS)
@pytest.mark.parametrize("dims", [8, 64, 200])
def test_the_same_as_a_search_for_each_row(engine, metric, element, dims):
    fill(engine, blobs(dims, 700, dims, element), "r")
    fill(engine, clean(blobs(dims + 1, 60, dims, element)), "l", first=-20)
    for k in (0, 1, 10, "NULL"):
        options = {"k": k, "metric": metric, "element": f"'{element}'"}
        expected = correlated(engine, **options)
        assert join(engine, **options) == expected
        assert bool(expected) == (k != 0)
    floor = expected[len(expected) // 3][3]
    options |= {"k": 20, "min_score": floor}
    assert join(engine, **options) == correlated(engine, **options)


@pytest.mark.parametrize("metric,element", COMBINATIONS)
def test_the_distances_are_those_of_numpy(engine, metric, element):
    right, left = (blobs(seed, rows, 96, element, faults=False) for seed, rows in ((1, 300), (2, 20)))
    fill(engine, right, "r")
    fill(engine, left, "l")
    found = join(engine, k=7, metric=metric, element=f"'{element}'")
    assert len(found) == 7 * 20
    for n, query in enumerate(left, 1):
        distances = numpy_distances(metric, element, right, query)
        best = np.sort(distances)[:7]
        mine = [row for row in found if row[1] == n]
        assert [row[5] for row in mine] == list(range(1, 8))
        np.testing.assert_allclose([row[4] for row in mine], best, rtol=1e-4, atol=1e-4)
        for _, _, key, score, distance, _ in mine:
            assert distance == pytest.approx(distances[key - 1], rel=1e-4, abs=1e-4)
            assert score == score_of(metric, distance)


def test_a_thousand_rows_against_five_thousand(engine):
    fill(engine, blobs(3, 5000, 128), "r")
    fill(engine, clean(blobs(4, 100 if SANITIZED else 1000, 128)), "l")
    for metric in ("dot", "cosine", "l2", "l1"):
        expected = correlated(engine, k=10, metric=metric)
        for threads in (1, 2):
            config(engine, "threads", threads)
            assert join(engine, k=10, metric=metric) == expected


def test_every_kernel_and_memory_size(engine):
    fill(engine, blobs(5, 3000, 128), "r")
    fill(engine, clean(blobs(6, 18 if SANITIZED else 90, 128)), "l")
    expected = {}
    for metric in ("dot", "cosine", "l2", "l1"):
        expected[metric] = join(engine, k=5, metric=metric)
        assert expected[metric] == correlated(engine, k=5, metric=metric)
    for kernel in kernels(engine):
        config(engine, "kernel", kernel)
        for megabytes in (0, 1, 500):  # nothing, only codes, all
            config(engine, "cache_mb", megabytes)
            for metric, rows in expected.items():
                assert join(engine, k=5, metric=metric) == rows


@pytest.mark.parametrize("seed", range(12))
def test_any_shape(engine, seed):
    chance = random.Random(seed)
    dims = chance.choice([1, 3, 16, 48, 129])
    fill(engine, blobs(seed, chance.choice([0, 1, 5, 40, 900]), dims), "r", first=chance.choice([1, -9]))
    fill(engine, clean(blobs(seed + 99, chance.choice([1, 2, 17, 70, 600]), dims)), "l")
    for _ in range(6):
        config(engine, "cache_mb", chance.choice([0, 200]))
        config(engine, "threads", chance.choice([1, 2]))
        options = {"k": chance.choice([0, 1, 3, 50, 2**62, "NULL"]),
                   "metric": chance.choice(["dot", "cosine", "l2", "l1"]),
                   "min_score": chance.choice(["NULL", -1, 0, 0.5])}
        try:
            expected = correlated(engine, **options)
        except engine.Error as error:  # no row of the right side can be compared
            with pytest.raises(engine.Error) as caught:
                join(engine, **options)
            assert str(caught.value).endswith(str(error).removeprefix("vec_topk: "))
            continue
        assert join(engine, **options) == expected


def test_rows_of_several_lengths_find_their_like(engine):
    rng = np.random.default_rng(0)
    right = [f32(rng.standard_normal(dims)) for dims in (4, 8, 64) for _ in range(300)]
    left = [f32(rng.standard_normal((4, 8, 64)[n % 3])) for n in range(60)]
    fill(engine, right, "r")
    fill(engine, left, "l")
    for _ in range(3):
        assert join(engine, k=4) == correlated(engine, k=4)


def test_json_on_the_left(engine):
    fill(engine, blobs(1, 50, 3), "r")
    fill(engine, ["[1,2,3]", "[0,0,1]", None, f32(1, 0, 0)], "l")
    assert join(engine, k=2) == correlated(engine, k=2)


def test_subtypes_of_a_query_decide(engine):
    fill(engine, [i8(1, 2, 3, 4), i8(4, 3, 2, 1)], "r")
    left = "db_query('SELECT 5 AS id, vec_int8(''[1,0,0,9]'') AS e')"
    assert join(engine, left=left, k=1) == [(5, 1, 1, 37.0, -37.0, 1)]


# ---- sources -----------------------------------------------------------------------------------


def prepare_sources(engine):
    fill(engine, blobs(1, 200, 16), "r")
    fill(engine, clean(blobs(2, 40, 16)), "l")
    engine.script("""
        CREATE TABLE named(id TEXT PRIMARY KEY, e);
        INSERT INTO named SELECT 'n' || id, e FROM r;
        CREATE TABLE keyed(id TEXT PRIMARY KEY, e) WITHOUT ROWID;
        INSERT INTO keyed SELECT 'k' || id, e FROM r;
        CREATE VIEW seen AS SELECT id * 10 AS id, e FROM r WHERE id % 3 = 0;
        CREATE VIEW nulls AS SELECT NULL AS id, e FROM r;
        CREATE TABLE keyed_l(id TEXT PRIMARY KEY, e) WITHOUT ROWID;
        INSERT INTO keyed_l SELECT 'k' || id, e FROM l;
        CREATE TABLE named_l(id TEXT PRIMARY KEY, e);
        INSERT INTO named_l SELECT 'n' || id, e FROM l;
        CREATE VIEW seen_l AS SELECT id * 10 AS id, e FROM l;
        ATTACH ':memory:' AS aux;
        CREATE TABLE aux.far(id INTEGER PRIMARY KEY, e);
        INSERT INTO aux.far SELECT id + 1000, e FROM r;
        CREATE TEMP TABLE near(id INTEGER PRIMARY KEY, e);
        INSERT INTO near SELECT id + 2000, e FROM r;
    """)


@pytest.mark.parametrize("right", [
    "r", "named", "keyed", "seen", "nulls", "aux.far", "near", "l",
    "db_query('SELECT e, id + 7 AS id FROM r ORDER BY id DESC')"])
def test_every_kind_of_right_side(engine, right):
    prepare_sources(engine)
    for _ in range(2):
        assert join(engine, right=right, k=3) == correlated(engine, right=right, k=3)


@pytest.mark.parametrize("left", ["named_l", "keyed_l", "seen_l", "aux.far", "near"])
def test_every_kind_of_left_side(engine, left):
    prepare_sources(engine)
    engine.execute("DELETE FROM aux.far WHERE id NOT IN (SELECT id + 1000 FROM l)")
    for table in ("aux.far", "near"):
        engine.execute(f"UPDATE {table} SET e = NULL WHERE typeof(e) <> 'blob' OR length(e) <> 64 "
                       f"OR hex(e) LIKE '%C07F%'")
    numbers = left in ("keyed_l", "seen_l")
    found = join(engine, left=left, k=3)
    expected = correlated(engine, left=left, k=3, left_rowid="0" if numbers else "l.rowid")
    assert [row[:1] + row[2:] for row in found] == [row[:1] + row[2:] for row in expected]
    if not numbers:
        assert found == expected


def test_the_left_rowid_of_a_query_is_its_row_number(engine):
    fill(engine, [f32(1, 0)], "r")
    left = "db_query('VALUES (''a'', x''0000803f00000000''), (''b'', NULL), (''c'', x''0000004000000000'')')"
    rows = engine.execute(
        f"SELECT left_id, left_rowid, score FROM vec_join({left}, 'column2', 'r', 'e', 1)")
    assert rows == [("a", 1, 1.0), ("c", 3, 2.0)]


def test_the_same_table_twice_matches_itself(engine):
    made = blobs(1, 80, 32, faults=False)
    fill(engine, made, "r")
    rows = join(engine, left="r", k=1, metric="l2")
    assert [(row[1], row[2]) for row in rows] == [(n, n) for n in range(1, 81)]


@pytest.mark.parametrize("empty", ["l", "r", "both"])
def test_empty_sides(engine, empty):
    fill(engine, [] if empty != "r" else [f32(1, 2)], "l")
    fill(engine, [] if empty != "l" else [f32(1, 2)], "r")
    assert join(engine, k=3) == []
    engine.execute("INSERT INTO l(e) VALUES (NULL)")
    engine.execute("INSERT INTO r(e) VALUES (NULL)")
    assert join(engine, k=3) == []


def test_arguments_by_name_and_hidden_columns(engine):
    fill(engine, [f32(1, 2)], "l")
    fill(engine, [f32(3, 4)], "r")
    rows = engine.execute(
        "SELECT rowid, score, left_source, left_column, right_source, right_column, k, metric, "
        "min_score, element, strict FROM vec_join WHERE strict = 1 AND k = 5 AND left_source = 'l' "
        "AND right_source = 'r' AND right_column = 'e' AND left_column = 'e'")
    assert rows == [(1, 11.0, "l", "e", "r", "e", 5, None, None, None, 1)]


def test_arguments_from_a_table(engine):
    fill(engine, [f32(1, 2)], "l")
    fill(engine, [f32(3, 4), f32(5, 6)], "r")
    engine.execute("CREATE TABLE how(metric, k)")
    engine.execute("INSERT INTO how VALUES ('dot', 1), ('l2', 2)")
    rows = engine.execute("SELECT how.metric, id FROM vec_join('l', 'e', 'r', 'e', how.k, how.metric), how")
    assert rows == [("dot", 2), ("l2", 1), ("l2", 2)]


def test_the_rowid_is_a_running_number(engine):
    fill(engine, blobs(1, 30, 8), "r")
    fill(engine, clean(blobs(2, 40, 8)), "l")
    numbers = [row[0] for row in join(engine, k=4, columns="rowid")]
    assert numbers == list(range(1, len(numbers) + 1))
    plan = engine.execute("EXPLAIN QUERY PLAN SELECT id FROM vec_join('l','e','r','e',4) ORDER BY rowid")
    assert "TEMP B-TREE" not in str(plan)
    plan = engine.execute("EXPLAIN QUERY PLAN SELECT id FROM vec_join('l','e','r','e',4) ORDER BY rank")
    assert "TEMP B-TREE" in str(plan)


# ---- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad,what", [
    (b"\0" * 3, "3"), (f32(np.nan, 1), ""), ("[1,", "JSON"), (5, "INTEGER"),
    (f32(1, 2, 3), "3 dimensions"),
])
def test_a_bad_left_row_is_named_after_the_rows_before_it(engine, bad, what):
    fill(engine, [f32(3, 4)], "r")
    fill(engine, [f32(1, 2), f32(2, 1), bad, f32(0, 1)], "l", first=5)
    sql = "SELECT left_id, score FROM vec_join('l', 'e', 'r', 'e', 1)"
    message = error_of(engine, sql)
    assert "vec_join: l.e: rowid 7: " in message
    assert what in message
    # As with vec_topk, who reads no further does not meet it.
    assert engine.execute(sql + " LIMIT 2") == [(5, 11.0), (6, 10.0)]
    assert error_of(engine, sql + " LIMIT 3") == message


def test_strict_names_the_right_row(engine):
    fill(engine, [f32(1, 2)], "l")
    fill(engine, [f32(3, 4), None, f32(1), f32(9, 9)], "r")
    assert len(join(engine, k=5)) == 2
    with pytest.raises(engine.Error, match=r"vec_join: l\.e: rowid 1: r\.e: rowid 3 has 4 bytes"):
        join(engine, k=5, strict=1)
    engine.execute("DELETE FROM r WHERE id = 3")
    assert join(engine, k=5, strict=1) == correlated(engine, k=5, strict=1)


def test_strict_and_a_row_without_a_score(engine):
    fill(engine, blobs(1, 20, 64, faults=False), "l")
    fill(engine, blobs(2, 100, 64, faults=False) + [bytes(256)], "r")
    for megabytes in (0, 100):
        config(engine, "cache_mb", megabytes)
        assert len(join(engine, k=200, metric="cosine")) == 2000
        with pytest.raises(engine.Error, match="rowid 1: r.e: rowid 101 has no finite cosine score"):
            join(engine, k=2, metric="cosine", strict=1)


@pytest.mark.parametrize("arguments,message", [
    ("'l'", "the argument 'left_column' is missing; write vec_join(left_source"),
    ("'l', 'e', 'r'", "the argument 'right_column' is missing"),
    ("'none', 'e', 'r', 'e'", "left_source: no table or view 'none'"),
    ("'l', 'e', 'none', 'e'", "right_source: no table or view 'none'"),
    ("'l', 'x', 'r', 'e'", "left_source: l has no column 'x'"),
    ("'l', 'e', 'r', 'x'", "right_source: r has no column 'x'"),
    ("5, 'e', 'r', 'e'", "left_source must be the name of a table or view"),
    ("'l', 'e', NULL, 'e'", "right_source must be the name of a table or view"),
    ("'l', NULL, 'r', 'e'", "left_column must be text, found NULL"),
    ("'l', 'e', 'r', x'00'", "right_column must be text, found BLOB"),
    ("'l', 'e', 'r', 'e', -1", "k must be an integer of 0 or more, found -1"),
    ("'l', 'e', 'r', 'e', 'ten'", "k must be an integer of 0 or more, found ten"),
    ("'l', 'e', 'r', 'e', 1, 'near'", "unknown metric 'near'"),
    ("'l', 'e', 'r', 'e', 1, 'dot', 'x'", "min_score must be a number, found TEXT"),
    ("'l', 'e', 'r', 'e', 1, 'dot', NULL, 'f64'", "unknown element 'f64'"),
    ("'l', 'e', 'r', 'e', 1, 'dot', NULL, 'bit'", "metric dot does not compare bit vectors"),
    ("'l', 'e', 'r', 'e', 1, 'dot', NULL, NULL, 2", "strict must be 0 or 1, found 2"),
    ("db_query('DELETE FROM l'), 'e', 'r', 'e'", "left_source: db_query: give one SELECT"),
])
@pytest.mark.parametrize("rows", [0, 1])
def test_wrong_arguments(engine, arguments, message, rows):
    fill(engine, [f32(1, 2)] * rows, "l")
    fill(engine, [f32(3, 4)], "r")
    assert f"vec_join: {message}" in error_of(engine, f"SELECT * FROM vec_join({arguments})")


@pytest.mark.parametrize("k", [2**63 - 1, 2**40, 1e15])
def test_a_huge_k(engine, k):
    fill(engine, blobs(1, 100, 64), "r")
    fill(engine, clean(blobs(2, 30, 64)), "l")
    assert join(engine, k=k) == correlated(engine)


def test_a_view_that_joins_itself_is_an_error(engine):
    fill(engine, [f32(1, 2)], "r")
    engine.execute("CREATE VIEW v AS SELECT id, NULL AS e FROM vec_join('v', 'e', 'r', 'e', 1)")
    assert "more than 10 searches inside one another" in error_of(
        engine, "SELECT * FROM vec_join('v', 'e', 'r', 'e', 1)")
    assert len(engine.execute("SELECT * FROM vec_join('r', 'e', 'r', 'e', 1)")) == 1


# ---- streaming, transactions, interrupts -------------------------------------------------------


def test_limit_does_not_join_everything(engine):
    fill(engine, blobs(1, 3000, 64), "r")
    fill(engine, clean(blobs(2, 2000, 64)), "l")
    whole = join(engine, k=5)
    before = engine.execute("SELECT searches FROM vec_last_scan")[0][0]
    assert join(engine, k=5, tail="LIMIT 10") == whole[:10]
    assert engine.execute("SELECT searches FROM vec_last_scan")[0][0] - before <= 64


def test_inside_a_write_transaction(engine):
    fill(engine, blobs(1, 500, 64), "r")
    fill(engine, clean(blobs(2, 50, 64)), "l")
    join(engine, k=3)
    engine.execute("BEGIN")
    engine.execute("DELETE FROM r WHERE id % 2")
    engine.execute("INSERT INTO l(e) SELECT e FROM l LIMIT 5")
    assert join(engine, k=3) == correlated(engine, k=3)
    engine.execute("ROLLBACK")
    assert join(engine, k=3) == correlated(engine, k=3)


def test_a_statement_that_writes_sees_what_was_there_before(engine):
    fill(engine, blobs(1, 300, 16, faults=False), "r")
    expected = join(engine, left="r", k=3, columns="left_rowid, id, score")
    engine.execute("CREATE TABLE pairs AS SELECT left_rowid, id, score FROM vec_join('r','e','r','e',3)")
    assert engine.execute("SELECT * FROM pairs") == expected
    vector = f32([9] * 16)
    engine.execute("INSERT INTO r(e) SELECT ? FROM vec_join('r', 'e', 'r', 'e', 3)", (vector,))
    assert engine.execute("SELECT count(*) FROM r") == [(300 + 900,)]


def test_the_table_can_change_once_the_rows_were_read(connect, tmp_path):
    one, two = connect(tmp_path / "a.db"), connect(tmp_path / "a.db")
    fill(one, blobs(1, 100, 64, faults=False), "r")
    assert len(join(one, left="r", k=2)) == 200
    two.execute("DELETE FROM r WHERE id > 50")
    assert len(join(one, left="r", k=2)) == 100
    assert join(one, left="r", k=2) == correlated(one, left="r", k=2)


def test_a_cursor_that_is_given_up_holds_no_lock(connect, tmp_path):
    one, two = connect(tmp_path / "a.db"), connect(tmp_path / "a.db")
    fill(one, blobs(1, 1000, 64, faults=False), "r")
    rows = one.connection.execute("SELECT id FROM vec_join('r', 'e', 'r', 'e', 2)")
    next(iter(rows))
    with pytest.raises(two.Error, match="locked|busy"):
        two.execute("DROP TABLE r")
    rows.close()
    two.execute("DROP TABLE r")


def interrupted(engine, sql, after):
    when = []

    def interrupt():
        time.sleep(after)
        when.append(time.monotonic())
        engine.connection.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(engine.Error, match="(?i)interrupt"):
            engine.execute(sql)
    finally:
        thread.join()
    return time.monotonic() - when[0]


@pytest.mark.parametrize("metric", ["dot", "l1"])
@pytest.mark.parametrize("megabytes", [0, 500])
@pytest.mark.parametrize("threads", [1, 2])
def test_interrupt(engine, metric, megabytes, threads):
    fill(engine, blobs(1, 20000, 128, faults=False), "r")
    config(engine, "cache_mb", megabytes)
    config(engine, "threads", threads)
    engine.execute("CREATE VIEW l AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
                   "SELECT r.id, r.e FROM c CROSS JOIN r")
    sql = f"SELECT max(score) FROM vec_join('l', 'e', 'r', 'e', 3, '{metric}')"
    assert interrupted(engine, sql, 0.7) < 0.5
    assert len(join(engine, left="r", k=1, metric=metric, tail="LIMIT 3")) == 3


def test_the_error_has_the_code_of_an_interrupt(db):
    db.execute("CREATE TABLE r(e)")
    db.execute("INSERT INTO r VALUES (?)", (f32(1, 2),))
    endless = ("db_query('WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
               "SELECT n AS id, NULL AS e FROM c')")
    timer = threading.Timer(0.1, db.interrupt)
    timer.start()
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute(f"SELECT * FROM vec_join({endless}, 'e', 'r', 'e')").fetchall()
    timer.join()
    assert caught.value.sqlite_errorname == "SQLITE_INTERRUPT"


def test_a_stranger_s_view_may_not_join(engine):
    engine.execute("CREATE VIEW v AS SELECT * FROM vec_join('v', 'e', 'v', 'e')")
    engine.execute("PRAGMA trusted_schema = OFF")
    assert "unsafe use of virtual table" in error_of(engine, "SELECT * FROM v")


@pytest.mark.parametrize("cache_mb", [0, 100])
def test_a_join_counts_the_rows_that_it_skips_as_a_search_does(engine, cache_mb):
    engine.execute("SELECT vec_config('cache_mb', ?)", (cache_mb,))
    nan, inf = float("nan"), float("inf")
    fill(engine, [f32(1, 2), f32(nan, 1), None, f32(0, 0), f32(3, inf), b"x", "text", f32(0, 0),
                  f32(2, 2), f32(0, 0)])
    counts = ("SELECT rows, skipped_null, skipped_type, skipped_length, skipped_nonfinite, "
              "skipped_score FROM vec_last_scan")
    engine.execute("SELECT * FROM vec_topk('t', 'e', ?, 3, 'cosine')", (f32(1, 1),))
    wanted = engine.execute(counts)
    assert wanted == [(10, 1, 1, 1, 2, 3)]
    for _ in range(3):
        rows = engine.execute("SELECT id FROM vec_join(db_query('WITH n(i) AS (VALUES (1), (2)) "
                              "SELECT i, vec_f32(''[1,1]'') AS e FROM n'), 'e', 't', 'e', 3, "
                              "'cosine')")
        assert len(rows) == 4
        assert engine.execute(counts) == wanted
