"""Restriction before k: rowid IN (...), id IN (...), within. Everything else applies after k."""

import json

import numpy as np
import pytest
from topk_oracle import brute, f32, fill

ROWS = 40


@pytest.fixture
def numbers(engine):
    """t(id 1..40): the score of row n for the query [1,0] is n, so the nearest is 40."""
    fill(engine, [f32(n, 1) for n in range(1, ROWS + 1)])
    engine.execute("CREATE TABLE s(n INTEGER)")
    engine.execute("INSERT INTO s VALUES (3), (7), (7), (11), (999), (NULL)")
    return engine


@pytest.fixture
def texts(engine):
    """t(id TEXT): k1..k40 with scores 1..40, rowids in the opposite order."""
    engine.execute("CREATE TABLE t(id TEXT PRIMARY KEY, e)")
    for n in range(ROWS, 0, -1):
        engine.execute("INSERT INTO t VALUES (?, ?)", (f"k{n}", f32(n, 1)))
    return engine


def top(engine, where, k=2, params=()):
    rows = engine.execute(
        f"SELECT rowid, rank FROM vec_topk('t', 'e', '[1,0]', {k}) AS v WHERE {where}", params)
    return [row[0] for row in rows]


# ---- IN over rowid and id --------------------------------------------------------------------


@pytest.mark.parametrize("column", ["rowid", "v.rowid", "_rowid_", "id", "v.id"])
@pytest.mark.parametrize("values", [
    "(3, 7, 11)",
    "(11, 7, 3, 3, 7)",
    "(3, 7, 11, 999, -5)",
    "(3, 7, 11, NULL)",
    "(SELECT n FROM s)",
    "(SELECT n FROM s WHERE n IS NOT NULL ORDER BY n DESC)",
    "(SELECT DISTINCT n FROM s)",
    "(VALUES (3), (7), (11))",
    "(SELECT 3 UNION SELECT 7 UNION ALL SELECT 11)",
    "(SELECT value FROM json_each('[3,7,11]'))",
    "(3 + 0, 6 + 1, 11)",
    "(SELECT id FROM t WHERE id IN (3, 7, 11))",
])
def test_in_restricts_before_k(numbers, column, values):
    assert top(numbers, f"{column} IN {values}") == [11, 7]
    assert top(numbers, f"{column} IN {values}", k=1) == [11]
    assert top(numbers, f"{column} IN {values}", k=10) == [11, 7, 3]
    assert top(numbers, f"{column} IN {values}", k="NULL") == [11, 7, 3]


def test_control_without_in_the_nearest_are_others(numbers):
    assert top(numbers, "1") == [40, 39]


def test_ranks_count_the_candidates(numbers):
    assert numbers.execute("SELECT rowid, rank FROM vec_topk('t', 'e', '[1,0]', 3) "
                           "WHERE rowid IN (5, 9, 2)") == [(9, 1), (5, 2), (2, 3)]


@pytest.mark.parametrize("values,params", [("(?, ?)", (7, 11)), ("(?2, ?1)", (11, 7)),
                                           ("(?, 11)", (7,))])
def test_in_with_parameters(numbers, values, params):
    assert top(numbers, f"rowid IN {values}", params=params) == [11, 7]


@pytest.mark.parametrize("where", [
    "rowid IN (SELECT 7)", "rowid IN (VALUES (7))", "id IN (SELECT n FROM s WHERE n = 7)",
    "rowid IN (SELECT max(n) - 992 FROM s)", "rowid IN (7, 7)", "rowid IN (7, NULL)",
])
def test_one_value_in_a_subquery_or_a_list_of_two_restricts(numbers, where):
    assert top(numbers, where) == [7]


@pytest.mark.parametrize("where", [
    "rowid IN (SELECT n FROM s WHERE 0)", "id IN (SELECT n FROM s WHERE n > 1000)",
    "rowid IN ()", "rowid IN (SELECT NULL)", "rowid IN (NULL, NULL)", "id IN (999, 1000)",
])
def test_an_empty_set_gives_no_rows(numbers, where):
    assert top(numbers, where) == []
    assert top(numbers, where, k="NULL") == []


