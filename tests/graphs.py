"""Random graphs for the tests of the graph functions: as a table, and as a networkx graph."""

import random

import networkx as nx

# How a node's number becomes an id: the functions must not care.
ID_TYPES = {
    "integer": lambda n: n,
    "negative": lambda n: n * 10**12 - 5 * 10**12,
    "text": lambda n: f"n{n:04d}",
    "blob": lambda n: b"\x00%04d" % n,
    "real": lambda n: n + 0.5,
    "mixed": lambda n: [n, f"{n:04d}", b"%04d" % n, n + 0.5][n % 4],
}


def sql_key(value):
    """Orders ids as SQLite does."""
    kind = 1 if isinstance(value, (int, float)) else 2 if isinstance(value, str) else 3
    return (kind, value.encode() if kind == 2 else value)


def random_graph(seed, nodes=30, edges=60, make_id=ID_TYPES["integer"]):
    """A directed multigraph with self-loops and parallel edges; its edges carry id and weight.

    Edge n has the key n, which is its rowid; some numbers up to `nodes` have no edge.
    """
    rng = random.Random(seed)
    graph = nx.MultiDiGraph()
    for key in range(1, edges + 1):
        source, target = rng.randrange(nodes), rng.randrange(nodes)
        if rng.random() < 0.1:
            target = source
        weight = rng.choice([0, 1, 1, 2, 3, 5, 8])
        kind = rng.choice(["uses", "likes", "knows"])
        graph.add_edge(make_id(source), make_id(target), key=key, weight=weight, type=kind)
    return graph


def write_graph(engine, graph, table="edges", index=False, shuffle=None):
    """Writes the edges into a new table; `shuffle`: a seed for the order of the rows."""
    engine.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, source, target, weight, type)")
    rows = [(k, u, v, d["weight"], d["type"]) for u, v, k, d in graph.edges(keys=True, data=True)]
    if shuffle is not None:
        random.Random(shuffle).shuffle(rows)
    engine.execute("BEGIN")
    for row in rows:
        engine.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)", row)
    engine.execute("COMMIT")
    if index:
        engine.execute(f"CREATE INDEX {table}_by_source ON {table} (source)")
        engine.execute(f"CREATE INDEX {table}_by_target ON {table} (target)")


def directed(graph, direction):
    """The graph whose edges can be walked from source to target in this direction."""
    if direction == "out":
        return graph
    if direction == "in":
        return graph.reverse()
    both = graph.copy()
    for u, v, key, data in graph.edges(keys=True, data=True):
        if u != v:
            both.add_edge(v, u, key=-key, **data)
    return both


def write_edges(engine, edges, table="edges"):
    """Writes (source, target[, weight]) into a new table, in this order."""
    engine.execute(f"CREATE TABLE {table} (source, target, weight)")
    engine.execute("BEGIN")
    for source, target, *weight in edges:
        engine.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (source, target, *(weight or (1,))))
    engine.execute("COMMIT")


def simple(graph, undirected=False):
    """Without self-loops; of parallel edges, and undirected of both ways, the least weight."""
    result = nx.Graph() if undirected else nx.DiGraph()
    result.add_nodes_from(graph)
    for u, v, data in graph.edges(data=True):
        weight = data.get("weight", 1)
        if u != v and not (result.has_edge(u, v) and result[u][v]["weight"] <= weight):
            result.add_edge(u, v, weight=weight)
    return result
