"""graph_dot, graph_mermaid, graph_graphml, graph_node_link_json: read back by other programs.

What is written is compared with the rows: Graphviz parses the DOT, networkx the GraphML and JSON,
and a reader of a few lines, by the rules that Mermaid documents, the flowchart.
"""

import html
import json
import random
import re
import sqlite3
import subprocess
from collections import Counter

import apsw
import networkx as nx
import pytest

from conftest import Engine

WRITERS = ["graph_dot", "graph_mermaid", "graph_graphml", "graph_node_link_json"]
EACH_WRITER = pytest.mark.parametrize("writer", WRITERS)

# What breaks a text in one of the formats, and what looks as if it were a part of it.
NASTY = [
    "plain", "two words", 'say "hi"', "back\\slash", "end\\", "\\N", "\\n", "a\nb", "\n", '"\n"', "tab\there",
    "<b>bold</b>", "a & b", "&amp;", "&#35;", "#35;", "#quot;", "`code`", "$$x$$", "%% note",
    "%%{init: {}}%%", "style a:#35;", "classDef x:#fff;", "end", "node", "graph", "digraph", "->",
    "--", "a:b:c", "{x}", "[x]", "(x)", "|x|", "]]>", "<!-- x -->", "naïve", "日本", "🙂", "'", "''",
    "", " ", "n0", "n1;", "a\\\"b", "-0", "1.5", "\x01\x1f", "\r\n", "\r", "x" * 300, "\u2028", "\u00a0", "\x7f",
]  # fmt: skip
XML_TEXT = re.compile("[^\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(engine, writer, rows, graph=None):
    """The text of rows (source, target, label, attributes)."""
    engine.execute("DROP TABLE IF EXISTS rows_to_write")
    engine.execute("CREATE TABLE rows_to_write (source, target, label, attributes)")
    engine.execute("BEGIN")
    for row in rows:
        engine.execute("INSERT INTO rows_to_write VALUES (?, ?, ?, ?)", row)
    engine.execute("COMMIT")
    sql = f"SELECT {writer}(source, target, label, attributes, ?) FROM rows_to_write"
    return engine.execute(sql, (graph,))[0][0]


def random_rows(seed, texts, nodes=12, edges=25):
    """Rows of nodes and edges with labels and attributes of all kinds."""
    rng = random.Random(seed)
    ids = rng.sample(texts, min(nodes, len(texts)))
    values = [*texts, 5, -(2**62), 0.1, 1e300, True, False, None]

    def attributes():
        names = rng.sample(["weight", "year", "no te", 'q"', "flag"], rng.randrange(4))
        return json.dumps({name: rng.choice(values) for name in names}) if names else None

    rows = [(i, None, rng.choice(texts), attributes()) for i in ids if rng.random() < 0.6]
    rows += [
        (rng.choice(ids), rng.choice(ids), rng.choice([None, *texts]), attributes())
        for _ in range(edges)
    ]
    rng.shuffle(rows)
    return rows


def expected_graph(rows, text_of=lambda value: value):
    """The rows as {id: attributes} and a counter of (source, target, attributes)."""
    nodes, edges = {}, Counter()
    for source, target, label, attributes in rows:
        members = {k: v for k, v in json.loads(attributes or "{}").items() if v is not None}
        if label is not None:
            members["label"] = label
        data = {text_of(k): text_of(v) for k, v in members.items()}
        if target is None:
            nodes[text_of(source)] = data
        else:
            nodes.setdefault(text_of(source), {})
            nodes.setdefault(text_of(target), {})
            edges[text_of(source), text_of(target), json.dumps(data, sort_keys=True)] += 1
    return nodes, edges


def graph_of(graph):
    """The same of a networkx graph."""
    edges = Counter(
        (u, v, json.dumps(data, sort_keys=True)) for u, v, data in graph.edges(data=True)
    )
    return {node: data for node, data in graph.nodes(data=True)}, edges


# ---- node-link JSON -----------------------------------------------------------------------------


def read_node_link(text):
    return nx.node_link_graph(json.loads(text), edges="links")


@pytest.mark.parametrize("seed", range(30))
def test_networkx_reads_the_json_back(engine, seed):
    rows = random_rows(seed, NASTY)
    graph = read_node_link(write(engine, "graph_node_link_json", rows))
    assert isinstance(graph, nx.MultiDiGraph)
    assert graph_of(graph) == expected_graph(rows)


def test_json_keeps_the_types_of_ids(engine):
    rows = [(1, "1", None, None), (0.5, -(2**63), None, None), ("x", None, 7, None)]
    text = write(engine, "graph_node_link_json", rows)
    graph = json.loads(text)
    assert [node["id"] for node in graph["nodes"]] == [-(2**63), 0.5, 1, "1", "x"]
    assert graph["nodes"][-1]["label"] == 7
    assert [type(n["id"]) for n in graph["nodes"]] == [int, float, int, str, str]


def test_json_nests_in_json(engine):
    sql = "SELECT json_object('g', graph_node_link_json(1, 2)) FROM (SELECT 1)"
    assert json.loads(engine.execute(sql)[0][0])["g"]["links"] == [{"source": 1, "target": 2}]


def test_json_of_a_group_each(engine):
    engine.script("CREATE TABLE e (g, a, b); INSERT INTO e VALUES (1, 1, 2), (2, 3, 4), (1, 2, 3);")
    rows = engine.execute("SELECT g, graph_node_link_json(a, b) FROM e GROUP BY g ORDER BY g")
    links = [[(x["source"], x["target"]) for x in json.loads(text)["links"]] for _, text in rows]
    assert links == [[(1, 2), (2, 3)], [(3, 4)]]


def test_json_has_the_attributes_of_the_graph(engine):
    graph = {"directed": False, "name": "roads", "box": {"x": [1, 2.5, None]}}
    text = write(engine, "graph_node_link_json", [("a", "b", None, None)], json.dumps(graph))
    read = read_node_link(text)
    assert not read.is_directed()
    assert read.graph == {"name": "roads", "box": {"x": [1, 2.5, None]}}


@pytest.mark.parametrize("name", ["id", "source", "target"])
def test_json_refuses_attributes_that_are_its_own(engine, name):
    row = ("a", None, None, json.dumps({"id": 1})) if name == "id" else ("a", "b", None, None)
    if name != "id":
        row = ("a", "b", None, json.dumps({name: 1}))
    with pytest.raises(engine.Error, match=f"the attribute {name} has the name"):
        write(engine, "graph_node_link_json", [row])


# ---- GraphML ------------------------------------------------------------------------------------


def xml_text(value):
    """What GraphML holds: '?' for what XML cannot."""
    return XML_TEXT.sub("?", value) if isinstance(value, str) else value


def declared(values):
    """How networkx reads an attribute that has these values in different places."""
    kinds = {type(v) for v in values}
    if kinds <= {int, float} and len(kinds) == 2:
        return float
    if len(kinds) > 1:
        return lambda v: {True: "true", False: "false"}[v] if isinstance(v, bool) else as_text(v)
    return lambda v: v


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


def typed(nodes, edges):
    """The expected graph, with the values as GraphML types them."""
    by_name = {"node": {}, "edge": {}}
    for data in nodes.values():
        for name, value in data.items():
            by_name["node"].setdefault(name, []).append(value)
    for _, _, data in edges:
        for name, value in json.loads(data).items():
            by_name["edge"].setdefault(name, []).append(value)
    reader = {k: {n: declared(v) for n, v in names.items()} for k, names in by_name.items()}
    nodes = {i: {n: reader["node"][n](v) for n, v in data.items()} for i, data in nodes.items()}
    found = Counter()
    for (u, v, data), count in edges.items():
        data = {n: reader["edge"][n](x) for n, x in json.loads(data).items()}
        found[u, v, json.dumps(data, sort_keys=True)] += count
    return nodes, found


@pytest.mark.parametrize("seed", range(30))
def test_networkx_reads_the_graphml_back(engine, seed):
    ids = [text for text in NASTY if not XML_TEXT.search(text)]
    rows = random_rows(seed, ids)
    rows += [("a label", "with controls", "\x01 \x0b", None)]
    text = write(engine, "graph_graphml", rows)
    graph = nx.parse_graphml(text, force_multigraph=True)
    assert graph.is_directed()
    assert graph_of(graph) == typed(*expected_graph(rows, xml_text))


def test_graphml_of_numbers_is_read_as_numbers(engine):
    rows = [(1, 2, "road", '{"km": 2.5, "lanes": 2, "toll": true}'), (2, None, "Elm", None)]
    graph = nx.parse_graphml(write(engine, "graph_graphml", rows), node_type=int)
    assert dict(graph.nodes(data=True)) == {1: {}, 2: {"label": "Elm"}}
    assert graph.edges[1, 2] == {"km": 2.5, "lanes": 2, "toll": True, "label": "road"}


def test_graphml_infinity(engine):
    rows = [("a", "b", None, '{"w": 9e999, "v": 1}'), ("b", "c", None, '{"w": -9e999}')]
    graph = nx.parse_graphml(write(engine, "graph_graphml", rows))
    assert graph.edges["a", "b"]["w"] == float("inf")
    assert graph.edges["b", "c"]["w"] == float("-inf")


def test_graphml_refuses_an_id_that_xml_cannot_hold(engine):
    with pytest.raises(engine.Error, match="holds a character that XML cannot hold"):
        write(engine, "graph_graphml", [("a\x01", "b", None, None)])


# ---- DOT ----------------------------------------------------------------------------------------


def read_dot(texts):
    """What Graphviz makes of several graphs: the JSON of each."""
    done = subprocess.run(
        ["dot", "-Tdot_json"], input="".join(texts), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    found, decoder, rest = [], json.JSONDecoder(strict=False), done.stdout.strip()
    while rest:
        graph, end = decoder.raw_decode(rest)
        found.append(graph)
        rest = rest[end:].strip()
    return found


def unescaped(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


def dot_label(text):
    """The text of a label as Graphviz shows it."""
    return html.unescape(unescaped(text))


def test_graphviz_reads_the_dot_back(engine):
    # Graphviz gives an id that begins with % another name: see the labels below.
    cases = [random_rows(seed, [t for t in NASTY if t[:1] != "%"]) for seed in range(20)]
    graphs = read_dot([write(engine, "graph_dot", rows) for rows in cases])
    assert len(graphs) == len(cases)
    for rows, graph in zip(cases, graphs):
        assert graph["directed"]
        names = [unescaped(node["name"]) for node in graph.get("objects", [])]
        nodes, edges = {}, Counter()
        for name, node in zip(names, graph.get("objects", [])):
            nodes[name] = dot_label(node["label"]) if node.get("label", "\\N") != "\\N" else name
        for edge in graph.get("edges", []):
            label = dot_label(edge["label"]) if "label" in edge else None
            edges[names[edge["tail"]], names[edge["head"]], label or None] += 1
        expected = {}
        for source, target, label, _ in rows:
            for end in [source, target][: 1 if target is None else 2]:
                expected.setdefault(end, end)
            if target is None:
                expected[source] = label
        assert nodes == expected
        assert edges == Counter((s, t, label or None) for s, t, label, _ in rows if t is not None)


def test_graphviz_shows_labels_as_they_are(engine):
    labels = [t for t in NASTY if re.fullmatch(r"[ -~]+", t) and t.strip() and len(t) < 100]
    rows = [(f"n{i}", None, label, None) for i, label in enumerate(labels)]
    text = write(engine, "graph_dot", rows)
    svg = subprocess.run(
        ["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True
    ).stdout
    shown = [html.unescape(t) for t in re.findall(r"<text [^>]*>(.*?)</text>", svg)]
    assert sorted(shown) == sorted(label.replace("  ", " ") for label in labels)
    # An id without a label shows as it is, too.
    rows = [(label, None, None, None) for label in labels]
    svg = subprocess.run(
        ["dot", "-Tsvg"], input=write(engine, "graph_dot", rows), capture_output=True, text=True
    ).stdout
    shown = [html.unescape(t) for t in re.findall(r"<text [^>]*>(.*?)</text>", svg)]
    assert sorted(shown) == sorted(labels)


def test_an_id_that_begins_with_percent_is_one_node(engine):
    rows = [("%a", "%b", None, None), ("%b", "%a", None, None), ("%a", "%a", None, None)]
    graph = read_dot([write(engine, "graph_dot", rows)])[0]
    assert [node["label"] for node in graph["objects"]] == ["%a", "%b"]
    assert sorted((e["tail"], e["head"]) for e in graph["edges"]) == [(0, 0), (0, 1), (1, 0)]


def test_dot_attributes_reach_graphviz(engine):
    rows = [("a", "b", "x", '{"penwidth": 2.5, "color": "#ff0000", "style": "dashed"}')]
    graph = {"directed": False, "rankdir": "LR", "node": {"shape": "box", "fontname": "A \\ B"}}
    text = write(engine, "graph_dot", rows, json.dumps(graph))
    assert text.startswith("graph {\n") and '"a" -- "b"' in text
    read = read_dot([text])[0]
    assert (read["directed"], read["rankdir"]) == (False, "LR")
    assert [node["shape"] for node in read["objects"]] == ["box", "box"]
    edge = read["edges"][0]
    assert (edge["penwidth"], edge["color"], edge["style"]) == ("2.5", "#ff0000", "dashed")


def test_dot_as_it_is_written(engine):
    rows = [("b", "a", "x", None), ("b", None, None, None), ("c", None, "see", '{"shape":"box"}')]
    assert write(engine, "graph_dot", rows) == (
        'digraph {\n  "b";\n  "c" ["label"="see", "shape"="box"];\n  "b" -> "a" ["label"="x"];\n}'
    )


@pytest.mark.parametrize("writer", ["graph_dot", "graph_graphml"])
@pytest.mark.parametrize("number, text", [(1, "1"), (0.5, "0.5"), (-(2**63), str(-(2**63)))])
def test_ids_that_would_be_written_alike(engine, writer, number, text):
    with pytest.raises(engine.Error, match=f"the ids {number} and '{text}' would be written alike"):
        write(engine, writer, [(number, text, None, None)])


# ---- Mermaid ------------------------------------------------------------------------------------

MERMAID_LINE = re.compile(
    r'  (?:(n\d+)\["([^"]*)"\]|(n\d+) (?:-->|---)(?:\|"([^"]*)"\|)? (n\d+))'
)


def mermaid_text(text):
    """A quoted text as a browser shows it: codes of Mermaid, and a line break."""
    assert not re.search(r"[\"`$%<>&\\]", text.replace("<br/>", ""))
    return re.sub(r"#(\d+);", lambda m: chr(int(m[1])), text.replace("<br/>", "\n"))


@pytest.mark.parametrize("seed", range(20))
def test_mermaid_by_its_documented_rules(engine, seed):
    rows = random_rows(seed, NASTY)
    first, *lines = write(engine, "graph_mermaid", rows).split("\n")
    assert first == "flowchart TB"
    names, edges = {}, Counter()
    for line in lines:
        node, text, source, label, target = MERMAID_LINE.fullmatch(line).groups()
        if node:
            names[node] = mermaid_text(text)
        else:
            edges[source, target, None if label is None else mermaid_text(label)] += 1

    def shown(text):
        return re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", lambda m: " " if m[0] == "\t" else "?", text) or " "

    ids = sorted({end for row in rows for end in row[:2] if end is not None}, key=str.encode)
    labels = {row[0]: row[2] for row in rows if row[1] is None}
    numbers = {name: f"n{i}" for i, name in enumerate(ids)}
    assert names == {numbers[i]: shown(labels.get(i, i)) for i in ids}
    assert edges == Counter(
        (numbers[s], numbers[t], None if label is None else shown(label))
        for s, t, label, _ in rows
        if t is not None
    )


def test_mermaid_as_it_is_written(engine):
    rows = [("a", "b", "uses #1", None), ("a", None, 'say "hi"', None)]
    graph = '{"rankdir": "LR", "directed": false}'
    assert write(engine, "graph_mermaid", rows, graph) == (
        'flowchart LR\n  n0["say #34;hi#34;"]\n  n1["b"]\n  n0 ---|"uses #35;1"| n1'
    )
    with pytest.raises(engine.Error, match='graph_mermaid: rankdir must be TB, BT, LR or RL, found "X"'):
        write(engine, "graph_mermaid", rows, '{"rankdir": "X"}')


# ---- all of them --------------------------------------------------------------------------------


@EACH_WRITER
def test_the_order_of_the_rows_does_not_matter(engine, writer):
    rows = random_rows(1, [t for t in NASTY if not XML_TEXT.search(t)])
    texts = set()
    for seed in range(4):
        random.Random(seed).shuffle(rows)
        texts.add(write(engine, writer, rows))
    assert len(texts) == 1


@EACH_WRITER
def test_a_graph_of_nothing(engine, writer):
    empty = engine.execute(f"SELECT {writer}(1, 2) WHERE 0")[0][0]
    assert empty == engine.execute(f"SELECT {writer}(NULL, 2)")[0][0]
    assert empty.split()[0] in ("digraph", "flowchart", "<?xml") or json.loads(empty)["links"] == []


@EACH_WRITER
def test_equal_rows_of_a_node_count_once_and_others_are_an_error(engine, writer):
    node = ("a", None, "A", '{"x": 1}')
    assert write(engine, writer, [node, node]) == write(engine, writer, [node])
    for other in [("a", None, "B", '{"x": 1}'), ("a", None, "A", None), ("a", None, None, None)]:
        with pytest.raises(engine.Error, match=f"{writer}: node 'a' has two rows with different"):
            write(engine, writer, [node, other])


@EACH_WRITER
def test_parallel_edges_are_all_written(engine, writer):
    one = write(engine, writer, [("a", "b", "x", None)])
    three = write(engine, writer, [("a", "b", "x", None)] * 3)
    assert three.count("x") - one.count("x") >= 2


@EACH_WRITER
@pytest.mark.parametrize(
    "row, message",
    [
        ((b"\x00", "b", None, None), r"row 1: source must be a number or text \(for a blob give hex"),
        (("a", b"b", None, None), "row 1: target must be a number or text"),
        (("a", "b", b"x", None), "row 1: label must be a number or text"),
        (("a", "b", None, "[1]"), r"row 1: attributes: must be a JSON object, found '\[1\]'"),
        (("a", "b", None, "{"), "row 1: attributes: must be a JSON object, found '{'"),
        (("a", "b", None, 5), "row 1: attributes must be a JSON object, found INTEGER"),
        (("a", "b", None, b"{}"), "row 1: attributes must be a JSON object, found BLOB"),
        (("a", "b", "x", '{"label": "y"}'), "the edge from 'a' to 'b': label is given twice"),
    ],
)
def test_errors_name_the_row(engine, writer, row, message):
    with pytest.raises(engine.Error, match=f"{writer}: {message}"):
        write(engine, writer, [row])


@EACH_WRITER
@pytest.mark.parametrize(
    "graph, message",
    [
        ("[]", r"graph: must be a JSON object, found '\[\]'"),
        (7, "row 1: graph must be a JSON object, found INTEGER"),
        ('{"directed": "no"}', 'graph: directed must be true or false, found "no"'),
        ('{"directed": 2}', "graph: directed must be true or false, found 2"),
    ],
)
def test_errors_of_the_graph(engine, writer, graph, message):
    with pytest.raises(engine.Error, match=f"{writer}: {message}"):
        write(engine, writer, [("a", "b", None, None)], graph)


@EACH_WRITER
def test_the_graph_is_the_same_in_every_row(engine, writer):
    sql = f"SELECT {writer}(1, 2, NULL, NULL, v) FROM (SELECT ? AS v UNION ALL SELECT ?)"
    for one, two in [("{}", '{"a":1}'), (None, "{}"), ("{}", None)]:
        with pytest.raises(engine.Error, match="row 2: graph must be the same in every row"):
            engine.execute(sql, (one, two))


@EACH_WRITER
def test_bytes_that_are_no_utf8(engine, writer):
    sql = f"SELECT {writer}(1, 2, CAST(x'61ff62' AS TEXT))"
    text = engine.execute(sql)[0][0]
    assert ("a?b" in text) or ("a#63;b" in text)
    if writer != "graph_mermaid":
        with pytest.raises(engine.Error, match="holds NUL or bytes that are no UTF-8"):
            engine.execute(f"SELECT {writer}(CAST(x'61ff62' AS TEXT), 2)")
        with pytest.raises(engine.Error, match="holds NUL or bytes that are no UTF-8"):
            engine.execute(f"SELECT {writer}('a' || char(0), 2)")


@EACH_WRITER
def test_the_longest_text_of_the_connection(writer):
    engine = Engine("apsw")
    engine.connection.limit(apsw.SQLITE_LIMIT_LENGTH, 2000)
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT ?) "
    assert engine.execute(f"{numbers}SELECT length({writer}(n, n + 1)) FROM c", (15,))[0][0] < 2000
    for rows in (300, 10**6):
        with pytest.raises(engine.Error, match="too big"):
            engine.execute(f"{numbers}SELECT {writer}(n, n + 1) FROM c", (rows,))
    engine.close()


def steps(db, sql, most=None):
    """How many steps statements take, those that ask about interrupts among them."""
    count = 0

    def handler():
        nonlocal count
        count += 1
        return most is not None and count > most

    db.set_progress_handler(handler, 1)
    try:
        db.execute(sql).fetchall()
    finally:
        db.set_progress_handler(None, 0)
    return count


@EACH_WRITER
def test_an_interrupt_stops_the_writing(db, writer):
    rows = 30_000
    db.execute("CREATE TABLE e (none, a, b)")
    db.execute(
        "INSERT INTO e WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT ?) "
        "SELECT NULL, n * 7919 % ?, n FROM c",
        (rows, rows),
    )
    write = f"SELECT {writer}(a, b) FROM e"
    all_steps = steps(db, write)
    # Rows that are nothing are read in as many steps: the rest are questions, several steps each, at
    # every few hundredth node and edge.
    assert all_steps - steps(db, f"SELECT {writer}(none, b) FROM e") > 2 * rows // 256 * 2
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        steps(db, write, all_steps - 10)


@EACH_WRITER
def test_it_may_stand_in_a_view_that_is_not_trusted(engine, writer):
    engine.execute("PRAGMA trusted_schema = OFF")
    engine.script(
        "CREATE TABLE e (a, b); INSERT INTO e VALUES (1, 2);"
        f"CREATE VIEW v AS SELECT {writer}(a, b, NULL, '{{\"x\": 1}}') AS text FROM e;"
    )
    assert engine.execute("SELECT length(text) > 10 FROM v") == [(1,)]
