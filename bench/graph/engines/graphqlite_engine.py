"""GraphQLite: its own tables, Cypher in, JSON out. The time includes writing the JSON, as there is
no other form; reading it is not counted."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import answers
import numpy as np
from cases import DAMPING
from client import Connection

from .base import Result
from .sqlite_base import SqliteEngine


class Graphqlite(SqliteEngine):
    title = "GraphQLite"
    package = "graphqlite"
    settings = (
        "a copy of the graph in its own tables, by its bulk functions; gql_load_graph() except for "
        "new connections; PageRank with as many rounds as its error shows"
    )
    rounds = 100

    @property
    def path(self) -> Path:
        return self.graph.folder / "graphqlite.db"

    def build(self) -> None:
        if self.path.exists():
            return
        import graphqlite

        partial = self.path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        content = self.graph.content
        with closing(graphqlite.Graph(str(partial))) as graph:
            graph.connection.sqlite_connection.execute("PRAGMA synchronous = OFF")
            names = [str(node) for node in content["ids"].tolist()]
            numbers = graph.insert_nodes_bulk([(name, {}, "Node") for name in names])
            pairs = zip(content["source"].tolist(), content["target"].tolist(), strict=True)
            graph.insert_edges_bulk([(names[a], names[b], {}, "EDGE") for a, b in pairs], numbers)
        partial.rename(self.path)

    def open(self) -> None:
        import graphqlite

        package = Path(graphqlite.__file__)
        self.version = graphqlite.__version__
        self.library_path = str(package.with_name("graphqlite.so"))
        self.build()
        self.db = self.connect()
        self.db.run("SELECT gql_load_graph()", "t")
        self.names = {str(node): i for i, node in enumerate(self.graph.content["ids"].tolist())}

    def connect(self) -> Connection:
        return Connection(self.path, self.library_path, writable=True)

    def ask(self, cypher: str, db: Connection | None = None) -> tuple[float, Any]:
        """The one value of a RETURN."""
        rows = (db or self.db).run("SELECT cypher(?1)", "t", f"RETURN {cypher}")
        found = json.loads(rows[0][0])
        if isinstance(found, list) and len(found) == 1 and set(found[0]) == {"column_0"}:
            found = found[0]["column_0"]
        return rows.ms, json.loads(found) if isinstance(found, str) else found

    def literal(self, node: int) -> str:
        return "'" + str(self.graph.id_of(node)).replace("'", "\\'") + "'"

    def nodes(self, found: list[dict[str, Any]]) -> np.ndarray:
        return np.array([self.names[row["user_id"]] for row in found], np.int64)

    def values(self, cypher: str, key: str) -> Result:
        ms, found = self.ask(cypher)
        values = [row[key] for row in found]
        return ms, answers.by_node(self.graph, self.nodes(found), values)

    def load(self, _: None) -> Result:
        db = self.connect()
        rows = db.run("SELECT gql_load_graph()", "t")
        found = json.loads(rows[0][0])
        return rows.ms, [found["nodes"], found["edges"]]

    def walk(self, node: int, depth: int) -> Result:
        ms, found = self.ask(f"bfs({self.literal(node)}, {depth})", self.connect())
        return ms, answers.hops(self.nodes(found), np.array([row["depth"] for row in found]))

    def two_hops(self, node: int) -> Result:
        return self.walk(node, 2)

    def four_hops(self, node: int) -> Result:
        return self.walk(node, 4)

    def pagerank(self, _: None) -> Result:
        return self.values(f"pageRank({DAMPING}, {self.rounds})", "score")

    def pagerank_top(self, _: None) -> Result:
        ms, found = self.ask(f"topPageRank(10, {DAMPING}, {self.rounds})")
        return ms, self.nodes(found).tolist()

    def components(self, _: None) -> Result:
        ms, labels = self.values("wcc()", "component")
        return ms, answers.smallest_member(labels)

    def strong_components(self, _: None) -> Result:
        ms, labels = self.values("scc()", "component")
        return ms, answers.smallest_member(labels)

    def shortest_path(self, pair: list[int]) -> Result:
        source, target = (self.literal(node) for node in pair)
        ms, found = self.ask(f"dijkstra({source}, {target})")
        return ms, float(found["distance"]) if found.get("found") else None

    def triangles(self, _: None) -> Result:
        return self.values("triangleCount()", "triangles")

    def louvain(self, _: None) -> Result:
        return self.values("louvain(1.0)", "community")

    def about(self) -> dict[str, Any]:
        return {"version": self.version, "file_bytes": self.path.stat().st_size}
