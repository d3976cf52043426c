"""vec_sum and vec_avg: exact sums, whatever the order of the rows and the window frame."""
import numpy as np
import pytest

from vectors import (F32, column, error, f32, floats, i8, ulps, value, vector_avg, vector_sum)

ORACLES = {"vec_sum": vector_sum, "vec_avg": vector_avg}


def fill(db, rows, blob=f32):
    db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, g INTEGER, v BLOB)")
    for i, v in enumerate(rows):
        db.execute("INSERT INTO t VALUES (?,?,?)", (i, i % 3, None if v is None else blob(v)))


def near(blob, expected):
    """Within one float32 step of the exact result, element by element."""
    actual = floats(blob)
    return actual.size == expected.size and all(
        ulps(x, y) <= 1 for x, y in zip(actual, expected))


# ---- values -----------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "function, rows, expected",
    [
        ("vec_sum", ["[1,2]", "[3,4]", "[0.5,-6]"], [4.5, 0]),
        ("vec_avg", ["[1,2]", "[3,4]", "[5,-6]"], [3, 0]),
        ("vec_sum", ["[1.5]"], [1.5]),
        ("vec_avg", ["[1.5]"], [1.5]),
        ("vec_avg", ["[1]", "[1]", "[2]"], [4 / 3]),
        ("vec_sum", ["[1e30,1]", "[1,1]", "[-1e30,1]"], [1, 3]),
        ("vec_sum", ["[16777216]", "[1]", "[1]"], [16777218]),
        ("vec_sum", ["[3e38]", "[3e38]", "[-3e38]"], [3e38]),
        ("vec_avg", ["[3e38]", "[3e38]"], [3e38]),
        ("vec_sum", ["[1e-45]", "[1e-45]"], [float(F32(1e-45)) * 2]),
        ("vec_sum", ["[3.4028235e38,1e-45]", "[-3.4028235e38,0]"], [0, 1e-45]),
        ("vec_sum", ["[3.4028235e38]", "[1e-45]", "[-3.4028235e38]"], [1e-45]),
        ("vec_sum", ["[1,2]", None, "[3,4]", None], [4, 6]),
        ("vec_avg", [None, "[1,2]", None, "[3,4]"], [2, 3]),
    ],
)
def test_values(engine, function, rows, expected):
    engine.execute("CREATE TABLE t(v)")
    for row in rows:
        engine.execute("INSERT INTO t VALUES (?)", (row,))
    assert value(engine, f"{function}(v) FROM t") == f32(expected)


@pytest.mark.parametrize("function", ORACLES)
def test_no_rows_give_null(engine, function):
    engine.script("CREATE TABLE t(v)")
    assert value(engine, f"{function}(v) FROM t") is None
    engine.script("INSERT INTO t VALUES (NULL),(NULL)")
    assert value(engine, f"{function}(v) FROM t") is None
    assert engine.execute(f"SELECT {function}(v) FROM t WHERE 0 GROUP BY v") == []


@pytest.mark.parametrize("function", ORACLES)
@pytest.mark.parametrize("dims", [1, 3, 16, 17, 64, 65, 300, 1536])
def test_random_rows(db, function, dims):
    rows = np.random.default_rng(dims).standard_normal((40, dims)).astype(F32)
    fill(db, rows)
    assert near(value(db, f"{function}(v) FROM t"), ORACLES[function](rows))


@pytest.mark.parametrize("function", ORACLES)
def test_rows_of_every_size(db, function):
    # Numbers from the smallest to the largest in one sum: only an exact sum gets this right.
    rng = np.random.default_rng(1)
    exponents = rng.integers(-40, 38, (60, 30))
    rows = (rng.standard_normal((60, 30)) * 10.0 ** exponents).astype(F32)
    rows = np.concatenate([rows, -rows[::-1] * F32(1), rng.standard_normal((5, 30)).astype(F32)])
    fill(db, rows)
    assert near(value(db, f"{function}(v) FROM t"), ORACLES[function](rows))


def test_control_a_sum_in_plain_double_would_be_seen(db):
    rows = np.array([[3e38], [1], [-3e38]], F32)
    fill(db, rows)
    plain = np.float64(0)
    for x in rows[:, 0]:
        plain += np.float64(x)
    assert not near(value(db, "vec_sum(v) FROM t"), np.array([plain], F32))


@pytest.mark.parametrize("function", ORACLES)
def test_int8_rows(db, function):
    rows = np.random.default_rng(2).integers(-128, 128, (300, 50)).astype(np.int8)
    fill(db, rows, i8)
    result = value(db, f"{function}(vec_int8(v)) FROM t")
    assert near(result, ORACLES[function](rows))
    if function == "vec_sum":
        assert result == f32(rows.astype(int).sum(axis=0))


