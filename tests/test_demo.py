"""The loaders of examples/ and the statements of demo.sql, on a tiny index and on CSV files.

tests/data/demo/Packages is made up. The loader reads it through stand-ins for apt's commands, so
the tests need no Debian.
"""

import collections
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import LIBRARY, ROOT, load

EXAMPLES = ROOT / "examples"
DATA = Path(__file__).parent / "data" / "demo"
sys.path.insert(0, str(EXAMPLES))

import embed  # noqa: E402
import load_csv  # noqa: E402
import load_debian  # noqa: E402


def run(script, *arguments, path=None, check=True):
    """Runs a loader as a user does; `path` replaces where commands are looked for."""
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / script), *map(str, arguments)],
        env={**os.environ, "PATH": str(path)} if path else None,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert not check or result.returncode == 0, result.stderr
    return result


def fake_apt(folder, packages):
    """A folder with commands that answer as apt's would on a machine with these packages."""
    answers = {
        "apt-cache": f"exec /bin/cat '{packages}'",
        "apt-config": f"echo \"LISTS='{folder}/lists/'\"",
        "dpkg": "echo amd64",
    }
    folder.mkdir()
    for name, answer in answers.items():
        command = folder / name
        command.write_text(f"#!/bin/sh\n{answer}\n")
        command.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder where `build/demo.db` and the library are, as in the repository."""
    folder = tmp_path_factory.mktemp("demo")
    commands = fake_apt(folder / "bin", DATA / "Packages")
    run("load_debian.py", "--output", folder / "build" / "demo.db", path=commands)
    (folder / "build" / f"vecgraph{LIBRARY.suffix}").symlink_to(LIBRARY)
    return folder


@pytest.fixture
def nodes(demo):
    """A connection to the demo's database, with the library."""
    connection = sqlite3.connect(demo / "build" / "demo.db", isolation_level=None)
    load(connection)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def packages():
    stanzas = load_debian.parse_stanzas((DATA / "Packages").read_text().splitlines())
    parsed = [load_debian.parse_package(stanza, {}) for stanza in stanzas]
    return load_debian.keep_one_each(parsed, "amd64")


# ---- reading an index -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a", [("a",)]),
        ("a, b", [("a",), ("b",)]),
        ("a (>= 1:2.0~rc1-1) | b (<< 3), c", [("a", "b"), ("c",)]),
        ("python3:any (>= 3.9)", [("python3",)]),
        ("libstdc++6, g++-12", [("libstdc++6",), ("g++-12",)]),
        ("a [linux-any] <!nocheck>", [("a",)]),
        ("a(>= 1)|b", [("a", "b")]),
        ("a,\n  b", [("a",), ("b",)]),
        ("a, , ", [("a",)]),
        ("${misc:Depends}", []),
        ("", []),
    ],
)
def test_relation(text, names):
    assert [clause.names for clause in load_debian.parse_relation(text)] == names


def test_relation_keeps_its_words():
    (clause,) = load_debian.parse_relation(" a (>= 1) |\n b ")
    assert clause.text == "a (>= 1) | b"


def test_tags():
    shared = "works-with::{image, image:raster}, role::program, untagged"
    assert load_debian.parse_tags(shared) == [
        "role::program",
        "works-with::image",
        "works-with::image:raster",
    ]


@pytest.mark.parametrize(
    "ascending",
    [
        ["0.9", "1.0~rc1", "1.0", "1.0-1", "1.0-1+b1", "1.0-2", "1.0a", "1.0+dfsg", "1.0.1", "1.2"],
        ["1.9", "1.10", "1:0.1", "2:0.1"],
        ["1.0~~", "1.0~", "1.0"],
        ["1-1", "1-2", "1-1-1"],
    ],
)
def test_versions_are_ordered_as_dpkg_orders_them(ascending):
    assert sorted(reversed(ascending), key=load_debian.version_key) == ascending


