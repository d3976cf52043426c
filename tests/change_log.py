"""What the tests of tracking share: applying it, and reading the log."""

import pytest

LOG = '"_vec_log_t_e"'
PLAIN = "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, other TEXT, e BLOB)"


def statements(engine, table="t", column="e", *more):
    arguments = (table, column, *more)
    sql = f"SELECT sql FROM vec_track_sql({', '.join('?' * len(arguments))}) ORDER BY ordinal"
    return [row[0] for row in engine.execute(sql, arguments)]


def track(engine, table="t", column="e"):
    for sql in statements(engine, table, column):
        engine.execute(sql)


def is_tracked(engine, table="t", column="e"):
    rows = engine.execute(
        "SELECT DISTINCT tracked FROM vec_track_sql(?, ?, 'remove')", (table, column)
    )
    return rows == [(1,)]


def log_end(engine, log=LOG):
    return engine.execute(f"SELECT max(seq) FROM {log}")[0][0]


def logged(engine, sql, params=(), log=LOG, fails=False):
    """The rowids that a statement logs; None stands for "anything"."""
    end = log_end(engine, log)
    if fails:
        with pytest.raises(engine.Error):
            engine.execute(sql, params)
    else:
        engine.execute(sql, params)
    return {rid for (rid,) in engine.execute(f"SELECT rid FROM {log} WHERE seq > ?", (end,))}


def content(engine, table="t", rowid="rowid", column="e"):
    return dict(engine.execute(f"SELECT {rowid}, {column} FROM {table}"))


def changed(before, after):
    rowids = before.keys() | after.keys()
    return {rowid for rowid in rowids if before.get(rowid, 0) != after.get(rowid, 0)}


def error_of(engine, sql, params=()):
    with pytest.raises(engine.Error) as caught:
        engine.execute(sql, params)
    return str(caught.value)