@pytest.mark.parametrize("where", [
    "rowid = 7", "id = 7", "rowid IN (7)", "id IN (7)", "rowid IS 7", "id IS 7",
    "rowid = (SELECT 7)", "+rowid IN (7, 11)", "rowid + 0 IN (7, 11)", "rowid BETWEEN 7 AND 11",
    "rowid < 12 AND rowid > 5", "rowid NOT IN (40, 39)", "NOT rowid IN (40, 39)",
    "rowid IN (7, 11) IS NULL", "(rowid IN (7, 11)) = 1", "rank > 2", "score < 30",
    "(rowid IN (7, 11)) + 0", "rowid IN (7, 11) AND 0", "CASE WHEN rowid IN (7, 11) THEN 1 END",
])
def test_every_other_term_applies_after_k(numbers, where):
    assert top(numbers, where) == []


@pytest.mark.parametrize("where", [
    "rowid = 39", "id = 39", "rowid IN (39)", "rowid BETWEEN 7 AND 39", "rowid <> 40",
    "rowid NOT IN (40, 38)", "rank = 2", "score < 40",
])
def test_other_terms_choose_among_the_k(numbers, where):
    assert top(numbers, where) == [39]


@pytest.mark.parametrize("where,expected", [
    ("rowid IN (3, 7, 11) AND rowid IN (7, 11, 20)", [11, 7]),
    ("rowid IN (3, 7, 11) AND id IN (3, 7, 20)", [7, 3]),
    ("id IN (3, 7, 11) AND id IN (SELECT n FROM s) AND rowid IN (7, 3, 40)", [7, 3]),
    ("rowid IN (3, 7) AND rowid IN (8, 9)", []),
    ("rowid IN (3, 7, 11) AND id IN (SELECT n FROM s WHERE 0)", []),
    ("rowid IN (3, 7, 11, 20) AND within = '[3,7,11]' AND id IN (3, 7, 20)", [7, 3]),
    ("rowid IN (3, 7, 11) AND within = '[]'", []),
])
def test_several_restrictions_intersect(numbers, where, expected):
    assert top(numbers, where) == expected


@pytest.mark.parametrize("where,expected", [
    ("rowid IN (3, 7, 11) AND rowid <> 11", [7]),
    ("rowid IN (3, 7, 11) AND rowid = 3", []),
    ("rowid IN (3, 7, 11) AND rank = 1", [11]),
    ("rowid IN (3, 7, 11) AND score < 8", [7]),
    ("rowid IN (3, 7, 11) AND rowid NOT IN (11, 12)", [7]),
])
def test_in_before_k_and_the_rest_after(numbers, where, expected):
    assert top(numbers, where) == expected


def test_in_with_limit_and_offset(numbers):
    where = "rowid IN (SELECT n FROM s UNION SELECT 20)"
    assert top(numbers, f"{where} LIMIT 1", k=3) == [20]
    assert top(numbers, f"{where} LIMIT 2 OFFSET 1", k=3) == [11, 7]
    assert top(numbers, f"{where} LIMIT 9 OFFSET 2", k="NULL") == [7, 3]


def test_in_of_a_reused_statement(numbers):
    for values, expected in (((3, 7), [7, 3]), ((9, 2), [9, 2]), ((999, 5), [5]), ((0, 0), [])):
        assert top(numbers, "rowid IN (?, ?)", params=values) == expected


def test_in_keeps_ties_ordered_by_rowid(engine):
    fill(engine, [f32(1, 1)] * 20)
    for where in ("rowid IN (19, 3, 11, 7)", "id IN (19, 3, 11, 7)",
                  "within = '[19,3,11,7]'",
                  "within = (SELECT vec_ids(id) FROM t WHERE id IN (3, 7, 11, 19))"):
        assert top(engine, where, k=3) == [3, 7, 11]


