"""No table, view or trigger of the store has the name of a function or module of the library.

Such a view would hide the table function, and the other way round a query would mean one thing with
the library and another without.
"""

import re

from conftest import Engine
from reading import SQL, make_store

# What the library may have one day: names that are public by its prefixes.
ALLOWED = {"graph_issues"}


def applied():
    """The names in a store with all that is optional, too."""
    engine = make_store(Engine("sqlite3", loaded=False))
    for path in sorted((SQL / "optional").glob("*.sql")):
        if not path.stem.endswith("_drop"):
            engine.script(path.read_text())
    tables = "SELECT lower(name) FROM {}sqlite_master WHERE type IN ('table', 'view', 'trigger')"
    names = {name for (name,) in engine.execute(tables.format(""))}
    names |= {name for (name,) in engine.execute(tables.format("ram."))}
    engine.close()
    return names


def registered():
    engine = Engine("sqlite3")
    functions = {name for (name,) in engine.execute("SELECT name FROM pragma_function_list")}
    modules = {name for (name,) in engine.execute("SELECT name FROM pragma_module_list")}
    engine.close()
    return functions, modules


def test_no_name_is_taken_twice():
    names, (functions, modules) = applied(), registered()
    assert len(names) > 30 and "vec_topk" in modules and "vec_dot" in functions
    assert names & (functions | modules) == set()


def test_the_prefixes_are_the_library_s():
    taken = {name for name in applied() if re.match(r"(vec|graph|db)_", name)}
    assert taken == ALLOWED


def test_nothing_that_is_stored_calls_the_library():
    engine = make_store(Engine("sqlite3", loaded=False))
    functions, modules = registered()
    own = {name for name in functions | modules if re.match(r"(vec|graph|db)_", name)}
    for name, sql in engine.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"):
        words = set(re.findall(r"\w+", re.sub(r"--.*", "", sql).lower()))
        assert not words & own, name
    engine.close()
