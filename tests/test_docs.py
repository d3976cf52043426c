"""README.md and docs/: every example prints what the page says.

The ```sql blocks of a page run in their order on one empty database, in two SQLites. Comment lines
directly below a statement are what it prints: rows as the sqlite3 shell shows them (`-- 1|0.5`), of
EXPLAIN QUERY PLAN the last column, `-- (no rows)` for a query without any, or `-- error: ` and the
message. A comment after a blank line belongs to the statement below it. Whatever prints something
must say so on the page.

```python blocks are programs, run where build/ is; what they print stands behind each print().
"""

import re
import sqlite3
import subprocess
import sys

import pytest

from conftest import LIBRARY, ROOT, Engine
from test_surface import FUNCTIONS, MODULES

ALL = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# test_demo.py runs the SQL of demo.md, on the database that it is about; docs/README.md has links.
ELSEWHERE = {ROOT / "docs" / "demo.md", ROOT / "docs" / "README.md"}
PAGES = [path for path in ALL if path not in ELSEWHERE]
EACH_PAGE = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)


def blocks(text, language):
    """(number of its first line, content) of each block."""
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)
    return [(text.count("\n", 0, match.start(1)) + 1, match[1]) for match in found]


def examples(text):
    """(line, statement, expected lines) of every SQL statement, and the dot commands between."""
    found = []
    for first, block in blocks(text, "sql"):
        pending, below = "", False  # `below`: the line before ends a statement or its result
        for number, line in enumerate(block.splitlines(), first):
            if below and line.startswith("-- "):
                found[-1][2].append(line.removeprefix("-- ").removeprefix("→ "))
                continue
            below = False
            if not pending.strip() and line.startswith("."):
                found.append((number, line, []))
                continue
            pending += line + "\n"
            if line.rstrip().endswith(";") and sqlite3.complete_statement(pending):
                found.append((number, pending, []))
                pending, below = "", True
        if re.sub(r"--.*", "", pending).strip():
            found.append((number, pending, ["a statement that ends in ;"]))
    return found


def printed(engine, statement):
    """What the shell would print, line by line."""
    try:
        rows = engine.execute(statement)
    except (*Engine.Error, sqlite3.Warning) as error:
        return f"error: {error}".splitlines()
    words = re.sub(r"--.*", "", statement).upper().split()
    if words[:3] == ["EXPLAIN", "QUERY", "PLAN"]:
        rows = [row[3:] for row in rows]
    if not rows:
        return ["(no rows)"] if words[0] in ("SELECT", "WITH", "VALUES") else []

    def as_text(value):
        assert not isinstance(value, bytes), f"a blob is no text, write hex(...): {statement}"
        return engine.execute("SELECT ifnull(CAST(? AS TEXT), '')", (value,))[0][0]

    return "\n".join("|".join(map(as_text, row)) for row in rows).split("\n")


def check(engine, text):
    """What is wrong with the SQL of a page, a line each."""
    faults, checked = [], 0
    for line, statement, expected in examples(text):
        if statement.startswith("."):
            if statement != ".load ./build/vecgraph":
                faults.append(f"line {line}: nothing checks {statement}")
            continue
        found = printed(engine, statement)
        checked += bool(expected)
        if found != expected:
            faults.append(f"line {line}: prints {found}, the page says {expected}")
    return faults if checked else [*faults, "no example with a result"]


# ---- the pages ---------------------------------------------------------------------------------


@EACH_PAGE
def test_every_example_prints_what_the_page_says(engine, path):
    assert check(engine, path.read_text()) == []


def test_the_demo_page_is_run_by_its_own_test():
    assert ELSEWHERE <= set(ALL)
    assert '"demo.md"' in (ROOT / "tests" / "test_demo.py").read_text()


def test_every_public_name_is_in_an_example():
    code = "\n".join(sql for path in PAGES for _, sql, _ in examples(path.read_text()))
    names = {row.name for row in FUNCTIONS} | set(MODULES)
    assert {name for name in names if not re.search(rf"\b{name}\b", code)} == set()


@pytest.fixture
def checkout(tmp_path):
    """A folder with the library where a build leaves it, and the files of SQL."""
    (tmp_path / "sql").symlink_to(ROOT / "sql")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / f"vecgraph{LIBRARY.suffix}").symlink_to(LIBRARY)
    return tmp_path


