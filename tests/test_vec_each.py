"""vec_each(vector): one row per element, numbered from 0."""
import numpy as np
import pytest

from vectors import F32, bits_lsb_first, bits_msb_first, column, f32, statement_error, value


@pytest.mark.parametrize(
    "vector, expected",
    [
        ("'[1,2.5,-3]'", [1.0, 2.5, -3.0]),
        ("vec_int8('[1,-2,127,-128]')", [1, -2, 127, -128]),
        ("vec_bit(x'0f')", [0, 0, 0, 0, 1, 1, 1, 1]),
        ("vec_bit(x'8001')", [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ],
)
def test_rows(engine, vector, expected):
    rows = engine.execute(f"SELECT rowid, value FROM vec_each({vector})")
    assert rows == list(enumerate(expected))


@pytest.mark.parametrize("vector, kind", [("'[1]'", "real"), ("vec_int8('[1]')", "integer"),
                                          ("vec_bit(x'01')", "integer")])
def test_type_of_the_values(engine, vector, kind):
    assert set(column(engine, f"SELECT typeof(value) FROM vec_each({vector})")) == {kind}


def test_the_only_visible_column_is_value(engine):
    assert engine.execute("SELECT * FROM vec_each('[7]')") == [(7.0,)]


def test_the_vector_may_be_given_in_where(engine):
    assert column(engine, "SELECT value FROM vec_each WHERE vector = '[1,2]'") == [1.0, 2.0]


def test_an_outer_row_gives_the_vector(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,'[1,2]'),(2,'[3]');")
    rows = engine.execute("SELECT t.id, e.rowid, e.value FROM t, vec_each(t.v) AS e"
                          " ORDER BY t.id, e.rowid")
    assert rows == [(1, 0, 1.0), (1, 1, 2.0), (2, 0, 3.0)]


def test_a_stored_int8_vector_is_wrapped(engine):
    engine.script("CREATE TABLE t(v); INSERT INTO t VALUES (x'01FF');")
    assert column(engine, "SELECT value FROM t, vec_each(vec_int8(t.v))") == [1, -1]


def test_conditions_on_value_and_rowid(engine):
    assert column(engine, "SELECT rowid FROM vec_each('[5,6,7,8]') WHERE value > 6") == [2, 3]
    assert column(engine, "SELECT value FROM vec_each('[5,6,7,8]') WHERE rowid = 2") == [7.0]
    assert column(engine, "SELECT value FROM vec_each('[5,6,7,8]') ORDER BY rowid DESC") == [
        8.0, 7.0, 6.0, 5.0]
    assert column(engine, "SELECT value FROM vec_each('[5,6,7,8]') LIMIT 2 OFFSET 1") == [6.0, 7.0]


def test_two_at_once(engine):
    rows = engine.execute("SELECT a.value * b.value FROM vec_each('[1,2,3]') AS a"
                          " JOIN vec_each('[4,5,6]') AS b ON a.rowid = b.rowid ORDER BY a.rowid")
    assert rows == [(4.0,), (10.0,), (18.0,)]


@pytest.mark.parametrize("argument", ["NULL", "1", "1.5", "''", "'[]'", "'[1,,2]'", "'abc'", "x''",
                                      "x'010203'", "x'0000C07F'"])
def test_bad_input_is_an_error(engine, argument):
    assert statement_error(engine, f"SELECT * FROM vec_each({argument})")


def test_without_a_vector_there_is_no_plan(engine):
    assert statement_error(engine, "SELECT * FROM vec_each")


@pytest.mark.parametrize("dims", [1, 16, 17, 64, 300, 4100])
def test_random_vectors(db, dims):
    values = np.random.default_rng(dims).standard_normal(dims).astype(F32)
    assert column(db, "SELECT value FROM vec_each(?)", f32(values)) == [float(x) for x in values]


def test_random_bits_are_msb_first(db):
    blob = np.random.default_rng(5).bytes(300)
    assert column(db, "SELECT value FROM vec_each(vec_bit(?))", blob) == bits_msb_first(blob)


def test_control_the_other_bit_order_would_be_seen(db):
    assert column(db, "SELECT value FROM vec_each(vec_bit(x'0f'))") != bits_lsb_first(b"\x0f")


def test_a_huge_vector(db):
    assert value(db, "sum(value) FROM vec_each(?)", f32(np.ones(1_000_000))) == 1_000_000.0


def test_nothing_is_written_by_it(engine):
    assert statement_error(engine, "INSERT INTO vec_each(value) VALUES (1)")
    assert statement_error(engine, "CREATE VIRTUAL TABLE temp.e USING vec_each")