@pytest.mark.parametrize("function", ORACLES)
def test_the_order_of_the_rows_never_matters(db, function):
    rng = np.random.default_rng(3)
    rows = (rng.standard_normal((200, 20)) * 10.0 ** rng.integers(-20, 20, (200, 20))).astype(F32)
    results = set()
    for turn in range(6):
        db.execute("DROP TABLE IF EXISTS t")
        fill(db, rng.permutation(rows))
        results.add(value(db, f"{function}(v) FROM t"))
    assert len(results) == 1


@pytest.mark.parametrize("function", ORACLES)
def test_group_by(db, function):
    rows = np.random.default_rng(4).standard_normal((90, 12)).astype(F32)
    fill(db, rows)
    for g, blob in db.execute(f"SELECT g, {function}(v) FROM t GROUP BY g"):
        assert near(blob, ORACLES[function](rows[g::3]))
    # Without an index and with the groups interleaved by the join.
    pairs = db.execute(f"SELECT a.g, {function}(b.v) FROM t a JOIN t b ON a.id = b.id"
                       " GROUP BY a.g").fetchall()
    assert pairs == db.execute(f"SELECT g, {function}(v) FROM t GROUP BY g").fetchall()


def test_filter_and_distinct(engine):
    engine.script("CREATE TABLE t(id, v); INSERT INTO t VALUES (1,'[1]'),(2,'[1]'),(3,'[5]');")
    assert value(engine, "vec_sum(v) FILTER (WHERE id > 1) FROM t") == f32([6])
    assert value(engine, "vec_sum(DISTINCT v) FROM t") == f32([6])
    assert value(engine, "vec_avg(v) FILTER (WHERE id > 9) FROM t") is None


def test_a_centroid_is_a_vector_for_the_other_functions(engine):
    engine.script("CREATE TABLE t(v); INSERT INTO t VALUES ('[3,0]'),('[0,4]');")
    assert value(engine, "vec_norm(vec_sum(v)) FROM t") == 5.0
    assert value(engine, "vec_distance_l2(vec_avg(v), '[1.5,2]') FROM t") == 0.0


@pytest.mark.parametrize("function", ORACLES)
def test_unaligned_rows(db, function):
    rows = np.random.default_rng(5).standard_normal((70, 19)).astype(F32)
    db.execute("CREATE TABLE t(pad TEXT, v BLOB)")
    db.executemany("INSERT INTO t VALUES (?,?)", [("x" * n, f32(v)) for n, v in enumerate(rows)])
    assert near(value(db, f"{function}(v) FROM t"), ORACLES[function](rows))


def test_json_rows_are_read_one_by_one(engine):
    # SQLite keeps what a function remembers of an argument from row to row of an aggregate.
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT);"
                  "INSERT INTO t VALUES (1,'[1]'),(2,'[20]'),(3,'[300]');")
    assert value(engine, "vec_sum(v) FROM t") == f32([321])
    assert value(engine, "vec_sum(vec_f32(v)) FROM t") == f32([321])
    assert column(engine, "SELECT vec_sum(v) FROM t GROUP BY id") == [
        f32([1]), f32([20]), f32([300])]
    assert column(engine, "SELECT vec_sum(v) OVER (ORDER BY id ROWS 1 PRECEDING) FROM t") == [
        f32([1]), f32([21]), f32([320])]


def test_many_rows(db):
    result = value(db, "vec_sum(v) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                   " FROM n WHERE i < 100000) SELECT vec_f32('[0.1,1,-1]') AS v FROM n)")
    assert result == f32([float(F32(0.1)) * 100000, 100000, -100000])


def test_a_million_dimensions(db):
    v = np.random.default_rng(6).standard_normal(1_000_000).astype(F32)
    db.execute("CREATE TABLE t(v)")
    db.executemany("INSERT INTO t VALUES (?)", [(f32(v),)] * 3)
    assert value(db, "vec_avg(v) FROM t") == f32(v)
    assert value(db, "vec_sum(v) FROM t") == f32(v.astype(float) * 3)


# ---- window frames ----------------------------------------------------------------------------