@pytest.mark.parametrize("size", [0, 1, 2, 9, 20, 40])
def test_random_sets_equal_brute_force(numbers, size):
    rng = np.random.default_rng(size)
    numbers.execute("UPDATE t SET e = vec_f32(json_array(id * 37 % 11, id * 17 % 7))")
    query = f32(3, -1)
    for _ in range(5):
        ids = [int(n) for n in rng.permutation(np.arange(1, 60))[:size]]
        expected = brute(numbers, query, k=6, metric="l2", only=ids)
        text = json.dumps(ids)
        columns = "SELECT rowid, score, distance, rank"
        assert numbers.execute(
            f"{columns} FROM vec_topk('t', 'e', ?, 6, 'l2') "
            "WHERE rowid IN (SELECT value FROM json_each(?))", (query, text)) == expected
        assert numbers.execute(
            f"{columns} FROM vec_topk('t', 'e', ?, 6, 'l2', NULL, NULL, NULL, ?)",
            (query, text)) == expected
        assert numbers.execute(
            f"{columns} FROM vec_topk('t', 'e', ?, 6, 'l2', NULL, NULL, NULL, "
            "(SELECT vec_ids(value) FROM json_each(?)))", (query, text)) == expected


def test_a_large_set(engine):
    fill(engine, [f32(n, 1) for n in range(20_000)])
    engine.execute("CREATE TABLE even AS SELECT id FROM t WHERE id % 2 = 0")
    expected = [(20_000,), (19_998,), (19_996,)]
    for where in ("rowid IN (SELECT id FROM even)", "id IN (SELECT id FROM even)",
                  "within = (SELECT vec_ids(id) FROM even)",
                  "within = (SELECT json_group_array(id) FROM even)"):
        assert engine.execute(
            f"SELECT rowid FROM vec_topk('t', 'e', '[1,0]', 3) WHERE {where}") == expected


# ---- text keys and collations -----------------------------------------------------------------


@pytest.mark.parametrize("where", [
    "id IN ('k3', 'k7', 'k11')",
    "id IN ('k3', 'k7', 'k11', 'nobody', NULL, 5, x'6b33')",
    "id IN (SELECT 'k' || value FROM json_each('[3,7,11]'))",
    "within = '[\"k3\",\"k7\",\"k11\",\"nobody\"]'",
    "within = (SELECT json_group_array(id) FROM t WHERE id IN ('k3', 'k7', 'k11'))",
    "within = (SELECT vec_ids(rowid) FROM t WHERE id IN ('k3', 'k7', 'k11'))",
    "rowid IN (SELECT rowid FROM t WHERE id IN ('k3', 'k7', 'k11'))",
])
def test_text_keys_restrict_before_k(texts, where):
    found = texts.execute(f"SELECT id FROM vec_topk('t', 'e', '[1,0]', 2) WHERE {where}")
    assert found == [("k11",), ("k7",)]


def test_text_keys_are_compared_byte_by_byte(texts):
    texts.execute("INSERT INTO t VALUES ('K7', vec_f32('[7,1]')), ('k7 ', vec_f32('[7,1]'))")
    assert texts.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]', 9) "
                         "WHERE id IN ('k7', 'K9')") == [("k7",)]


@pytest.mark.parametrize("collation,values", [
    ("NOCASE", "('ALPHA', 'BETA')"), ("RTRIM", "('alpha   ', 'Alpha')"),
    ("BINARY", "('Alpha', 'beta')"), ("NOCASE", "(SELECT 'ALPHA' UNION SELECT 'x')"),
])
def test_in_under_a_collation_finds_no_wrong_rows(engine, collation, values):
    names = ["alpha", "Alpha", "alpha ", "beta", "BETA", "gamma"]
    engine.execute("CREATE TABLE t(id TEXT PRIMARY KEY, e)")
    for number, name in enumerate(names):
        engine.execute("INSERT INTO t VALUES (?, ?)", (name, f32(number, 1)))
    matching = {name for name, in engine.execute(
        f"SELECT id FROM t WHERE id COLLATE {collation} IN {values}")}
    assert matching
    ranking = names[::-1]
    sql = ("SELECT id FROM vec_topk('t', 'e', '[1,0]', ?) "
           f"WHERE id COLLATE {collation} IN {values}")
    whole = [name for name, in engine.execute(sql, (None,))]
    assert whole == [name for name in ranking if name in matching]
    for k in range(1, 7):
        found = [name for name, in engine.execute(sql, (k,))]
        before_k = [name for name in ranking if name in matching][:k]
        after_k = [name for name in ranking[:k] if name in matching]
        assert found in (before_k, after_k)


