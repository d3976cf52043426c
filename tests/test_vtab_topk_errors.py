"""Wrong arguments are errors that name what is wrong, never empty results."""

import numpy as np
import pytest
from topk_oracle import f32, fill, i8

METRICS = "dot cosine l2 l1 hamming".split()


@pytest.fixture
def three(engine):
    fill(engine, [f32(1, 0), f32(2, 0), f32(3, 0)])
    engine.execute("CREATE TABLE texts(id INTEGER PRIMARY KEY, title, e)")
    engine.execute("INSERT INTO texts VALUES (1, 'one', '[1,0]'), (2, 'two', '[2,0]')")
    return engine


def fails(engine, sql, params=(), *, with_words=()):
    """Runs the statement, which has to fail with a message that holds every word."""
    with pytest.raises(engine.Error) as caught:
        engine.execute(sql, params)
    message = str(caught.value)
    for word in with_words:
        assert word in message, message
    return message


def test_control_the_statement_itself_is_right(three):
    assert len(three.execute("SELECT * FROM vec_topk('t', 'e', '[1,0]', 2)")) == 2


# ---- source and column -----------------------------------------------------------------------


@pytest.mark.parametrize("source", ["nodes", "aux.t", "temp.t", "main.nodes", "t.e", "", "été"])
def test_unknown_table(three, source):
    fails(three, "SELECT * FROM vec_topk(?, 'e', '[1,0]')", (source,), with_words=[source])


@pytest.mark.parametrize("source", [None, 5, 1.5, b"t"], ids=repr)
def test_source_of_a_wrong_type(three, source):
    fails(three, "SELECT * FROM vec_topk(?, 'e', '[1,0]')", (source,), with_words=["source"])


def test_unknown_column_lists_the_columns(three):
    fails(three, "SELECT * FROM vec_topk('texts', 'embedding', '[1,0]')",
          with_words=["texts", "embedding", "title"])


@pytest.mark.parametrize("column", [None, 5, b"e"], ids=repr)
def test_column_of_a_wrong_type(three, column):
    fails(three, "SELECT * FROM vec_topk('t', ?, '[1,0]')", (column,), with_words=["column"])


@pytest.mark.parametrize("column", ["title", "e", "id"])
def test_column_without_blobs(three, column):
    fails(three, "SELECT * FROM vec_topk('texts', ?, '[1,0]')", (column,),
          with_words=["texts", column, "blob"])


def test_unknown_column_of_a_view(three):
    three.execute("CREATE VIEW v AS SELECT title, e FROM texts")
    fails(three, "SELECT * FROM vec_topk('v', 'vector', '[1,0]')", with_words=["v", "vector"])


# ---- missing and surplus arguments --------------------------------------------------------------


@pytest.mark.parametrize("call,missing", [
    ("vec_topk", "source"), ("vec_topk()", "source"), ("vec_topk('t')", "column"),
    ("vec_topk('t', 'e')", "query"),
])
def test_missing_argument(three, call, missing):
    message = fails(three, f"SELECT * FROM {call}")
    assert missing in message and "no query solution" not in message


@pytest.mark.parametrize("where,missing", [
    ("\"column\" = 'e' AND query = '[1,0]'", "source"),
    ("source = 't' AND query = '[1,0]'", "column"),
    ("source = 't' AND \"column\" = 'e' AND k = 3", "query"),
])
def test_missing_argument_by_name(three, where, missing):
    fails(three, f"SELECT * FROM vec_topk WHERE {where}", with_words=[missing])


def test_too_many_arguments(three):
    fails(three, "SELECT * FROM vec_topk('t','e','[1,0]',1,'dot',0,'float32',0,'[]',1)",
          with_words=["too many arguments on vec_topk()"])


def test_arguments_that_depend_on_each_other_in_a_circle(three):
    fails(three, "SELECT * FROM vec_topk('t', 'e', b.id) AS a, vec_topk('t', 'e', a.id) AS b")


# ---- query -----------------------------------------------------------------------------------


@pytest.mark.parametrize("query", [
    "abc", "", " ", "1", "null", "{}", '{"a":1}', "[", "]", "[]", "[1,0", "[1,0]]", "[1,,0]",
    "[1,0] x", "[1 0]", "[,1]", "[1,]", '["1","0"]', "[1,null]", "[[1,0]]", "[true,1]",
    "[nan,1]", "[NaN,1]", "[inf,1]", "[Infinity,1]", "[0x10,1]", "[+1,0]", "[01,0]", "[1.,0]",
    "[.5,0]", "[1e,0]",
])
def test_text_that_is_no_json_array_of_numbers(three, query):
    fails(three, "SELECT * FROM vec_topk('t', 'e', ?)", (query,), with_words=["query"])