def test_one_package_of_each_name_is_kept(packages):
    names = [package.name for package in packages]
    assert names == sorted(set(names)) and len(names) == 40
    (libc,) = (package for package in packages if package.name == "libc6")
    # 2.37 is of another architecture, and 2.36-10 is newer than 2.36-9.
    assert (libc.version, libc.architecture) == ("2.36-10", "amd64")


def test_fields_of_a_package(packages):
    by_name = {package.name: package for package in packages}
    engine = by_name["pawnstorm"]
    assert engine.short == "chess engine that plays fast games"
    assert engine.long == (
        "It thinks ahead for as long as it is allowed to.\n\nAny board can talk to it."
    )
    assert by_name["audacity"].source == "audacity"
    assert by_name["royal-chess"].section == "games"
    assert by_name["photo-rescue"].section == "utils"


def test_long_description_by_md5():
    stanza = {"Package": "a", "Description": "short", "Description-md5": "f00"}
    package = load_debian.parse_package(stanza, {"f00": "long\ntext"})
    assert load_debian.make_node(package).summary == "short\n\nlong\ntext"


def test_edges(packages):
    edges = {(e.source, e.target, e.type) for e in load_debian.make_edges(packages)}

    def of(name):
        return {(target, type) for source, target, type in edges if source == name}

    assert of("audacity") == {
        ("audacity-data", "depends"),
        ("libc6", "depends"),
        ("libtone1", "depends"),
        ("libtone1-static", "depends"),  # the other alternative
        ("tagsmith", "recommends"),
        # sound-server is only provided; plugin-host and audacity-old do not exist
    }
    assert of("libtone1") == {
        ("base-setup", "pre-depends"),
        ("libc6", "depends"),
        ("libtone1-static", "provides"),  # it exists; libtone-abi-1 does not
    }
    assert of("python3-sniff") == {("python3", "depends"), ("traffic-top", "depends")}
    assert of("libtone1-static") == set()  # a conflict with itself is no edge
    assert of("letterbox") == {("libc6", "depends")}  # mail-reader is only provided
    assert ("python3-netgraph", "python3-sniff", "recommends") in edges
    assert ("capture-gui", "traffic-top", "suggests") in edges
    existing = {package.name for package in packages}
    assert {end for source, target, _ in edges for end in (source, target)} <= existing


# ---- words ------------------------------------------------------------------------------------


def test_split_words():
    text = "C++ & GTK-4: naïve İstanbul, PDF→text_2"
    assert embed.split_words(text) == ["c", "gtk", "4", "na", "ve", "stanbul", "pdf", "text", "2"]


@pytest.mark.parametrize(
    ("word", "base"),
    [
        ("photos", "photo"),
        ("libraries", "library"),
        ("movies", "movie"),
        ("boxes", "box"),
        ("files", "file"),
        ("editing", "edit"),
        ("making", "make"),
        ("planning", "plan"),
        ("deleted", "delete"),
        ("settings", "set"),  # through "setting"
        ("status", "status"),
        ("class", "class"),
        ("string", "string"),
        ("dns", "dns"),
    ],
)
def test_fold_words(word, base):
    known = "photo library movie box file edit make plan delete setting set str statu clas dn"
    assert embed.fold_words([word, *known.split()])[word] == base


def test_fold_words_only_to_words_in_use():
    assert embed.fold_words(["photos"]) == {"photos": "photos"}


def test_choose_words():
    documents = [((1.0, "the owl 2048"),), ((2.0, "Owls"), (1.0, "once"))]
    assert embed.choose_words(documents, 1) == {"once": "once", "owl": "owl", "owls": "owl"}
    assert embed.choose_words(documents, 2) == {"owl": "owl", "owls": "owl"}


def test_learn_without_words_is_an_error():
    with pytest.raises(ValueError, match="nothing to embed"):
        embed.learn([((1.0, "owl"),), ((1.0, "fox"),)], min_documents=2)


# ---- the database -----------------------------------------------------------------------------