def test_the_collation_of_the_key_does_not_widen_in(engine):
    engine.execute("CREATE TABLE t(id TEXT COLLATE NOCASE PRIMARY KEY, e)")
    engine.execute("INSERT INTO t VALUES ('alpha', ?), ('beta', ?)", (f32(1, 0), f32(2, 0)))
    assert engine.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]', 5) "
                          "WHERE id IN ('ALPHA', 'beta')") == [("beta",)]


@pytest.mark.parametrize("where", [
    "id IN ('7', '11')", "id IN (7.0, 11.0)", "id IN (7.5, 11)", "rowid IN ('7', '11')",
    "rowid IN ('seven', 11)", "rowid IN (7.5, 11)", "rowid IN (x'37', 11)", "id IN (7, '11', 'x')",
    "rowid IN (9223372036854775807, 7)", "rowid IN (1e30, 7)", "rowid IN (7, -0.0)",
    "id IN (SELECT '7' UNION ALL SELECT 11)", "rowid IN (SELECT '7' UNION ALL SELECT 11)",
])
def test_values_of_other_types_match_as_in_a_table(numbers, where):
    """With the full ranking the moment of the restriction does not matter: SQLite decides."""
    numbers.execute("CREATE TEMP TABLE m AS SELECT rowid AS rid, id, rank "
                    "FROM vec_topk('t', 'e', '[1,0]')")
    expected = [key for key, in numbers.execute(
        f"SELECT rid FROM m WHERE {where.replace('rowid', 'rid')} ORDER BY rank")]
    assert top(numbers, where, k="NULL") == expected


# ---- within ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [
    "[3,7,11]", "[11, 3, 7]", " [3,7,11] ", "[3,3,7,11,7]", "[3,7,11,999,-1]",
    '[3,7,11,"text"]', "[3,7,11,9223372036854775807]",
])
def test_within_json(numbers, ids):
    assert top(numbers, "within = ?", params=(ids,)) == [11, 7]


@pytest.mark.parametrize("ids", [
    "(SELECT vec_ids(rowid) FROM t WHERE id IN (3, 7, 11))",
    "(SELECT vec_ids(n) FROM s)",
    "(SELECT vec_ids(n) FROM s WHERE n IS NOT NULL)",
    "(SELECT vec_ids(DISTINCT n) FROM s)",
    "(SELECT vec_ids(n) FILTER (WHERE n < 1000) FROM s)",
    "(SELECT vec_ids(value) FROM json_each('[11,7,3]'))",
    "(WITH x AS (SELECT n FROM s) SELECT vec_ids(n) FROM x)",
    "(SELECT json_group_array(n) FROM s WHERE n IS NOT NULL)",
])
def test_within_a_subquery(numbers, ids):
    assert top(numbers, f"within = {ids}") == [11, 7]
    found = numbers.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0]', 2, 'dot', NULL, "
                            f"'float32', 0, {ids})")
    assert found == [(11,), (7,)]


@pytest.mark.parametrize("ids", [
    "'[]'", "' [ ] '", "'[999]'", "(SELECT vec_ids(n) FROM s WHERE 0)",
    "(SELECT vec_ids(n) FROM s WHERE n > 100)", "(SELECT json_group_array(n) FROM s WHERE 0)",
    "(SELECT vec_ids(NULL))",
])
def test_within_an_empty_set_gives_no_rows(numbers, ids):
    assert top(numbers, f"within = {ids}") == []
    assert top(numbers, f"within = {ids}", k="NULL") == []


@pytest.mark.parametrize("ids", [
    "NULL", "(SELECT NULL)", "(SELECT n FROM s WHERE 0)", "?1",
    "(SELECT x FROM (SELECT vec_ids(n) AS x FROM s LIMIT 1))",
    "(SELECT max(x) FROM (SELECT vec_ids(n) AS x FROM s))",
    "(WITH c AS MATERIALIZED (SELECT vec_ids(n) AS x FROM s) SELECT x FROM c)",
])
def test_a_set_that_was_lost_on_the_way_is_an_error(numbers, ids):
    """A pointer that passes a table turns into NULL: that must not mean `no restriction`."""
    params = (None,) if "?" in ids else ()
    try:
        found = top(numbers, f"within = {ids}", params=params)
    except numbers.Error as error:
        assert "vec_ids" in str(error)
    else:
        # A planner that flattens the subquery hands the pointer through: then it restricts.
        assert found == [11, 7] and "x FROM" in ids


