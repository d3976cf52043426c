"""vec_last_scan: what the last search of this connection did."""

import numpy as np
import pytest
from topk_oracle import COMBINATIONS, f32, fill

COLUMNS = ("source column metric element tier kernel dims rows skipped_null skipped_type "
           "skipped_length skipped_nonfinite skipped_score bytes survivors milliseconds "
           "searches").split()


def last(engine):
    rows = engine.execute("SELECT * FROM vec_last_scan")
    assert len(rows) == 1
    return dict(zip(COLUMNS, rows[0]))


@pytest.fixture
def mixed(engine):
    """Three good rows and every kind of bad row."""
    fill(engine, [
        f32(1, 0), None, f32(1, 2, 3), "text", f32(np.nan, 0), f32(0, np.inf), f32(2, 0), b"",
        f32(3e38, 3e38), None, 5, None, f32(3, 0),
    ])
    return engine


def test_columns(db):
    cursor = db.execute("SELECT * FROM vec_last_scan")
    assert [column[0] for column in cursor.description] == COLUMNS


def test_no_row_before_the_first_search(engine):
    assert engine.execute("SELECT * FROM vec_last_scan") == []


def test_one_row_after_the_first_search(mixed):
    mixed.execute("SELECT * FROM vec_topk('t', 'e', '[3e38,3e38]', 2)")
    report = last(mixed)
    assert report["source"] == "t"
    assert report["column"] == "e"
    assert report["metric"] == "dot"
    assert report["element"] == "float32"
    assert report["tier"] == "stream"
    assert report["kernel"]
    assert report["dims"] == 2
    assert report["searches"] == 1
    assert report["milliseconds"] >= 0


def test_rows_are_counted_by_reason(mixed):
    found = mixed.execute("SELECT rowid FROM vec_topk('t', 'e', '[3e38,3e38]', 9)")
    # 1, 2 and 3 times 3e38 is no float32, except the first.
    report = last(mixed)
    assert report["rows"] == 13
    assert report["skipped_null"] == 3
    assert report["skipped_type"] == 2
    assert report["skipped_length"] == 2
    assert report["skipped_nonfinite"] == 2
    assert report["skipped_score"] == 4 - len(found)
    assert report["skipped_score"] >= 1
    assert report["rows"] == len(found) + sum(
        value for name, value in report.items() if name.startswith("skipped_"))


def test_bytes_are_those_of_the_vectors(engine):
    fill(engine, [f32(n, 0, 1) for n in range(10)])
    engine.execute("SELECT * FROM vec_topk('t', 'e', '[1,0,0]', 2)")
    report = last(engine)
    assert report["bytes"] == 10 * 12
    assert report["rows"] == report["survivors"] == 10


def test_a_restricted_search_reads_its_candidates_only(engine):
    fill(engine, [f32(n, 0) for n in range(5000)])
    engine.execute("SELECT * FROM vec_topk('t', 'e', '[1,0]', 2) WHERE rowid IN (7, 8, 9)")
    assert last(engine)["rows"] == 3


@pytest.mark.parametrize("metric,element", COMBINATIONS)
def test_metric_element_and_dimensions(engine, metric, element):
    fill(engine, [bytes([1] * 16)])
    engine.execute("SELECT * FROM vec_topk('t', 'e', ?, 2, ?, NULL, ?)",
                   (bytes([2] * 16), metric, element))
    report = last(engine)
    assert (report["metric"], report["element"]) == (metric, element)
    assert report["dims"] == {"float32": 4, "int8": 16, "bit": 128}[element]


def test_searches_count_up(engine):
    fill(engine, [f32(1, 0)])
    for number in (1, 2, 3):
        engine.execute("SELECT * FROM vec_topk('t', 'e', ?)", (f"[{number},0]",))
        assert last(engine)["searches"] == number


def test_a_search_per_row_of_a_join_is_counted(engine):
    fill(engine, [f32(1, 0), f32(0, 1), f32(1, 1)])
    engine.execute("SELECT * FROM t CROSS JOIN vec_topk('t', 'e', t.e, 1) AS v")
    assert last(engine)["searches"] == 3


def test_the_report_is_of_the_last_search(mixed):
    mixed.execute("SELECT * FROM vec_topk('t', 'e', '[1,0]')")
    mixed.execute("CREATE TABLE u(w)")
    mixed.execute("INSERT INTO u VALUES (?)", (f32(1),))
    mixed.execute("SELECT * FROM vec_topk('u', 'w', '[1]', 5, 'l2')")
    report = last(mixed)
    assert (report["source"], report["column"], report["metric"]) == ("u", "w", "l2")
    assert (report["rows"], report["skipped_null"], report["dims"]) == (1, 0, 1)


def test_each_connection_has_its_own(connect, tmp_path):
    first, second = connect(tmp_path / "a.db"), connect(tmp_path / "a.db")
    fill(first, [f32(1, 0)])
    first.execute("SELECT * FROM vec_topk('t', 'e', '[1,0]')")
    assert second.execute("SELECT * FROM vec_last_scan") == []
    assert last(first)["searches"] == 1


def test_views_queries_and_other_schemas_are_named(engine):
    fill(engine, [f32(1, 0)])
    engine.execute("CREATE VIEW v AS SELECT * FROM t")
    engine.execute("ATTACH ':memory:' AS aux")
    engine.execute("CREATE TABLE aux.u AS SELECT * FROM t")
    names = []
    for source in ("'V'", "'aux.u'", "'u'", "db_query('SELECT * FROM t')"):
        engine.execute(f"SELECT * FROM vec_topk({source}, 'E', '[1,0]')")
        names.append((last(engine)["source"], last(engine)["column"]))
    assert names == [("v", "e"), ("aux.u", "e"), ("aux.u", "e"), ("SELECT * FROM t", "e")]


@pytest.mark.parametrize("sql", [
    "SELECT * FROM vec_topk('t', 'e', '[1,0]', 0)", "SELECT * FROM vec_topk('t', 'e', NULL)"])
def test_nothing_to_search_reads_nothing(engine, sql):
    fill(engine, [f32(1, 0)])
    engine.execute(sql)
    assert engine.execute("SELECT rows FROM vec_last_scan") in ([], [(0,)])


def test_reading_the_report_changes_nothing(engine):
    fill(engine, [f32(1, 0)])
    engine.execute("SELECT * FROM vec_topk('t', 'e', '[1,0]')")
    assert last(engine) == last(engine)


def test_where_and_a_join_with_itself(engine):
    fill(engine, [f32(1, 0)])
    engine.execute("SELECT * FROM vec_topk('t', 'e', '[1,0]')")
    assert engine.execute("SELECT a.rows FROM vec_last_scan a, vec_last_scan b "
                          "WHERE a.rows = 1 AND b.source = 't'") == [(1,)]
    assert engine.execute("SELECT rows FROM vec_last_scan WHERE rows > 1") == []


def test_control_a_report_of_other_rows_is_told_apart(mixed):
    mixed.execute("SELECT * FROM vec_topk('t', 'e', '[1,0]')")
    before = last(mixed)
    mixed.execute("INSERT INTO t VALUES (99, NULL)")
    mixed.execute("SELECT * FROM vec_topk('t', 'e', '[1,0]')")
    after = last(mixed)
    assert after["skipped_null"] == before["skipped_null"] + 1
    assert after["rows"] == before["rows"] + 1
