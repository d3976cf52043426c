"""sql/load in the plain sqlite3 shell: what arrives, what a second run does, what is refused.

The library is loaded for embeddings.jsonl only."""

import csv
import json
import random
import sqlite3
import subprocess
import sys

import pytest
from conftest import LIBRARY, ROOT
from store_model import check_in_step, read, schema

LOAD = ROOT / "sql" / "load"
NODE = ("id", "type", "title", "domain", "layer", "hash", "meta", "date", "summary")
EDGE = ("source", "target", "type", "confidence", "veracity", "context_source")
DEFAULTS = {
    "nodes": {"domain": "knowledge", "layer": "experience"},
    "edges": {"type": "related_to", "confidence": 1.0, "veracity": 1.0},
    "tags": {},
}
COLUMNS = {"nodes": NODE, "edges": EDGE, "tags": ("node_id", "tag")}


@pytest.fixture
def folder(tmp_path):
    """An empty store as store.db."""
    with sqlite3.connect(tmp_path / "store.db") as db:
        db.executescript(schema())
    db.close()
    return tmp_path


def shell(folder, script, *before, check=True):
    done = subprocess.run(
        ["sqlite3", "-bail", "store.db", *before, f".read '{LOAD / script}'"],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )
    if check:
        assert (done.returncode, done.stderr) == (0, ""), done
    return done


def rows(folder, sql):
    db = sqlite3.connect(folder / "store.db")
    found = db.execute(sql).fetchall()
    db.close()
    return found


def state(folder):
    db = sqlite3.connect(folder / "store.db")
    found = read(lambda sql, params=(): db.execute(sql, params).fetchall())
    db.close()
    return found


def history(folder):
    return rows(folder, "SELECT * FROM history ORDER BY id")


TEXTS = ["plain", 'with "quotes", and comma', "two\nlines", "ümlaut 日本", "pipe|tab\t", "'", "007"]


def make_rows(seed, csv_file):
    """Random rows of each table, without keys that are not given."""
    draw = random.Random(seed)
    ids = [f"n{i}" for i in range(20)] + ["a/b", 'q"', "ü"]
    nodes, edges, tags = [], {}, {}
    for id in ids:
        row = {"id": id}
        for name in ("type", "title", "domain", "layer", "hash", "date", "summary"):
            if draw.random() < 0.5:
                row[name] = draw.choice(TEXTS)
        if draw.random() < 0.6:
            meta = {"source": id, "tags": draw.sample(["x", "y", "z"], draw.randint(0, 3))}
            row["meta"] = json.dumps(meta) if csv_file else meta
        nodes.append(row)
    for _ in range(60):
        row = {"source": draw.choice(ids), "target": draw.choice(ids)}
        if draw.random() < 0.7:
            row["type"] = draw.choice(["A", "B"])
        if draw.random() < 0.5:
            row["confidence"] = draw.choice([0.5, 0.1 + 0.2, 1.0])
        if draw.random() < 0.3:
            row["context_source"] = draw.choice(TEXTS)
        edges.setdefault((row["source"], row["target"], row.get("type", "related_to")), row)
    for row in nodes:
        if "meta" not in row:
            tags.update({(row["id"], tag): None for tag in draw.sample(["p", "q"], 1)})
    return {
        "nodes": nodes,
        "edges": list(edges.values()),
        "tags": [{"node_id": node, "tag": tag} for node, tag in tags],
    }


def write(folder, tables, kind):
    for name, table in tables.items():
        with (folder / f"{name}.{kind}").open("w", encoding="utf-8", newline="") as file:
            if kind == "jsonl":
                file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table))
            else:
                writer = csv.DictWriter(file, COLUMNS[name], restval="")
                writer.writeheader()
                writer.writerows(table)


def expected(tables):
    """What the store then holds, by name of the table: a set of rows."""
    added = {row["node_id"]: [row["tag"]] for row in tables["tags"]}
    found = {}
    for name in ("nodes", "edges"):
        full = [{**dict.fromkeys(COLUMNS[name]), **DEFAULTS[name], **row} for row in tables[name]]
        for row in full:
            if name == "nodes":
                meta = row["meta"]
                meta = json.loads(meta) if isinstance(meta, str) else meta
                if row["id"] in added:
                    meta = {**(meta or {}), "tags": added[row["id"]]}
                row["meta"] = meta and json.dumps(meta, sort_keys=True)
        found[name] = {tuple(row.values()) for row in full}
    return found


def loaded(folder):
    def canonical(row):
        row = list(row)
        row[6] = row[6] and json.dumps(json.loads(row[6]), sort_keys=True)
        return tuple(row)

    return {
        "nodes": {canonical(row) for row in rows(folder, f"SELECT {', '.join(NODE)} FROM nodes")},
        "edges": set(rows(folder, f"SELECT {', '.join(EDGE)} FROM edges")),
    }