def test_null_by_place_is_an_error(numbers):
    with pytest.raises(numbers.Error, match="vec_ids"):
        numbers.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0]', 2, 'dot', NULL, 'float32', "
                        "0, NULL)")


@pytest.mark.parametrize("ids", [
    "abc", "", "{}", '{"a":1}', "5", "null", "true", '"[1]"', "[1,2", "[1,,2]", "[1,2]x", "[1 2]",
    "1,2", b"\x00", b"[1,2]", 5, 1.5,
], ids=repr)
def test_within_that_is_no_array_is_an_error(numbers, ids):
    with pytest.raises(numbers.Error, match="within"):
        top(numbers, "within = ?", params=(ids,))


@pytest.mark.parametrize("value", ["'a'", "x'00'", "1.5"])
def test_vec_ids_takes_integers_only(numbers, value):
    with pytest.raises(numbers.Error, match="vec_ids"):
        top(numbers, f"within = (SELECT vec_ids({value}) FROM s)")


@pytest.mark.parametrize("source", [
    "l JOIN vec_topk('t', 'e', '[1,0]', 2) AS v",
    "vec_topk('t', 'e', '[1,0]', 2) AS v JOIN l",
    "l CROSS JOIN vec_topk('t', 'e', '[1,0]', 2) AS v",
], ids=["before", "behind", "forced"])
@pytest.mark.parametrize("listed", [
    "v.rowid IN (SELECT t.rowid FROM t WHERE t.rowid <= l.high)",
    "v.id IN (l.high - 1, l.high)",
], ids=["subquery", "list"])
def test_an_in_that_depends_on_another_table_restricts_before_k(numbers, source, listed):
    numbers.execute("CREATE TABLE l(high INTEGER)")
    numbers.execute("INSERT INTO l VALUES (5), (9), (2)")
    found = numbers.execute(f"SELECT l.high, v.rowid FROM {source} WHERE {listed} ORDER BY 1, 2")
    assert found == [(2, 1), (2, 2), (5, 4), (5, 5), (9, 8), (9, 9)]


def test_an_in_applies_after_k_when_the_search_is_forced_to_come_first(numbers):
    numbers.execute("CREATE TABLE l(high INTEGER)")
    numbers.execute("INSERT INTO l VALUES (5), (40)")
    found = numbers.execute("SELECT l.high, v.rowid FROM vec_topk('t', 'e', '[1,0]', 2) AS v "
                            "CROSS JOIN l WHERE v.id IN (l.high - 1, l.high) ORDER BY 1, 2")
    assert found == [(40, 39), (40, 40)]


def test_within_correlated_with_an_earlier_table(numbers):
    numbers.execute("CREATE TABLE g(name, ids)")
    numbers.execute("INSERT INTO g VALUES ('a', '[3,7]'), ('b', '[]'), ('c', '[20,1,2]')")
    assert numbers.execute(
        "SELECT g.name, v.rowid FROM g JOIN vec_topk('t', 'e', '[1,0]', 1) AS v "
        "ON v.within = g.ids ORDER BY 1") == [("a", 7), ("c", 20)]


def test_vec_ids_correlated_with_an_earlier_table(numbers):
    numbers.execute("CREATE TABLE g(name, n)")
    numbers.execute("INSERT INTO g VALUES ('a', 3), ('a', 7), ('c', 20), ('c', 1)")
    assert numbers.execute(
        "SELECT d.name, v.rowid FROM (SELECT DISTINCT name FROM g) AS d "
        "JOIN vec_topk('t', 'e', '[1,0]', 1) AS v "
        "ON v.within = (SELECT vec_ids(g.n) FROM g WHERE g.name = d.name) ORDER BY 1") == [
            ("a", 7), ("c", 20)]


def test_vec_ids_shows_null(numbers):
    assert numbers.execute("SELECT typeof(vec_ids(n)) FROM s") == [("null",)]


# ---- views, queries, WITHOUT ROWID ------------------------------------------------------------


