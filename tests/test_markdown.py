"""examples/load_markdown.py: what it reads, what a second run does, and rebuilding the database."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from conftest import ROOT, load

sys.path.insert(0, str(ROOT / "examples"))

import load_markdown  # noqa: E402
import markdown_notes  # noqa: E402

ROOT_NOTE = """---
title: "The start"
date: 2026-01-02
tags: [plan, "two words", '#mark']
---
Before any heading, see [the end](sub/end.md "a title").

# One

First paragraph,
over two lines. #inline #é/ü but not a#b, `#code`, #1 or https://x.org/#part

Second paragraph with [[End]], [[end#Last words|shown]] and [[nowhere]].

## Two
```python
# not a heading, [no](link.md), #notag
```
### Two
[up](#one) [out](https://example.org/a.md) [gone](gone.md) ![image](sub/end.md) [pdf](a.pdf)
# One
"""
END_NOTE = """# The end
## Last words
[back](../start.md#one) [second](../start.md#one-1) [missing part](../start.md#nothing)
"""


@pytest.fixture
def folder(tmp_path):
    notes = tmp_path / "notes"
    (notes / "sub").mkdir(parents=True)
    (notes / ".hidden").mkdir()
    (notes / "start.md").write_text(ROOT_NOTE)
    (notes / "sub" / "end.md").write_text(END_NOTE)
    (notes / ".hidden" / "no.md").write_text("# no")
    (notes / "other.txt").write_text("# no")
    return notes


def run(folder, *arguments, check=True):
    script = ROOT / "examples" / "load_markdown.py"
    command = [sys.executable, script, folder, "--output", folder.parent / "n.db", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert not check or done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if check else done.stderr


def query(folder, sql, params=()):
    with closing(sqlite3.connect(folder.parent / "n.db")) as db:
        return db.execute(sql, params).fetchall()


def graph(path):
    """Everything but history, and but the numbers of rows."""
    with closing(sqlite3.connect(path)) as db:
        columns = "id, type, title, domain, layer, hash, meta, date, summary, embedding"
        return [
            sorted(db.execute(f"SELECT {names} FROM {table}"), key=repr)
            for table, names in (("nodes", columns), ("edges", "*"), ("tags", "*"))
        ]


# ---- reading -----------------------------------------------------------------------------------


def test_headings_become_nodes(folder):
    run(folder)
    rows = query(
        folder,
        "SELECT id, type, title, json_extract(meta, '$.line'), date, domain FROM nodes ORDER BY id",
    )
    assert rows == [
        ("start", "document", "The start", 1, "2026-01-02", "notes"),
        ("start#one", "section", "One", 8, None, "notes"),
        ("start#one-1", "section", "One", 21, None, "notes"),
        ("start#two", "section", "Two", 15, None, "notes"),
        ("start#two-1", "section", "Two", 19, None, "notes"),
        ("sub-end", "document", "The end", 1, None, "notes"),
        ("sub-end#last-words", "section", "Last words", 2, None, "notes"),
        ("sub-end#the-end", "section", "The end", 1, None, "notes"),
    ]


def test_headings_and_links_become_edges(folder):
    done = run(folder)
    edges = query(folder, "SELECT source, target FROM edges WHERE type = ? ORDER BY 1, 2", ("CONTAINS",))
    assert edges == [
        ("start", "start#one"),
        ("start", "start#one-1"),
        ("start#one", "start#two"),
        ("start#two", "start#two-1"),
        ("sub-end", "sub-end#the-end"),
        ("sub-end#the-end", "sub-end#last-words"),
    ]
    edges = query(folder, "SELECT source, target FROM edges WHERE type = ? ORDER BY 1, 2", ("LINKS_TO",))
    assert edges == [
        ("start", "sub-end"),
        ("start#one", "sub-end"),
        ("start#one", "sub-end#last-words"),
        ("start#two-1", "start#one"),
        ("sub-end#last-words", "start"),  # there is no such part: the file
        ("sub-end#last-words", "start#one"),
        ("sub-end#last-words", "start#one-1"),
    ]
    assert "2 links lead nowhere" in done  # gone.md and [[nowhere]]


def test_tags_become_tags(folder):
    run(folder)
    assert query(folder, "SELECT node_id, tag FROM tags ORDER BY tag") == [
        ("start", tag) for tag in ("inline", "mark", "plan", "two words", "é/ü")
    ]


def test_the_content_stays_in_the_file(folder):
    run(folder)
    meta, summary = query(folder, "SELECT meta, summary FROM nodes WHERE id = 'start#one'")[0]
    assert json.loads(meta)["source"] == "start.md"
    assert summary == (
        "First paragraph, over two lines. #inline #é/ü but not a#b, `#code`, #1 or"
        " https://x.org/#part"
    )
    assert query(folder, "SELECT 1 FROM nodes WHERE summary LIKE '%Second paragraph%'") == []
    indexed = "CASE WHEN json_valid(meta) THEN json_extract(meta, '$.source') END = 'sub/end.md'"
    assert len(query(folder, f"SELECT id FROM nodes WHERE {indexed}")) == 3


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("", ["name"]),
        ("text only", ["name"]),
        ("## Low\n# High", ["name", "Low", "High"]),
        ("# A #\n#No\n####### No\n    # Yes, as text", ["A", "A"]),
        ("~~~\n# no\n```\n~~~\n# Yes", ["Yes", "Yes"]),
        ("````\n```\n# no\n````\n# Yes", ["Yes", "Yes"]),
        ("```\n# never closed", ["name"]),
        ("---\ntitle: T\n---\n# A", ["T", "A"]),
        ("---\nno front matter", ["name"]),
        ("---\n---\n# A", ["A", "A"]),
        ("\ufeff# A\r\n# B\r\n", ["A", "A", "B"]),
        ("# !!!\n# ???", ["!!!", "!!!", "???"]),
    ],
)
def test_headings(text, titles):
    notes = markdown_notes.parse("folder/name.md", text)
    assert [note.title for note in notes] == titles
    assert len({note.slug for note in notes}) == len(notes)


@pytest.mark.parametrize(
    ("front", "tags"),
    [
        ("tags: [a, b]", ["a", "b"]),
        ("tags:\n  - a\n  - 'b c'", ["a", "b c"]),
        ("tags: a", ["a"]),
        ("tags:", []),
        ("tags: []\ntitle: x", []),
        ("Tags: [a, a]", ["a"]),
    ],
)
def test_tags_of_front_matter(front, tags):
    assert markdown_notes.parse("a.md", f"---\n{front}\n---\ntext")[0].tags == tags


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("docs/a.md", "docs-a"),
        ("./docs//A b.md", "docs-a-b"),
        ("../x/y.ts", "x-y"),
        ("a.md.md", "a-md"),
        ("-a-", "a"),
        ("äöü.md", ""),
        ("x.MD", "x-md"),
    ],
)
def test_ids_are_those_of_the_library(db, path, expected):
    assert markdown_notes.graph_id(path) == expected
    assert db.execute("SELECT graph_id(?)", (path,)).fetchone() == (expected,)


def test_ids_that_would_be_the_same_are_told_apart():
    ids = load_markdown.name_files(["a b.md", "a-b.md", "c.md", "ä.md", "ö.md"])
    assert len(set(ids.values())) == 5 and all(ids.values())
    assert ids["c.md"] == "c" and ids["a b.md"].startswith("a-b-")
    assert load_markdown.name_files(["a-b.md"]) == {"a-b.md": "a-b"}


# ---- a second run ------------------------------------------------------------------------------


def test_without_a_change_nothing_is_written(folder):
    run(folder)
    before = query(folder, "SELECT * FROM history"), graph(folder.parent / "n.db")
    assert "2 files, 0 read, 0 gone" in run(folder)
    assert (query(folder, "SELECT * FROM history"), graph(folder.parent / "n.db")) == before


def test_only_changed_files_are_read(folder):
    run(folder)
    last = query(folder, "SELECT max(id) FROM history")[0][0]
    (folder / "sub" / "end.md").write_text(END_NOTE + "\nmore text #new\n")
    assert "2 files, 1 read, 0 gone" in run(folder)
    changed = query(folder, "SELECT DISTINCT entity_id FROM history WHERE id > ? ORDER BY 1", (last,))
    assert changed == [('["sub-end","new"]',), ("sub-end",), ("sub-end#last-words",)]
    assert query(folder, "SELECT tag FROM tags WHERE node_id = 'sub-end'") == [("new",)]


def test_what_is_gone_goes(folder):
    run(folder)
    (folder / "sub" / "end.md").unlink()
    (folder / "start.md").write_text("# One\n")
    run(folder)
    assert query(folder, "SELECT id FROM nodes ORDER BY 1") == [("start",), ("start#one",)]
    assert query(folder, "SELECT source, target FROM edges") == [("start", "start#one")]
    assert query(folder, "SELECT * FROM tags") == []
    assert query(folder, "SELECT title, date FROM nodes WHERE id = 'start'") == [("One", None)]


def test_a_link_finds_its_file_when_that_comes(folder):
    run(folder)
    (folder / "gone.md").write_text("# here")
    assert "3 files, 1 read" in run(folder)  # start.md, which holds the link, is not read again
    found = query(folder, "SELECT source FROM edges WHERE target = 'gone' AND type = 'LINKS_TO'")
    assert found == [("start#two-1",)]


def test_other_nodes_and_edges_are_left_alone(folder):
    run(folder)
    with closing(sqlite3.connect(folder.parent / "n.db")) as db:
        db.execute("INSERT INTO nodes (id, domain) VALUES ('mine', 'knowledge')")
        db.execute("INSERT INTO edges (source, target, type) VALUES ('start', 'mine', 'cites')")
        db.execute("INSERT INTO edges (source, target, type) VALUES ('mine', 'start', 'LINKS_TO')")
        db.commit()
    (folder / "start.md").write_text("# Changed")
    run(folder)
    rows = query(folder, "SELECT source, target FROM edges WHERE 'mine' IN (source, target) ORDER BY 1")
    assert rows == [("mine", "start"), ("start", "mine")]
    (folder / "mine.md").write_text("text")
    assert "the id mine of mine.md is that of a node in the domain knowledge" in run(folder, check=False)


def test_a_file_that_is_no_text_changes_nothing(folder):
    run(folder)
    before = graph(folder.parent / "n.db")
    (folder / "start.md").write_text("changed")
    (folder / "bad.md").write_bytes(b"\xff\xfe")
    assert "bad.md: not UTF-8" in run(folder, check=False)
    assert graph(folder.parent / "n.db") == before


def test_no_folder(tmp_path):
    assert "is not a folder" in run(tmp_path / "nothing", check=False)


# ---- vectors -----------------------------------------------------------------------------------

# Three numbers from the text, and a log of the ids that were asked for.
EMBED = """
import json, sys
for line in sys.stdin:
    ask = json.loads(line)
    print(ask["id"], file=open("asked.txt", "a"))
    text = ask["text"]
    print(json.dumps({"id": ask["id"], "embedding": [len(text), text.count("e"), 1]}))
"""


@pytest.fixture
def embed(folder, monkeypatch):
    """The argument for a command that makes vectors, and a function: ids since it was last called."""
    monkeypatch.chdir(folder.parent)
    (folder.parent / "embed.py").write_text(EMBED)

    def asked():
        log = folder.parent / "asked.txt"
        ids = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return sorted(ids)

    return f"--embed={sys.executable} embed.py", asked


def test_vectors_come_from_a_command(folder, embed):
    option, asked = embed
    run(folder, option)
    assert len(asked()) == 8
    assert query(folder, "SELECT count(*) FROM nodes WHERE length(embedding) = 12") == [(8,)]
    run(folder, option)
    assert asked() == []
    (folder / "sub" / "end.md").write_text(END_NOTE + "more\n")
    run(folder, option)
    assert asked() == ["sub-end", "sub-end#last-words"]  # the other heading says the same as before


def test_vectors_can_come_later(folder, embed):
    option, asked = embed
    run(folder)
    assert query(folder, "SELECT count(embedding) FROM nodes") == [(0,)]
    run(folder, option)
    assert len(asked()) == 8


def test_a_changed_text_loses_its_old_vector(folder, embed):
    run(folder, embed[0])
    (folder / "sub" / "end.md").write_text(END_NOTE + "more\n")
    run(folder)
    sql = "SELECT id FROM nodes WHERE embedding IS NULL ORDER BY 1"
    assert query(folder, sql) == [("sub-end",), ("sub-end#last-words",)]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("exit(3)", "ended with status 3"),
        ("print('no JSON')", "line 1 from the command for vectors"),
        ("pass", "answered not once for each id"),
        ("print(json.dumps({'id': 'x', 'embedding': [1]}))", "answered not once for each id"),
        ("print('{\"id\": \"start\", \"embedding\": [NaN]}')", "NaN or Inf"),
        ("print('{\"id\": \"start\", \"embedding\": []}')", "empty vector"),
        ("print('{\"id\": \"start\", \"embedding\": [1e99]}')", "line 1 from the command"),
        (
            "[print(json.dumps({'id': json.loads(a)['id'], 'embedding': [1] * (i + 1)}))"
            " for i, a in enumerate(sys.stdin)]",
            "different lengths: [1, 2,",
        ),
    ],
)
def test_a_bad_command_changes_nothing(folder, program, message):
    (folder.parent / "bad.py").write_text(f"import json, sys\n{program}\n")
    option = f"--embed={sys.executable} {folder.parent / 'bad.py'}"
    assert message in run(folder, option, check=False)
    assert query(folder, "SELECT count(*) FROM nodes") == [(0,)]


def test_vectors_of_words(folder):
    (folder / "soup.md").write_text("# Soup\ntomatoes and lentils, cooked slowly")
    (folder / "pond.md").write_text("# Pond\ndigging in the garden, frogs")
    run(folder, "--terms")
    before = graph(folder.parent / "n.db")
    assert "0 read" in run(folder, "--terms")
    assert graph(folder.parent / "n.db") == before
    with closing(sqlite3.connect(folder.parent / "n.db")) as db:
        load(db)
        sql = """SELECT id FROM vec_topk('nodes', 'embedding',
                   (SELECT vec_normalize(vec_sum(vector)) FROM terms
                    WHERE term IN ('cooked', 'tomatoes')), 1)"""
        assert db.execute(sql).fetchone()[0].startswith("soup")


# ---- delete and rebuild ------------------------------------------------------------------------

WORDS = "one two three [a](a.md) [b](sub/b.md#one) [[c]] #tag #other `code` [[a#two|x]]".split()


def scribble(draw, folder):
    """Writes, changes, moves or deletes a file."""
    names = ["a.md", "sub/b.md", "c.md", "a b.md", "a-b.md", "sub/ä.md", "sub/deep/d.md"]
    path = folder / draw.choice(names)
    action = draw.random()
    if action < 0.2:
        path.unlink(missing_ok=True)
    elif action < 0.35 and path.exists():
        path.rename(folder / draw.choice(["moved.md", "a.md"]))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ["---\ntags: [x]\ndate: 2026-01-01\n---"] if draw.random() < 0.3 else []
        for _ in range(draw.randrange(6)):
            heading = "#" * draw.randrange(1, 4) + " " + draw.choice(["One", "Two", "ß"])
            text = " ".join(draw.choices(WORDS, k=draw.randrange(8)))
            lines.append(draw.choice([heading, text, "", f"```\n{text}\n```"]))
        path.write_text("\n".join(lines))


@pytest.mark.parametrize("seed", range(3))
def test_the_rebuilt_database_is_the_same(folder, embed, seed):
    """After every step: the database that was kept up to date, and one that is made anew."""
    draw = random.Random(seed)
    live, fresh = folder.parent / "live.db", folder.parent / "fresh.db"
    command = embed[0].partition("=")[2]
    for step in range(25):
        for _ in range(draw.randrange(4)):
            scribble(draw, folder)
        fresh.unlink(missing_ok=True)
        for path in (live, fresh):
            with closing(sqlite3.connect(path, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous = OFF")
                load_markdown.migrate(db)
                load_markdown.load(db, folder, "notes", command if step % 5 == 0 else None, False)
                assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        if step % 5 == 0:  # those without a command in between lost the vectors of what changed
            assert graph(live) == graph(fresh), step
        rows = [[[row[:9] for row in table] for table in graph(path)] for path in (live, fresh)]
        assert rows[0] == rows[1], step
    assert len(graph(live)[0]) > 3


def test_delete_the_database_and_rebuild_it(folder, embed):
    option, _ = embed
    path = folder.parent / "n.db"
    run(folder, option)
    (folder / "new.md").write_text("# New\n[[start]] #tag")
    (folder / "sub" / "end.md").unlink()
    run(folder, option)
    before = graph(path)
    for name in os.listdir(folder.parent):
        if name.startswith("n.db"):
            (folder.parent / name).unlink()
    run(folder, option)
    assert graph(path) == before
    assert all(before)


def test_control_graph_sees_a_difference(folder):
    run(folder)
    path = folder.parent / "n.db"
    before = graph(path)
    shutil.copy(path, folder.parent / "copy.db")
    for sql in (
        "UPDATE nodes SET embedding = x'00' WHERE id = 'start'",
        "UPDATE edges SET confidence = 0.5",
        "DELETE FROM tags WHERE tag = 'plan'",
    ):
        shutil.copy(folder.parent / "copy.db", path)
        with closing(sqlite3.connect(path)) as db:
            db.execute(sql)
            db.commit()
        assert graph(path) != before