FRAMES = [
    "ROWS UNBOUNDED PRECEDING",
    "ROWS BETWEEN 3 PRECEDING AND CURRENT ROW",
    "ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING",
    "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
    "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "ROWS BETWEEN 5 PRECEDING AND 2 PRECEDING",
    "ROWS BETWEEN 2 FOLLOWING AND 4 FOLLOWING",
    "ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW",
    "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE GROUP",
    "ROWS BETWEEN 4 PRECEDING AND 4 FOLLOWING EXCLUDE TIES",
    "RANGE BETWEEN 2 PRECEDING AND 2 FOLLOWING",
    "GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("function", ORACLES)
def test_a_frame_has_the_bits_of_the_aggregate_over_its_rows(engine, function, frame):
    rng = np.random.default_rng(7)
    rows = (rng.standard_normal((40, 5)) * 10.0 ** rng.integers(-15, 15, (40, 5))).astype(F32)
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, g INTEGER, v BLOB)")
    for i, v in enumerate(rows):
        engine.execute("INSERT INTO t VALUES (?,?,?,?)",
                       (i, i // 2, i % 3, None if i % 7 == 3 else f32(v)))
    for window in ("ORDER BY k", "PARTITION BY g ORDER BY k"):
        framed = engine.execute(
            f"SELECT id, {function}(v) OVER w, group_concat(id) OVER w FROM t"
            f" WINDOW w AS ({window} {frame}) ORDER BY id")
        assert len(framed) == 40
        for _, result, ids in framed:
            assert result == value(engine, f"{function}(v) FROM t WHERE id IN ({ids or ''})"), ids


def test_a_row_that_left_the_frame_leaves_nothing_behind(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,'[1e30,3e38]'),(2,'[1,1]'),(3,'[1e-30,1e-45]');")
    assert column(engine, "SELECT vec_sum(v) OVER (ORDER BY id ROWS CURRENT ROW) FROM t") == [
        f32([1e30, 3e38]), f32([1, 1]), f32([1e-30, 1e-45])]


def test_a_sum_that_overflows_only_in_some_frames(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,'[3e38]'),(2,'[1]'),(3,'[3e38]');")
    frame = "OVER (ORDER BY id ROWS 1 PRECEDING)"
    assert column(engine, f"SELECT vec_sum(v) {frame} FROM t") == [f32([3e38])] * 3
    assert error(engine, "vec_sum(v) OVER (ORDER BY id ROWS 2 PRECEDING) FROM t")


def test_a_frame_of_nulls_is_null(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,'[1]'),(2,NULL),(3,'[3]'),(4,NULL),(5,NULL);")
    assert column(engine, "SELECT vec_sum(v) OVER (ORDER BY id ROWS 1 PRECEDING) FROM t") == [
        f32([1]), f32([1]), f32([3]), f32([3]), None]
    assert column(engine, "SELECT vec_avg(v) OVER (ORDER BY id ROWS CURRENT ROW) FROM t") == [
        f32([1]), None, f32([3]), None, None]


def test_int8_rows_in_a_frame(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,x'7F80'),(2,x'0101'),(3,x'FF02');")
    assert column(engine, "SELECT vec_sum(vec_int8(v)) OVER (ORDER BY id ROWS 1 PRECEDING)"
                  " FROM t") == [f32([127, -128]), f32([128, -127]), f32([0, 3])]


def test_several_windows_in_one_statement(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,'[1]'),(2,'[2]'),(3,'[3]');")
    assert engine.execute(
        "SELECT vec_sum(v) OVER (ORDER BY id), vec_avg(v) OVER (ORDER BY id DESC),"
        " vec_sum(v) OVER () FROM t ORDER BY id") == [
            (f32([1]), f32([2]), f32([6])), (f32([3]), f32([2.5]), f32([6])),
            (f32([6]), f32([3]), f32([6]))]


# ---- errors -----------------------------------------------------------------------------------

@pytest.mark.parametrize("function", ORACLES)
def test_mixed_dimensions_name_both(engine, function):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,zeroblob(28)),(2,NULL),(3,zeroblob(44));")
    message = error(engine, f"{function}(v) FROM t")
    assert "7" in message and "11" in message
    assert error(engine, f"{function}(v) OVER (ORDER BY id) FROM t") == message


@pytest.mark.parametrize("function", ORACLES)
@pytest.mark.parametrize(
    "argument", ["vec_bit(x'01')", "1", "1.5", "''", "'abc'", "'[1,,2]'", "x''", "x'010203'",
                 "x'0000C07F'", "x'0000807F'", "'[1e39]'"])
def test_a_bad_row_is_an_error(engine, function, argument):
    assert error(engine, f"{function}({argument})")
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1),(2);")
    case = f"CASE id WHEN 1 THEN '[1]' ELSE {argument} END"
    assert error(engine, f"{function}({case}) FROM t")
    assert error(engine, f"{function}({case}) OVER (ORDER BY id) FROM t")


def test_overflow_is_an_error(engine):
    engine.script("CREATE TABLE t(v); INSERT INTO t VALUES ('[1,3e38]'),('[1,3e38]');")
    assert error(engine, "vec_sum(v) FROM t")
    assert value(engine, "vec_avg(v) FROM t") == f32([1, 3e38])


def test_an_error_leaves_the_connection_usable(engine):
    engine.script("CREATE TABLE t(v); INSERT INTO t VALUES ('[1]'),('[1,2]');")
    for _ in range(3):
        assert error(engine, "vec_sum(v) FROM t")
        assert error(engine, "vec_sum(v) OVER (ROWS 1 PRECEDING) FROM t")
        assert value(engine, "vec_sum(v) FROM t WHERE v = '[1]'") == f32([1])


@pytest.mark.parametrize("function", ORACLES)
@pytest.mark.parametrize("arguments", ["", "'[1]','[1]'"])
def test_the_number_of_arguments(engine, function, arguments):
    assert "wrong number of arguments" in error(engine, f"{function}({arguments})")
