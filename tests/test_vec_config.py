"""vec_config, vec_version and vec_debug."""
import re

import pytest

from vectors import error, statement_error, value


def test_version(engine):
    assert re.fullmatch(r"v\d+\.\d+\.\d+\S*", value(engine, "vec_version()"))


def test_debug_names_version_and_kernel(engine):
    lines = value(engine, "vec_debug()").splitlines()
    assert len(lines) >= 3
    assert any(value(engine, "vec_version()") in line for line in lines)
    assert any(value(engine, "vec_config('kernel')") in line for line in lines)


def test_debug_follows_the_kernel(engine):
    value(engine, "vec_config('kernel','scalar')")
    assert "scalar" in value(engine, "vec_debug()")


def test_build(engine):
    text = value(engine, "vec_config('build')")
    assert isinstance(text, str) and text.strip()


def test_the_kernel_is_one_of_the_list(engine):
    kernel = value(engine, "vec_config('kernel')")
    listed = error(engine, "vec_config('kernel','nonsense')")
    assert "nonsense" in listed
    assert re.search(rf"\b{kernel}\b", listed)
    assert re.search(r"\bscalar\b", listed)


def test_setting_the_kernel_returns_it(engine):
    best = value(engine, "vec_config('kernel')")
    assert value(engine, "vec_config('kernel','scalar')") == "scalar"
    assert value(engine, "vec_config('kernel')") == "scalar"
    assert value(engine, "vec_config('kernel',?)", best) == best
    assert value(engine, "vec_config('kernel')") == best


def test_a_refused_kernel_changes_nothing(engine):
    value(engine, "vec_config('kernel','scalar')")
    for bad in ("'nonsense'", "''", "'SCALAR '", "1", "x'00'", "x'FF'"):
        assert error(engine, f"vec_config('kernel',{bad})")
    assert value(engine, "vec_config('kernel')") == "scalar"


def test_the_kernel_belongs_to_its_connection(connect):
    one, two = connect(), connect()
    best = value(two, "vec_config('kernel')")
    value(one, "vec_config('kernel','scalar')")
    assert value(two, "vec_config('kernel')") == best
    assert value(one, "vec_config('kernel')") == "scalar"
    assert value(connect(), "vec_config('kernel')") == best


def test_a_statement_sees_the_kernel_set_between_its_runs(engine):
    # vec_config is not constant: a prepared statement asks again.
    sql = "SELECT vec_config('kernel')"
    first = engine.execute(sql)
    value(engine, "vec_config('kernel','scalar')")
    assert engine.execute(sql) == [("scalar",)]
    value(engine, "vec_config('kernel',?)", first[0][0])
    assert engine.execute(sql) == first


@pytest.mark.parametrize("key", ["'nonsense'", "''", "1", "x'FF'"])
def test_an_unknown_key_lists_the_keys(engine, key):
    message = error(engine, f"vec_config({key})")
    assert "build" in message and "kernel" in message


def test_the_build_cannot_be_set(engine):
    assert error(engine, "vec_config('build','x')")


@pytest.mark.parametrize("arguments", ["", "'kernel','scalar','x'"])
def test_the_number_of_arguments(engine, arguments):
    assert "wrong number of arguments" in error(engine, f"vec_config({arguments})")


def test_no_view_or_trigger_can_change_the_configuration(engine):
    engine.script("CREATE VIEW w AS SELECT vec_config('kernel','scalar') AS k;"
                  "CREATE TABLE t(x);"
                  "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT vec_config('kernel','scalar');"
                  " END;")
    best = value(engine, "vec_config('kernel')")
    assert "unsafe use" in statement_error(engine, "SELECT k FROM w")
    assert "unsafe use" in statement_error(engine, "INSERT INTO t VALUES (1)")
    assert value(engine, "vec_config('kernel')") == best


def test_control_a_plain_function_is_allowed_in_a_view(engine):
    engine.script("CREATE VIEW w AS SELECT vec_length('[1]') AS k")
    assert engine.execute("SELECT k FROM w") == [(1,)]