@pytest.mark.parametrize("foreign_keys", [0, 1])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_loaded_and_loaded_again(folder, kind, seed, foreign_keys):
    tables = make_rows(seed, kind == "csv")
    write(folder, tables, kind)
    for name in tables:
        done = shell(folder, f"{name}_{kind}.sql", f"PRAGMA foreign_keys = {foreign_keys}")
        assert done.stdout == ""
    assert loaded(folder) == expected(tables)
    assert check_in_step(*state(folder)) is None
    before, log = state(folder), history(folder)
    assert log
    bytes_before = (folder / "store.db").read_bytes()
    for name in tables:
        shell(folder, f"{name}_{kind}.sql")
    assert (state(folder), history(folder)) == (before, log)
    assert (folder / "store.db").read_bytes() == bytes_before  # not a page


def test_only_what_changed_is_written(folder):
    tables = make_rows(9, False)
    write(folder, tables, "jsonl")
    for name in tables:
        shell(folder, f"{name}_jsonl.sql")
    count = len(history(folder))
    tables["nodes"][3]["title"] = "another"
    write(folder, tables, "jsonl")
    for name in tables:
        shell(folder, f"{name}_jsonl.sql")
    (row,) = history(folder)[count:]
    assert row[1:4] == ("node", "n3", "update")


def test_blank_lines_carriage_returns_and_labels(folder):
    (folder / "nodes.jsonl").write_bytes(b'\r\n{"id": "a", "label": "A"}\r\n \t\n{"id": 7}\n\n')
    shell(folder, "nodes_jsonl.sql")
    assert rows(folder, "SELECT id, title FROM nodes") == [("a", "A"), ("7", None)]
    before = (folder / "store.db").read_bytes()
    shell(folder, "nodes_jsonl.sql")
    assert (folder / "store.db").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "text", "fault", "line"),
    [
        ("nodes.jsonl", '{"id":"a"}\nno\n', "each line must be a JSON object with id", ":2: no"),
        ("nodes.jsonl", '{"title":"a"}\n', "each line must be a JSON object with id", ":1: "),
        ("nodes.jsonl", "[1]\n", "each line must be a JSON object with id", ":1: [1]"),
        ("edges.jsonl", '{"source":"a"}\n', "a JSON object with source and target", ":1: "),
        ("tags.jsonl", '{"node_id":"a","tag":null}\n', "with node_id and tag", ":1: "),
        ("nodes.csv", "id,title\na,b\n", "the first line must be id,type,title", ""),
        ("nodes.csv", "", "the first line must be id,type,title", ""),
        ("edges.csv", ",".join(EDGE) + "\n,b,,,,\n", "each row needs source and target", "row 2 "),
        ("tags.csv", "node_id,tag\na,\n", "each row needs node_id and tag", "row 2 "),
    ],
)
def test_a_faulty_file_loads_nothing(folder, name, text, fault, line):
    (folder / name).write_text(text)
    before = (folder / "store.db").read_bytes()
    done = shell(folder, name.replace(".", "_") + ".sql", check=False)
    assert done.returncode != 0
    assert fault in done.stderr
    assert line in done.stdout
    assert (folder / "store.db").read_bytes() == before


@pytest.mark.parametrize("script", sorted(path.name for path in LOAD.glob("*.sql")))
def test_a_missing_file_is_an_error(folder, script):
    done = shell(folder, script, check=False)
    assert done.returncode != 0
    assert "cannot open" in done.stderr


def test_edges_without_nodes_are_reported_and_refused_with_foreign_keys(folder):
    (folder / "edges.jsonl").write_text('{"source":"a","target":"b"}\n')
    done = shell(folder, "edges_jsonl.sql", "PRAGMA foreign_keys = ON", check=False)
    assert done.returncode != 0 and "FOREIGN KEY" in done.stderr
    assert rows(folder, "SELECT * FROM edges") == []
    done = shell(folder, "edges_jsonl.sql")
    assert done.stdout == "edges.jsonl:1: ends at no node\n"
    assert rows(folder, "SELECT source, target FROM edges") == [("a", "b")]


def test_embeddings(folder):
    (folder / "embeddings.jsonl").write_text('{"id":"a","embedding":[1,0.5]}\n\n')
    library = str(LIBRARY.with_suffix(""))
    shell(folder, "embeddings_jsonl.sql", f".load '{library}'")
    assert rows(folder, "SELECT id, hex(embedding) FROM nodes") == [("a", "0000803F0000003F")]
    (folder / "embeddings.jsonl").write_text('{"id":"a","embedding":[1,"x"]}\n')
    done = shell(folder, "embeddings_jsonl.sql", f".load '{library}'", check=False)
    assert done.returncode != 0
    assert rows(folder, "SELECT hex(embedding) FROM nodes") == [("0000803F0000003F",)]


def test_a_load_leaves_nothing_behind(folder):
    tables = make_rows(1, False)
    write(folder, tables, "jsonl")
    names = "SELECT name FROM sqlite_master ORDER BY name"
    before = rows(folder, names)
    for name in tables:
        shell(folder, f"{name}_jsonl.sql")
    assert rows(folder, names) == before


def test_the_benchmark_runs():
    program = ROOT / "bench" / "store" / "bench_load.py"
    done = subprocess.run(
        [sys.executable, program, "1", "200"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "200 nodes, 600 edges, 600 tags, 1,400 of history" in done.stdout
    for name in ("bare", "triggers", "bare rows", "put views", "again"):
        assert f"\n{name} " in done.stdout
