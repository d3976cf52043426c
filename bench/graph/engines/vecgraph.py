"""vecgraph: the ordinary table, as it is."""

import json
from typing import Any

import answers
from cases import DAMPING, HOPS_CAP, PUSH_EPS
from client import Connection, Rows

from .base import Result
from .sqlite_base import SqliteEngine


class Vecgraph(SqliteEngine):
    title = "vecgraph"
    settings = "ordinary table; the snapshot in memory unless a case says: new connection"

    def open(self) -> None:
        self.kind = "t" if self.graph.text_ids else "i"
        self.db = self.connect()
        self.tolerance = 1e-10
        self.stats()

    def connect(self) -> Connection:
        return Connection(self.graph.table, str(self.library))

    def stats(self) -> Rows:
        return self.db.run("SELECT nodes, edges, bytes, build_ms FROM graph_stats('edges')", "iiid")

    def run(self, sql: str, kinds: str, *values: Any, db: Connection | None = None) -> Rows:
        """N in `kinds` is a node."""
        return (db or self.db).run(sql, kinds.replace("N", self.kind), *values)

    def ids(self, nodes: list[int]) -> str:
        return json.dumps([self.graph.id_of(node) for node in nodes])

    def values(self, rows: Rows) -> Result:
        """Rows of a node and a number."""
        numbers = self.graph.numbers_of(rows[0])
        return rows.ms, answers.by_node(self.graph, numbers, rows[1])

    # ---- the cases

    def load(self, _: None) -> Result:
        """Reading alone: the whole call also counts degrees, for which it sorts edges once more."""
        sql = "SELECT nodes, edges, build_ms FROM graph_stats('edges')"
        rows = self.run(sql, "iid", db=self.connect())
        read = float(rows[2][0])
        if not 0 < read < rows.ms:
            raise ValueError(f"build_ms is {read:.1f} of {rows.ms:.1f} ms")
        return read, [int(rows[0][0]), int(rows[1][0])]

    def walk(self, node: int, depth: int, more: str = "") -> Result:
        sql = f"SELECT node, depth FROM graph_bfs('edges', ?1, {depth}){more}"
        rows = self.run(sql, "Ni", self.graph.id_of(node), db=self.connect())
        return rows.ms, answers.hops(self.graph.numbers_of(rows[0]), rows[1])

    def two_hops(self, node: int) -> Result:
        return self.walk(node, 2)

    def four_hops(self, node: int) -> Result:
        return self.walk(node, 4)

    def four_hops_capped(self, node: int) -> Result:
        return self.walk(node, 4, f" WHERE max_nodes = {HOPS_CAP}")

    def pagerank(self, _: None) -> Result:
        sql = f"SELECT node, score FROM graph_pagerank('edges', {DAMPING}, ?1)"
        return self.values(self.run(sql, "Nd", self.tolerance))

    def pagerank_top(self, _: None) -> Result:
        sql = f"SELECT node, score FROM graph_pagerank('edges', {DAMPING}, ?1) WHERE top_k = 10"
        rows = self.run(sql, "Nd", self.tolerance)
        return rows.ms, self.graph.numbers_of(rows[0]).tolist()

    def ppr(self, seeds: list[int]) -> Result:
        sql = f"SELECT node, score FROM graph_ppr('edges', ?1, {DAMPING}) WHERE eps = {PUSH_EPS}"
        return self.values(self.run(sql, "Nd", self.ids(seeds)))

    def ppr_exact(self, seeds: list[int]) -> Result:
        sql = f"SELECT node, score FROM graph_ppr('edges', ?1, {DAMPING}) WHERE tol = 1e-10"
        return self.values(self.run(sql, "Nd", self.ids(seeds)))

    def components(self, _: None, kind: str = "weak") -> Result:
        rows = self.run(f"SELECT node, component FROM graph_components('edges', '{kind}')", "NN")
        numbers = self.graph.numbers_of(rows[0])
        labels = answers.by_node(self.graph, numbers, self.graph.numbers_of(rows[1]))
        return rows.ms, answers.smallest_member(labels)

    def strong_components(self, _: None) -> Result:
        return self.components(None, "strong")

    def path(self, pair: list[int], weight: str) -> Result:
        source, target = (self.graph.id_of(node) for node in pair)
        sql = f"SELECT step, cost FROM graph_shortest_path('edges', ?1, ?2{weight})"
        rows = self.run(sql, "id", source, target)
        return rows.ms, float(rows[1][-1]) if rows.count else None

    def shortest_path(self, pair: list[int]) -> Result:
        return self.path(pair, "")

    def weighted_path(self, pair: list[int]) -> Result:
        return self.path(pair, ", 'weight'")

    def triangles(self, _: None) -> Result:
        return self.values(self.run("SELECT node, triangles FROM graph_triangles('edges')", "Ni"))

    def core_numbers(self, _: None) -> Result:
        return self.values(self.run("SELECT node, core FROM graph_kcore('edges')", "Ni"))

    def communities(self, function: str) -> Result:
        rows = self.run(f"SELECT node, community FROM {function}('edges')", "NN")
        nodes, labels = (self.graph.numbers_of(rows[i]) for i in (0, 1))
        return rows.ms, answers.by_node(self.graph, nodes, labels)

    def louvain(self, _: None) -> Result:
        return self.communities("graph_louvain")

    def leiden(self, _: None) -> Result:
        return self.communities("graph_leiden")

    def prepare(self, case: str) -> None:
        self.stats()  # the snapshot, with the lists of what enters

    def about(self) -> dict[str, Any]:
        text = self.db.run("SELECT vec_debug()", "t")[0][0]
        version, *rest = text.splitlines()
        return {
            "version": version.removeprefix("Version: v"),
            "build": "; ".join(rest),
            "snapshot_bytes": int(self.stats()[2][0]),
        }