def test_nodes(nodes):
    assert nodes.execute("SELECT count(*) FROM nodes").fetchone() == (40,)
    row = nodes.execute(
        """SELECT type, title, domain, layer, summary, length(hash),
                  json_extract(meta, '$.version'), json_extract(meta, '$.installed_kib'),
                  json_extract(meta, '$.tags[0]')
           FROM nodes WHERE id = 'audacity'"""
    ).fetchone()
    assert row == (
        *("package", "audacity", "sound", "optional", "record sound and cut it on screen", 64),
        *("3.2-1+b1", 1200, "interface::graphical"),
    )
    assert nodes.execute("SELECT domain FROM nodes WHERE id = 'zzz'").fetchone() == (None,)


def test_edges_are_stored_with_their_words(nodes):
    query = "SELECT context_source FROM edges WHERE source = 'audacity' AND target = ?"
    assert nodes.execute(query, ("libc6",)).fetchall() == [("libc6 (>= 2.34)",)]
    words = "libtone1 | libtone1-static (<< 2)"
    assert nodes.execute(query, ("libtone1-static",)).fetchall() == [(words,)]


def test_every_migration_is_in_the_ledger(nodes):
    files = sorted(file.stem for file in (ROOT / "sql" / "migrations").glob("[0-9]*.sql"))
    applied = nodes.execute("SELECT name FROM _graph_migrations ORDER BY name").fetchall()
    assert [name for (name,) in applied] == files


def test_tags_are_loaded_and_history_begins_after_the_load(nodes):
    query = "SELECT count(*) FROM tags WHERE node_id = 'audacity'"
    expected = "SELECT json_array_length(meta, '$.tags') FROM nodes WHERE id = 'audacity'"
    assert nodes.execute(query).fetchone() == nodes.execute(expected).fetchone() != (0,)
    assert nodes.execute("SELECT count(*) FROM history").fetchone() == (0,)
    nodes.execute("BEGIN")
    nodes.execute("UPDATE nodes SET title = 'x' WHERE id = 'audacity'")
    assert nodes.execute("SELECT action FROM history").fetchall() == [("update",)]
    nodes.execute("ROLLBACK")


def test_embeddings_are_unit_vectors(nodes):
    embeddings = dict(nodes.execute("SELECT id, embedding FROM nodes"))
    assert embeddings.pop("zzz") is None  # none of its words is known
    vectors = np.array([np.frombuffer(blob, "<f4") for blob in embeddings.values()])
    assert vectors.shape == (39, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_loading_twice_gives_the_same_bytes(demo, tmp_path):
    again = tmp_path / "again.db"
    run("load_debian.py", "--output", again, path=demo / "bin")
    query = "SELECT id, embedding, hash FROM nodes ORDER BY id"
    first, second = (sqlite3.connect(path) for path in (demo / "build" / "demo.db", again))
    assert first.execute(query).fetchall() == second.execute(query).fetchall()
    assert list(tmp_path.iterdir()) == [again]  # no temporary file is left


# ---- text to vector, in SQL -------------------------------------------------------------------


@pytest.fixture
def question_vector(nodes):
    """A function: text to vector, or None, by the statements of demo.sql themselves."""
    demo_sql = (EXAMPLES / "demo.sql").read_text()
    for name in ("TEMP TABLE question ", "TEMP VIEW question_word ", "TEMP VIEW question_vector "):
        nodes.execute(re.search(rf"^CREATE {name}.*?;$", demo_sql, re.M | re.S)[0])
    nodes.execute("INSERT INTO question VALUES ('')")

    def ask(text):
        nodes.execute("UPDATE question SET text = ?", (text,))
        row = nodes.execute("SELECT vector FROM question_vector").fetchone()
        return row and np.frombuffer(row[0], "<f4")

    return ask


@pytest.fixture(scope="module")
def model(packages):
    return embed.learn([load_debian.make_document(package) for package in packages])[0]


@pytest.mark.parametrize(
    "text",
    [
        "recover deleted files",
        "mail",
        "Edit PHOTOS & pictures!",
        "photos, photos and photo",
        "  network-traffic/monitor (Python3), unknownword 2 ",
        "draw naïve diagrams… with “Python”",
    ],
)
def test_sql_makes_the_vector_that_scikit_learn_makes(question_vector, model, text):
    counts = model.count([((1.0, text),)])
    expected = model.transform(counts)[0]
    vector = question_vector(text)
    assert vector.shape == (384,)
    np.testing.assert_allclose(vector, expected, atol=1e-5)
    # The comparison can fail: one word more is another vector.
    assert np.abs(question_vector(text + " chess") - expected).max() > 1e-3


@pytest.mark.parametrize("text", ["", "the", "ß→", "qwertz 12"])
def test_a_text_without_known_words_has_no_vector(question_vector, nodes, text):
    assert question_vector(text) is None
    query = """SELECT id FROM vec_topk(
                 'nodes', 'embedding', (SELECT vector FROM question_vector), 10)"""
    assert nodes.execute(query).fetchall() == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("recover deleted files", "undeleter"),
        ("edit a photo", "darkroom"),
        ("monitor network traffic", "traffic-top"),
        ("find duplicate files", "twinfinder"),
        ("learning languages", "flashcards"),
    ],
)
def test_answers_make_sense(question_vector, nodes, text, answer):
    question_vector(text)
    query = """SELECT id FROM vec_topk(
                 'nodes', 'embedding', (SELECT vector FROM question_vector), 3)"""
    assert answer in [id for (id,) in nodes.execute(query)]


