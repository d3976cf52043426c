"""sqlite-muninn: table functions on the same table; every call reads the edges anew."""

from typing import Any

import answers
import numpy as np
from cases import DAMPING
from client import Connection, Rows

from .base import Result
from .sqlite_base import SqliteEngine

EDGES = "'edges', 'source', 'target'"


class Muninn(SqliteEngine):
    title = "sqlite-muninn"
    package = "sqlite-muninn"
    settings = "ordinary table; PageRank with as many rounds as its error shows"
    rounds = 100

    def open(self) -> None:
        import sqlite_muninn

        self.version = sqlite_muninn.__version__
        self.library_path = sqlite_muninn.loadable_path()
        self.db = self.connect()

    def connect(self) -> Connection:
        return Connection(self.graph.table, self.library_path)

    def nodes(self, rows: Rows) -> np.ndarray:
        """Its ids are text."""
        ids = rows[0] if self.graph.text_ids else np.array(rows[0], np.int64)
        return self.graph.numbers_of(ids)

    def values(self, rows: Rows) -> Result:
        return rows.ms, answers.by_node(self.graph, self.nodes(rows), rows[1])

    def walk(self, node: int, depth: int) -> Result:
        sql = f"SELECT node, depth FROM graph_bfs({EDGES}, ?1, {depth}, 'forward')"
        rows = self.connect().run(sql, "ti", str(self.graph.id_of(node)))
        return rows.ms, answers.hops(self.nodes(rows), rows[1])

    def two_hops(self, node: int) -> Result:
        return self.walk(node, 2)

    def four_hops(self, node: int) -> Result:
        return self.walk(node, 4)

    def pagerank(self, _: None) -> Result:
        sql = f"SELECT node, rank FROM graph_pagerank({EDGES}, {DAMPING}, {self.rounds})"
        return self.values(self.db.run(sql, "td"))

    def components(self, _: None) -> Result:
        rows = self.db.run(f"SELECT node, component_id FROM graph_components({EDGES})", "ti")
        ms, labels = self.values(rows)
        return ms, answers.smallest_member(labels)

    def path(self, pair: list[int], weight: str) -> Result:
        source, target = (str(self.graph.id_of(node)) for node in pair)
        sql = f"SELECT path_order, distance FROM graph_shortest_path({EDGES}, ?1, ?2{weight})"
        rows = self.db.run(sql, "id", source, target)
        return rows.ms, float(rows[1][-1]) if rows.count else None

    def shortest_path(self, pair: list[int]) -> Result:
        return self.path(pair, "")

    def weighted_path(self, pair: list[int]) -> Result:
        return self.path(pair, ", 'weight'")

    def leiden(self, _: None) -> Result:
        sql = f"SELECT node, community_id FROM graph_leiden({EDGES}) WHERE direction = 'both'"
        return self.values(self.db.run(sql, "ti"))

    def about(self) -> dict[str, Any]:
        return {"version": self.version}