def test_the_first_example_in_the_shell(checkout):
    text = (ROOT / "README.md").read_text()
    first = blocks(text, "sql")[0][1]
    assert first.startswith(".load ./build/vecgraph\n")
    done = subprocess.run(
        ["sqlite3", "-bail"], cwd=checkout, input=first, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = [line for _, _, lines in examples(f"```sql\n{first}```\n") for line in lines]
    assert done.stdout.splitlines() == expected


def run_python(folder, code):
    """(what the program printed, what its comments say)."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120
    )
    expected = re.findall(r"^ *print\(.*\)  # (.*)$", code, re.M)
    return (done.stdout + done.stderr).splitlines(), expected


def python_blocks():
    return [
        pytest.param(code, id=f"{path.name}:{line}")
        for path in ALL
        for line, code in blocks(path.read_text(), "python")
    ]


@pytest.mark.parametrize("code", python_blocks())
def test_every_program_prints_what_its_comments_say(checkout, code):
    found, expected = run_python(checkout, code)
    assert expected
    assert found == expected


# ---- links -------------------------------------------------------------------------------------


def anchors(path):
    """The names that GitHub gives to the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path, text):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    assert broken_links(path, path.read_text()) == []


def test_the_index_names_every_page():
    index = (ROOT / "docs" / "README.md").read_text()
    missing = [path.name for path in ALL[1:] if f"]({path.name})" not in index]
    assert missing == ["README.md"]


# ---- controls ----------------------------------------------------------------------------------


def page(*lines):
    return "\n".join(["# Made up", "```sql", *lines, "```", "text", ""])


TABLE = "CREATE TABLE t(x);"

RIGHT = [
    page("SELECT 1, 'a', NULL, 0.5;", "-- 1|a||0.5"),
    page("SELECT 1;", "-- → 1"),
    page(TABLE, "INSERT INTO t VALUES (1), (2);", "", "-- All:", "SELECT x FROM t;", "-- 1", "-- 2"),
    page("SELECT 1 WHERE 0;", "-- (no rows)"),
    page("SELECT vec_f32('[1,]');", "-- error: JSON parsing error"),
    page("SELECT", "  vec_length('[1,2]');  ", "-- 2"),
    page("SELECT 'a' || char(10) || 'b';", "-- a", "-- b"),
    page(TABLE, "CREATE TRIGGER r AFTER INSERT ON t BEGIN", "  SELECT 1;", "END;", "SELECT 2;", "-- 2"),
    page(TABLE, "SELECT 1;", "-- 1") + page("SELECT count(*) FROM t;", "-- 0"),
    page(".load ./build/vecgraph", "SELECT vec_length('[1]');", "-- 1"),
]

WRONG = {
    "value": page("SELECT 1;", "-- 2"),
    "type": page("SELECT 1;", "-- 1.0"),
    "row missing on the page": page("VALUES (1), (2);", "-- 1"),
    "row too many on the page": page("SELECT 1;", "-- 1", "-- 2"),
    "order": page("VALUES (1), (2);", "-- 2", "-- 1"),
    "result not given": page("SELECT 1;", "-- 1", "SELECT 2;"),
    "result behind the statement": page("SELECT 1; -- 1", "SELECT 2;", "-- 2"),
    "rows where there are none": page("SELECT 1 WHERE 0;", "-- 1"),
    "no rows where there are some": page("SELECT 1;", "-- (no rows)"),
    "error where there is none": page("SELECT 1;", "-- error: JSON parsing error"),
    "another error": page("SELECT vec_f32('[1,]');", "-- error: JSON"),
    "an error that is not mentioned": page("SELECT vec_f32('[1,]');", "SELECT 1;", "-- 1"),
    "statement that does not end": page("SELECT 1;", "-- 1", "SELECT 2"),
    "other dot command": page(".mode box", "SELECT 1;", "-- 1"),
    "no statement": page(),
    "nothing printed": page(TABLE),
    "no block": "# Made up\n\n    SELECT 1;\n    -- 1\n",
    "unchecked block": "# Made up\n\n```\nSELECT 1;\n-- 2\n```\n",
}


@pytest.mark.parametrize("text", RIGHT)
def test_control_a_right_page_passes(engine, text):
    assert check(engine, text) == []


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_control_a_wrong_page_fails(engine, text):
    assert check(engine, text) != []


def test_control_a_fault_names_the_line(engine):
    faults = check(engine, page("SELECT 1;", "-- 1", "", "SELECT 2;", "-- 3"))
    assert faults == ["line 6: prints ['2'], the page says ['3']"]


@pytest.mark.parametrize(
    "code", ["print(1)  # 2", "print(1)  # 1\nprint(2)", "print(1)  # 1\nraise SystemExit('no')"]
)
def test_control_a_wrong_program_fails(checkout, code):
    found, expected = run_python(checkout, code)
    assert found != expected


def test_control_a_broken_link_is_seen():
    text = "[a](README.md) [b](docs/nowhere.md) [c](#nowhere) [d](README.md#vecgraph)"
    assert broken_links(ROOT / "README.md", text) == ["docs/nowhere.md", "#nowhere"]