# ---- demo.sql ---------------------------------------------------------------------------------


FUSED = "Vectors, words and dependencies, in one statement: play chess against the computer"
GAPS = "Alike, but nothing links them: pairs of the section mail"


def answers_of(output):
    """Maps each heading to the lines below it."""
    parts = re.split(r"^== (.*) ==$", output, flags=re.M)
    return {
        heading: [line for line in text.splitlines() if line.strip()]
        for heading, text in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.fixture(scope="module")
def answers(demo):
    with (EXAMPLES / "demo.sql").open() as file:
        result = subprocess.run(
            ["sqlite3", "build/demo.db"], cwd=demo, stdin=file, capture_output=True, text=True
        )
    assert (result.returncode, result.stderr) == (0, "")
    return answers_of(result.stdout)


def test_every_statement_of_the_demo_answers(answers):
    headings = re.findall(r"^\.print == (.*) ==$", (EXAMPLES / "demo.sql").read_text(), re.M)
    assert list(answers) == headings and len(headings) >= 9
    for heading, lines in answers.items():
        assert len(lines) >= 3, heading  # column names, a rule, a row; or fields of one row
        assert max(map(len, lines)) <= 100, heading


def test_the_demo_writes_nothing(demo):
    path = demo / "build" / "demo.db"
    before = path.read_bytes()
    path.chmod(0o444)
    with (EXAMPLES / "demo.sql").open() as file:
        result = subprocess.run(
            ["sqlite3", "-readonly", "build/demo.db"],
            cwd=demo,
            stdin=file,
            capture_output=True,
            text=True,
        )
    assert (result.returncode, result.stderr) == (0, "")
    assert path.read_bytes() == before


def test_the_demo_answers_well(answers):
    def packages_of(heading):
        (lines,) = (lines for name, lines in answers.items() if heading in name)
        return [line.split()[1] for line in lines[2:]]

    assert packages_of("like audacity")[0] == "audacity"
    assert packages_of("recover deleted files")[0] == "undeleter"
    assert "traffic-top" in packages_of("Another question")[:2]
    in_section = packages_of("in the section python only")
    assert len(in_section) == 5 and all(name.startswith("python3") for name in in_section)
    assert packages_of("middle of the section")[0].startswith("branchlog")
    assert not any("branchlog" in name for name in packages_of("filed in another section"))
    pairs = {tuple(line.split()[1:3]) for line in answers[GAPS][2:]}
    assert ("letterbox", "postman") in pairs
    assert ("letterbox", "spamsieve") not in pairs  # an edge joins them


def test_the_flagship_says_why_a_package_is_there(answers):
    header, rule, *rows = answers[FUSED]
    assert header.split() == ["score", "package", "vector", "words", "graph", "link", "about"]
    starts = [match.start() for match in re.finditer(r"-+", rule)]
    fields = [
        [row[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)] for row in rows
    ]
    found = {row[1]: row for row in fields}
    assert fields[0][1:5] == ["royal-chess", "1", "1", "1"]
    # Its description shares no word with the question: only the game that suggests it leads there.
    assert found["album"][2:6] == ["", "", "2", "royal-chess suggests it"]
    for score, _, *ranks, _, _ in fields:
        expected = sum(1 / (60 + int(rank)) for rank in ranks if rank)
        assert float(score) == pytest.approx(expected, abs=6e-4)
    assert [row[0] for row in fields] == sorted((row[0] for row in fields), reverse=True)


def test_the_picture_of_the_flagship(demo, answers):
    header, rule, row = answers["The answers as a picture"]
    file, packages, dependencies = row.split()
    graph = json.loads(
        subprocess.run(
            ["dot", "-Tdot_json", demo / file], capture_output=True, text=True, check=True
        ).stdout
    )
    nodes = {node["name"]: node for node in graph["objects"]}
    assert len(nodes) == int(packages) == len(answers[FUSED]) - 2
    assert len(graph["edges"]) == int(dependencies) > 0
    assert nodes["royal-chess"]["fillcolor"] == "lightblue"
    assert nodes["album"]["fillcolor"] == "white"
    names = [node["name"] for node in graph["objects"]]
    edges = {(names[edge["tail"]], names[edge["head"]]): edge for edge in graph["edges"]}
    assert edges["royal-chess", "album"]["style"] == "dashed"
    makefile = (ROOT / "Makefile").read_text()
    assert f"dot -Tsvg {file} -o build/answer.svg" in makefile


# The recipes with what each needs; none of it changes the file.
RECIPES = {
    "search_hybrid": {},
    "search_fused": {},
    "search_passages": {},
    "search_diverse": {},
    "expand_hops": {"hub": 20},
    "rerank_by_distance": {"focus": "royal-chess"},
    "collect_context": {},
    "extract_subgraph": {"ids": "royal-chess"},
    "explain_path": {"from": "royal-chess", "to": "audacity"},
    "link_synonyms": {"type": "package"},
    "group_synonyms": {"edge": "suggests"},
    "find_communities": {"types": '["recommends", "suggests"]', "min_size": 2},
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipes_run_on_the_demo(nodes, question_vector, name):
    nodes.execute(
        "CREATE VIRTUAL TABLE temp.nodes_fts"
        " USING fts5 (title, summary, content = '', tokenize = 'porter unicode61')"
    )
    nodes.execute(
        "INSERT INTO temp.nodes_fts (rowid, title, summary) SELECT nid, title, summary FROM nodes"
    )
    question = question_vector("play chess against the computer").tobytes()
    parameters = {"query": question, "text": "chess OR computer", **RECIPES[name]}
    sql = (ROOT / "sql" / "queries" / f"{name}.sql").read_text()
    rows = nodes.execute(sql, collections.defaultdict(lambda: None, parameters)).fetchall()
    assert rows
    if name.startswith(("search", "expand", "rerank")):
        assert "royal-chess" in [row[0] for row in rows[:3]]


def test_the_sql_in_the_docs(nodes):
    blocks = re.findall(
        r"^```sql\n(.*?)^```$", (ROOT / "docs" / "demo.md").read_text(), re.M | re.S
    )
    assert len(blocks) == 2
    for block in blocks:
        rows = []
        for statement in re.split(r";$", block, flags=re.M):
            rows = nodes.execute(statement).fetchall() or rows
        assert len(rows) == 10
    view = blocks[1].partition("INSERT")[0].strip()
    assert view.partition("CREATE TEMP VIEW")[2] in (EXAMPLES / "demo.sql").read_text()


# ---- CSV --------------------------------------------------------------------------------------


def test_csv(tmp_path):
    output = tmp_path / "animals.db"
    result = run("load_csv.py", DATA / "nodes.csv", DATA / "edges.csv", "--output", output)
    assert "5 nodes, 3 edges" in result.stdout
    connection = sqlite3.connect(output)
    load(connection)
    query = "SELECT id, type, title, domain, layer, summary, meta FROM nodes WHERE id = ?"
    assert connection.execute(query, ("ant",)).fetchone() == (
        *("ant", "animal", "Ant", "insects", "small", "lives in colonies, carries leaves"),
        json.dumps({"year": "1758"}),
    )
    assert connection.execute(query, ("mouse",)).fetchone() == (
        *("mouse", "node", "mouse", "mammals", "small", "eats seeds at night", None),
    )
    assert sorted(connection.execute("SELECT source, target, type FROM edges")) == [
        ("fox", "mouse", "eats"),
        ("fox", "owl", "related_to"),
        ("owl", "mouse", "eats"),
    ]
    vectors = [
        np.frombuffer(v, "<f4") for (v,) in connection.execute("SELECT embedding FROM nodes")
    ]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    nearest = connection.execute(
        """SELECT id FROM vec_topk(
             'nodes', 'embedding', (SELECT embedding FROM nodes WHERE id = 'ant'), 2)"""
    ).fetchall()
    assert nearest == [("ant",), ("bee",)]


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        ("title\nx\n", "source,target\n", r"nodes.csv:1: there is no column named id"),
        ("id\nx\nx\n", "source,target\n", r"nodes.csv:3: the id 'x' was used before"),
        ("id,title\n,x\n", "source,target\n", r"nodes.csv:2: id is empty"),
        ("id\nx,y\n", "source,target\n", r"nodes.csv:2: there are more values than columns"),
        ("id\nx\n", "source\nx\n", r"edges.csv:1: there is no column named target"),
        ("id\nx\n", "source,target\nx,y\n", r"edges.csv:2: target 'y' is not the id of a node"),
        ("id\n1\n", "source,target\n", r"nothing to embed"),
    ],
)
def test_csv_errors_keep_the_old_database(tmp_path, monkeypatch, nodes, edges, message):
    (tmp_path / "nodes.csv").write_text(nodes)
    (tmp_path / "edges.csv").write_text(edges)
    output = tmp_path / "old.db"
    output.write_bytes(b"old")
    arguments = [tmp_path / "nodes.csv", tmp_path / "edges.csv", "--output", output]
    monkeypatch.setattr(sys, "argv", ["load_csv.py", *map(str, arguments)])
    with pytest.raises(SystemExit, match=message):
        load_csv.main()
    assert output.read_bytes() == b"old"


# ---- machines without an index ----------------------------------------------------------------


def test_without_apt_the_loader_offers_csv(tmp_path):
    result = run("load_debian.py", "--output", tmp_path / "x.db", path=tmp_path, check=False)
    assert result.returncode == 1
    assert "there is no apt-cache" in result.stderr
    assert "load_csv.py nodes.csv edges.csv" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_lists_the_loader_says_how_to_get_them(tmp_path):
    installed = tmp_path / "installed"
    installed.write_text("Package: a\nVersion: 1\nDescription: installed here\n")
    commands = fake_apt(tmp_path / "bin", installed)
    result = run("load_debian.py", "--output", tmp_path / "x.db", path=commands, check=False)
    assert result.returncode == 1
    assert "apt-get update" in result.stderr
    assert not (tmp_path / "x.db").exists()