@pytest.mark.parametrize("query", ["[1e39,0]", "[-1e39,0]", "[1e999,0]"])
def test_number_that_is_no_float32(three, query):
    fails(three, "SELECT * FROM vec_topk('t', 'e', ?)", (query,), with_words=["query"])


@pytest.mark.parametrize("query,word", [
    (f32(np.nan, 1), "NaN"), (f32(1, np.nan), "NaN"), (f32(np.inf, 1), "Inf"),
    (f32(1, -np.inf), "Inf"), (f32(0, 1)[:7], "7"), (b"\x00", "1"), (b"", "zero-length"),
    (5, "INTEGER"), (1.5, "FLOAT"),
], ids=repr)
def test_unreadable_query(three, query, word):
    fails(three, "SELECT * FROM vec_topk('t', 'e', ?)", (query,), with_words=["query", word])


@pytest.mark.parametrize("query,dims", [("[1]", "1"), ("[1,0,0]", "3"), (f32(*range(77)), "77")])
def test_query_of_other_dimensions_than_every_row(three, query, dims):
    fails(three, "SELECT * FROM vec_topk('t', 'e', ?)", (query,),
          with_words=["t.e", dims, "dimension"])


def test_one_row_of_the_right_dimensions_is_enough(three):
    three.execute("INSERT INTO t VALUES (4, ?)", (f32(1, 2, 3),))
    assert three.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0,0]')") == [(4,)]


@pytest.mark.parametrize("query", [f32(1, 0), "[1,0,0,0,0]", i8(1, 2, 3)])
def test_int8_query_of_other_dimensions(three, query):
    three.execute("CREATE TABLE s(e)")
    three.execute("INSERT INTO s VALUES (?)", (i8(1, 2),))
    fails(three, "SELECT * FROM vec_topk('s', 'e', ?) WHERE element = 'int8'", (query,),
          with_words=["dimension"])


@pytest.mark.parametrize("query", ["[1.5,0]", "[128,0]", "[-129,0]", "[a,0]", b"", 5], ids=repr)
def test_unreadable_int8_query(three, query):
    three.execute("CREATE TABLE s(e)")
    three.execute("INSERT INTO s VALUES (?)", (i8(1, 2),))
    fails(three, "SELECT * FROM vec_topk('s', 'e', ?) WHERE element = 'int8'", (query,),
          with_words=["query"])


def test_a_wrong_query_of_a_later_row_fails_the_join(three):
    three.execute("CREATE TABLE q(v)")
    three.execute("INSERT INTO q VALUES ('[1,0]'), (NULL), ('[1,0,0]')")
    fails(three, "SELECT * FROM q JOIN vec_topk('t', 'e', q.v, 1)", with_words=["dimension"])


# ---- k ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [
    -1, -(2**63), 1.5, -0.5, 1e300, -1e300, float("inf"), "10", "", "ten", b"\x0a", b""], ids=repr)
def test_k_that_is_no_count(three, k):
    fails(three, "SELECT * FROM vec_topk('t', 'e', '[1,0]', ?)", (k,), with_words=["k "])


def test_k_is_checked_by_name_too(three):
    fails(three, "SELECT * FROM vec_topk('t', 'e', '[1,0]') WHERE k = -3", with_words=["-3"])


# ---- metric and element ----------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["euclid", "", "L2sq", "dot ", 5], ids=repr)
def test_unknown_metric_lists_the_five(three, metric):
    fails(three, "SELECT * FROM vec_topk('t', 'e', '[1,0]', 1, ?)", (metric,),
          with_words=["metric", *METRICS])


@pytest.mark.parametrize("element", ["float16", "", "double", "f32", 5], ids=repr)
def test_unknown_element_lists_the_three(three, element):
    fails(three, "SELECT * FROM vec_topk('t', 'e', '[1,0]') WHERE element = ?", (element,),
          with_words=["element", "float32", "int8", "bit"])


@pytest.mark.parametrize("metric,element", [
    ("hamming", "float32"), ("hamming", "int8"), ("dot", "bit"), ("cosine", "bit"), ("l2", "bit"),
    ("l1", "bit"),
])
def test_metric_that_does_not_fit_the_element(three, metric, element):
    three.execute("CREATE TABLE b(e)")
    three.execute("INSERT INTO b VALUES (x'00112233')")
    fails(three, "SELECT * FROM vec_topk('b', 'e', x'00000000', 1, ?, NULL, ?)",
          (metric, element), with_words=[metric, element])


# ---- min_score and strict --------------------------------------------------------------------


@pytest.mark.parametrize("value", ["0.5", "", "high", b"\x00"], ids=repr)
def test_min_score_that_is_no_number(three, value):
    fails(three, "SELECT * FROM vec_topk('t', 'e', '[1,0]') WHERE min_score = ?", (value,),
          with_words=["min_score"])


