"""The file of the MCP memory server: loaded by the shell, written by a query, and the same again."""

import json
import random
import shutil
import sqlite3

import pytest

from conftest import ROOT
from store_model import schema
from test_bulk_load import rows, shell

WRITE = (ROOT / "sql" / "queries" / "write_memory.sql").read_text()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The file of an empty store."""
    path = tmp_path_factory.mktemp("store") / "store.db"
    with sqlite3.connect(path) as db:
        db.executescript("BEGIN;" + schema() + "COMMIT;")
    db.close()
    return path


@pytest.fixture
def folder(tmp_path, store):
    shutil.copy(store, tmp_path)
    return tmp_path


def put(folder, lines):
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "memory.jsonl").write_text(text)


def load(folder, lines, *before):
    put(folder, lines)
    return shell(folder, "memory_jsonl.sql", *before).stdout


def written(folder, **params):
    db = sqlite3.connect(folder / "store.db")
    found = [json.loads(line) for (line,) in db.execute(WRITE, {"domain": None, **params})]
    db.close()
    return found


def entity(name, kind="person", *observations):
    return {"type": "entity", "name": name, "entityType": kind, "observations": list(observations)}


def relation(source, target, kind="knows"):
    return {"type": "relation", "from": source, "to": target, "relationType": kind}


GRAPH = [
    entity("Ada", "person", "likes tea", 'says "hi"\nand more', "naïve 🙂"),
    entity("Bob", ""),
    entity("C++", "language", ""),
    relation("Ada", "Bob"),
    relation("Ada", "Bob", "works with"),
    relation("Bob", "Bob", "is"),
]


def test_there_and_back(folder):
    assert load(folder, GRAPH) == ""
    assert written(folder) == GRAPH
    assert rows(folder, "SELECT id, type, title, summary FROM nodes") == [
        ("Ada", "person", "Ada", 'likes tea\nsays "hi"\nand more\nnaïve 🙂'),
        ("Bob", None, "Bob", None),
        ("C++", "language", "C++", None),
    ]


def test_a_second_load_writes_nothing(folder):
    load(folder, GRAPH)
    before = (folder / "store.db").read_bytes()
    load(folder, GRAPH)
    assert (folder / "store.db").read_bytes() == before


@pytest.mark.parametrize("seed", range(5))
def test_random_graphs_there_and_back(folder, seed):
    rng = random.Random(seed)
    words = ["a", "B c", "ü", "'", '"', "\\", "日本", "{", "\t", "null", "1"]
    names = rng.sample([f"{one}{other}" for one in words for other in words], 30)
    graph = [
        entity(name, rng.choice(["", *words]), *(rng.choice(words) for _ in range(rng.randrange(4))))
        for name in names
    ]
    pairs = {(rng.choice(names), rng.choice(names), rng.choice(words)) for _ in range(40)}
    graph += [relation(*pair) for pair in sorted(pairs)]
    mixed = graph[:]
    rng.shuffle(mixed)
    assert load(folder, mixed) == ""
    assert sorted(map(json.dumps, written(folder))) == sorted(map(json.dumps, graph))


def test_the_rest_of_a_node_stays(folder):
    load(folder, [entity("Ada", "person", "old")])
    db = sqlite3.connect(folder / "store.db")
    db.execute(
        "UPDATE nodes SET title = 'Ada L.', domain = 'x', date = '2026-01-01',"
        " meta = json_set(meta, '$.source', 'a.md', '$.tags', json('[\"t\"]'))"
    )
    db.commit()
    db.close()
    load(folder, [entity("Ada", "poet", "new", "newer")])
    ((title, kind, domain, date, meta, summary),) = rows(
        folder, "SELECT title, type, domain, date, meta, summary FROM nodes"
    )
    assert (title, kind, domain, date) == ("Ada", "poet", "x", "2026-01-01")
    assert json.loads(meta) == {
        "source": "a.md", "tags": ["t"], "observations": ["new", "newer"],
    }
    assert summary == "new\nnewer"
    assert rows(folder, "SELECT tag FROM tags") == [("t",)]


def test_of_an_entity_that_comes_twice_the_last_counts(folder):
    load(folder, [entity("b", "x", "1"), entity("a", "x"), entity("b", "y", "2")])
    assert written(folder) == [entity("b", "y", "2"), entity("a", "x")]


def test_an_end_that_is_no_entity_becomes_one(folder):
    said = load(folder, [relation("a", "b"), relation("c", "a")], "PRAGMA foreign_keys = ON")
    assert said == "".join(
        f"memory.jsonl:{line}: no entity '{name}', made a node\n" for line, name in [(1, "a"), (1, "b"), (2, "c")]
    )
    assert written(folder)[3:] == [relation("a", "b"), relation("c", "a")]


def test_only_a_domain_is_written(folder):
    load(folder, [entity("a"), entity("b"), relation("a", "b"), relation("a", "a")])
    db = sqlite3.connect(folder / "store.db")
    db.execute("UPDATE nodes SET domain = 'other' WHERE id = 'b'")
    db.commit()
    db.close()
    assert written(folder, domain="knowledge") == [entity("a"), relation("a", "a")]


def test_nodes_that_did_not_come_from_such_a_file(folder):
    db = sqlite3.connect(folder / "store.db")
    db.execute(
        "INSERT INTO nodes (id, type, summary, meta) VALUES ('a', 'note', 'A text.', 'no JSON'),"
        " ('b', NULL, NULL, '{}'), ('c', 'x', 'B', '{\"observations\": 5}')"
    )
    db.commit()
    db.close()
    assert written(folder) == [entity("a", "note", "A text."), entity("b", ""), entity("c", "x", "B")]
    before = written(folder)
    load(folder, before)
    assert written(folder) == before


@pytest.mark.parametrize(
    "line",
    [
        "no",
        "[1]",
        '"entity"',
        "{}",
        '{"type": "other"}',
        '{"type": "entity"}',
        '{"type": "entity", "name": 5, "entityType": "x", "observations": []}',
        '{"type": "entity", "name": "a", "entityType": "x", "observations": "one"}',
        '{"type": "entity", "name": "a", "entityType": ["x"], "observations": []}',
        '{"type": "relation", "from": "a"}',
        '{"type": "relation", "from": "a", "to": null, "relationType": "x"}',
    ],
)
def test_a_faulty_line_loads_nothing(folder, line):
    (folder / "memory.jsonl").write_text(json.dumps(entity("a")) + "\n" + line + "\n")
    before = (folder / "store.db").read_bytes()
    done = shell(folder, "memory_jsonl.sql", check=False)
    assert done.returncode != 0
    assert "each line must be an entity" in done.stderr
    assert f"memory.jsonl:2: {line[:60]}" in done.stdout
    assert (folder / "store.db").read_bytes() == before