@pytest.fixture(params=["view", "query", "without rowid"])
def rowless(request, texts):
    """A source without rowid, with the same 40 text keys."""
    if request.param == "view":
        texts.execute("CREATE VIEW v AS SELECT id, e FROM t")
        return "'v'"
    if request.param == "query":
        return "db_query('SELECT id, e FROM t')"
    texts.execute("CREATE TABLE w(id TEXT PRIMARY KEY, e) WITHOUT ROWID")
    texts.execute("INSERT INTO w SELECT * FROM t")
    return "'w'"


def test_ids_restrict_a_source_without_rowid(texts, rowless):
    for where in ("id IN ('k3', 'k7', 'k11')", "within = '[\"k3\",\"k7\",\"k11\"]'",
                  "id IN (SELECT 'k' || value FROM json_each('[3,7,11]'))"):
        assert texts.execute(
            f"SELECT id, rank FROM vec_topk({rowless}, 'e', '[1,0]', 2) AS x WHERE {where}") == [
                ("k11", 1), ("k7", 2)]


def test_the_running_number_does_not_restrict(texts, rowless):
    """rowid of such a source is a number of the scan: a term over it applies after k."""
    ranking = texts.execute(
        f"SELECT rowid, id, rank FROM vec_topk({rowless}, 'e', '[1,0]') AS x")
    third, first = ranking[2][0], ranking[0][0]
    assert texts.execute(
        f"SELECT id FROM vec_topk({rowless}, 'e', '[1,0]', 2) AS x WHERE rowid IN (?, ?)",
        (third, first)) == [("k40",)]


def test_vec_ids_needs_rowids(texts, rowless):
    with pytest.raises(texts.Error, match="(?i)rowid"):
        texts.execute(f"SELECT id FROM vec_topk({rowless}, 'e', '[1,0]', 2, NULL, NULL, NULL, "
                      "NULL, (SELECT vec_ids(rowid) FROM t))")


def test_integer_ids_of_a_view(numbers):
    numbers.execute("CREATE VIEW v AS SELECT id + 100 AS id, e FROM t")
    for where in ("id IN (103, 107, 111)", "within = '[103,107,111]'"):
        assert numbers.execute("SELECT id FROM vec_topk('v', 'e', '[1,0]', 2) AS x "
                               f"WHERE {where}") == [(111,), (107,)]


def test_ids_of_a_table_whose_key_is_not_named_id(engine):
    engine.execute("CREATE TABLE t(code TEXT PRIMARY KEY, e)")
    engine.execute("INSERT INTO t VALUES ('a', ?), ('b', ?), ('c', ?)",
                   (f32(1, 0), f32(2, 0), f32(3, 0)))
    for where in ("id IN ('a', 'b')", "within = '[\"a\",\"b\"]'", "rowid IN (1, 2)"):
        assert engine.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]', 1) "
                              f"WHERE {where}") == [("b",)]


# ---- with the other arguments -----------------------------------------------------------------


def test_min_score_and_in(numbers):
    assert numbers.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0]', 5, 'dot', 6) "
                           "WHERE rowid IN (3, 7, 11)") == [(11,), (7,)]


@pytest.mark.parametrize("where", ["rowid IN (3, 7)", "id IN (3, 7)", "within = '[3,7]'",
                                   "within = (SELECT vec_ids(id) FROM t WHERE id IN (3, 7))"])
def test_a_bad_row_outside_the_restriction_is_no_candidate(numbers, where):
    numbers.execute("UPDATE t SET e = x'00' WHERE id = 20")
    assert numbers.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0]', 5) "
                           f"WHERE strict = 1 AND {where}") == [(7,), (3,)]


def test_join_with_a_restricting_query(numbers):
    """The example of the manual."""
    numbers.execute("CREATE TABLE n(title, domain)")
    numbers.execute("INSERT INTO n SELECT 'title ' || id, "
                    "CASE WHEN id % 10 = 0 THEN 'round' ELSE 'other' END FROM t ORDER BY id")
    assert numbers.execute(
        "SELECT n.title, v.score FROM vec_topk('t', 'e', '[1,0]', 3) AS v "
        "JOIN n ON n.rowid = v.rowid "
        "WHERE v.rowid IN (SELECT rowid FROM n WHERE domain = 'other') ORDER BY v.rank") == [
            ("title 39", 39), ("title 38", 38), ("title 37", 37)]