@pytest.mark.parametrize("value", ["yes", "", b"\x01", 2, -1, 0.5], ids=repr)
def test_strict_that_is_neither_0_nor_1(three, value):
    fails(three, "SELECT * FROM vec_topk('t', 'e', '[1,0]') WHERE strict = ?", (value,),
          with_words=["strict"])


@pytest.mark.parametrize("bad", [
    b"", b"\x00", f32(1), f32(1, 2, 3), f32(np.nan, 1), f32(1, np.inf), "[1,0]", 5, 1.5],
    ids=repr)
def test_strict_names_the_row(three, bad):
    three.execute("INSERT INTO t VALUES (4711, ?), (4712, ?)", (bad, bad))
    fails(three, "SELECT * FROM vec_topk('t', 'e', '[1,0]', 1) WHERE strict = 1",
          with_words=["t.e", "rowid 4711"])


def test_strict_names_a_row_that_is_far_from_the_query(three):
    """The row could not be among the k whatever it holds, and still is an error."""
    three.execute("UPDATE t SET e = ? WHERE id = 1", (f32(1, 2, 3),))
    fails(three, "SELECT * FROM vec_topk('t', 'e', '[1,0]', 1, 'dot', 2.5) WHERE strict = 1",
          with_words=["rowid 1"])


def test_strict_accepts_good_rows_and_null(three):
    three.execute("INSERT INTO t VALUES (4711, NULL)")
    sql = "SELECT rowid FROM vec_topk('t', 'e', '[1,0]') WHERE strict = 1"
    assert three.execute(sql) == [(3,), (2,), (1,)]


@pytest.mark.parametrize("strict", [0, None])
def test_without_strict_bad_rows_are_skipped(three, strict):
    three.execute("INSERT INTO t VALUES (4711, x'00')")
    assert len(three.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0]') WHERE strict = 0")) == 3
    assert len(three.execute(
        "SELECT * FROM vec_topk('t', 'e', '[1,0]', NULL, NULL, NULL, NULL, ?)", (strict,))) == 3


# ---- what the module does not do -------------------------------------------------------------


def test_no_virtual_table_can_be_created(three):
    fails(three, "CREATE VIRTUAL TABLE x USING vec_topk(t, e)", with_words=["vec_topk"])
    assert three.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'x'") == [(0,)]


@pytest.mark.parametrize("sql", [
    "INSERT INTO vec_topk(source) VALUES ('t')", "DELETE FROM vec_topk",
    "UPDATE vec_topk SET id = 1", "DROP TABLE vec_topk",
])
def test_the_result_cannot_be_changed(three, sql):
    fails(three, sql, with_words=["vec_topk"])


# ---- after an error ---------------------------------------------------------------------------


def test_the_connection_works_after_every_kind_of_error(three):
    for sql in ("SELECT * FROM vec_topk('nowhere', 'e', '[1,0]')",
                "SELECT * FROM vec_topk('t', 'x', '[1,0]')",
                "SELECT * FROM vec_topk('t', 'e', '[1,0,0]')",
                "SELECT * FROM vec_topk('t', 'e', '[1,0]', -1)"):
        for _ in range(3):
            fails(three, sql)
        assert three.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0]', 1)") == [(3,)]


def test_an_error_inside_a_transaction_leaves_it_open(three):
    three.execute("BEGIN")
    three.execute("DELETE FROM t WHERE id = 3")
    fails(three, "SELECT * FROM vec_topk('t', 'e', '[1,0,0]')")
    assert three.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0]', 1)") == [(2,)]
    three.execute("ROLLBACK")
    assert three.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0]', 1)") == [(3,)]


def test_an_error_of_a_view_is_passed_on(three):
    three.execute("CREATE VIEW v AS SELECT id, CASE WHEN id < 3 THEN e "
                  "ELSE vec_f32('not a vector') END AS e FROM t")
    fails(three, "SELECT * FROM vec_topk('v', 'e', '[1,0]')", with_words=["JSON"])


@pytest.mark.parametrize("text", ["%s%n%d", "a" * 5000, "é" * 3000, "quote'\"`", "new\nline"],
                         ids=["format", "long", "long utf-8", "quotes", "line"])
def test_odd_text_in_messages(three, text):
    for sql in ("SELECT * FROM vec_topk(?, 'e', '[1,0]')", "SELECT * FROM vec_topk('t', ?, '[1]')",
                "SELECT * FROM vec_topk('t', 'e', ?)",
                "SELECT * FROM vec_topk('t', 'e', '[1,0]', 1, ?)",
                "SELECT * FROM vec_topk('t', 'e', '[1,0]') WHERE within = ?"):
        fails(three, sql, (text,))
