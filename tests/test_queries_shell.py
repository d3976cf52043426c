"""The shell commands of docs/reading.md and docs/cache_table.md, run as they stand."""

import re
import subprocess

import pytest

from conftest import LIBRARY, ROOT, Engine
from reading import SQL, make_store
from test_docs import blocks


@pytest.fixture
def checkout(tmp_path):
    """A folder as the pages assume it: the library, sql/ and my.db, with the examples in it."""
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / f"vecgraph{LIBRARY.suffix}").symlink_to(LIBRARY)
    (tmp_path / "sql").symlink_to(SQL)
    engine = Engine("sqlite3", tmp_path / "my.db")
    make_store(engine)
    insert = re.search(r"^INSERT INTO put_node.*?;$", page("reading"), re.M | re.S)[0]
    engine.script(insert)
    engine.close()
    return tmp_path


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text()


def commands(name):
    return [block for _, block in blocks(page(name), "sh")]


def run(folder, block):
    done = subprocess.run(
        ["bash", "-euc", block], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_there_are_as_many_blocks_as_tests():
    assert len(commands("reading")) == 3
    assert len(commands("cache_table")) == 1


def test_a_sound_store_passes_the_check(checkout):
    (check,) = [block for block in commands("reading") if "check_store" in block]
    assert run(checkout, check) == []
    engine = Engine("sqlite3", checkout / "my.db", loaded=False)
    engine.execute("UPDATE nodes SET meta = 'broken' WHERE id = 'soup'")
    engine.close()
    assert run(checkout, check) == ["look at my.db"]


def test_parameters_of_the_shell(checkout):
    (block,) = [block for block in commands("reading") if ".parameter set" in block]
    rows = [line.split("|") for line in run(checkout, block)]
    assert [row[0] for row in rows] == ["soup", "umami", "0", "1"]
    assert [row[2] for row in rows[2:]] == ["pond", "soup"]
    # The score of a unit vector with itself.
    assert float(rows[0][1]) == pytest.approx(1)
    assert rows[0][2:4] == ["Tomato soup", "[Hollow Node: kitchen/soup.md]"]


def test_the_full_text_index_is_applied_and_dropped(checkout):
    (block,) = [block for block in commands("reading") if "fts.sql" in block]
    apply, drop = block.splitlines()
    assert run(checkout, apply) == []
    match = "SELECT n.id FROM nodes_fts AS f JOIN nodes AS n ON n.nid = f.rowid WHERE nodes_fts MATCH 'tomatoes' ORDER BY n.nid"
    assert run(checkout, f'sqlite3 my.db "{match}"') == ["soup", "beds"]
    assert run(checkout, drop) == []
    assert run(checkout, "sqlite3 my.db \"SELECT name FROM sqlite_master WHERE name GLOB '*fts*'\"") == []


def test_the_cache_in_memory(checkout):
    (block,) = commands("cache_table")
    assert run(checkout, block) == ["b"]
