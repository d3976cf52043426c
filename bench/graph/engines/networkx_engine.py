"""networkx: the graph in Python dictionaries; PageRank through scipy."""

from typing import Any

import answers
import numpy as np
from cases import DAMPING

from .base import Engine, Result, timed


class Networkx(Engine):
    title = "networkx"
    package = "networkx"
    settings = (
        "MultiDiGraph or DiGraph in memory; PageRank through scipy, with the tolerance divided "
        "by the number of nodes, as its stop rule is"
    )

    def open(self) -> None:
        import networkx
        import scipy

        self.nx = networkx
        self.scipy = scipy
        content = self.graph.content
        self.pairs = list(zip(content["source"].tolist(), content["target"].tolist(), strict=True))
        self.size = len(content["ids"])
        # With parallel edges only if there are any: it takes more memory and time.
        distinct = np.unique(content["source"] * self.size + content["target"])
        multi = len(distinct) < len(self.pairs)
        self.kind = networkx.MultiDiGraph if multi else networkx.DiGraph
        self.directed = self.make()
        self.tolerance = 1e-10
        self.form = ""
        self.other: Any = None  # the form that the case wants

    def make(self) -> Any:
        graph = self.kind()
        graph.add_nodes_from(range(self.size))
        graph.add_edges_from(self.pairs)
        return graph

    def prepare(self, case: str) -> None:
        forms = {"ppr_exact": "counted", "louvain": "counted", "weighted_path": "weighted"}
        forms |= {"triangles": "simple", "core_numbers": "simple"}
        form = forms.get(case, "")
        if form == self.form:
            return
        self.form, self.other = form, None
        source, target = self.graph.content["source"], self.graph.content["target"]
        if form in ("simple", "counted"):
            # One edge for each pair, with how many there are.
            low, high = np.minimum(source, target), np.maximum(source, target)
            keys, counts = np.unique(low * self.size + high, return_counts=True)
            if form == "simple":
                keys = keys[keys // self.size != keys % self.size]
            self.other = self.nx.Graph()
            self.other.add_nodes_from(range(self.size))
            ends = (keys // self.size).tolist(), (keys % self.size).tolist()
            if form == "simple":
                self.other.add_edges_from(zip(*ends, strict=True))
            else:
                self.other.add_weighted_edges_from(zip(*ends, counts.tolist(), strict=True))
        elif form == "weighted":
            weights = self.graph.content["weight"]
            order = np.argsort(-weights, kind="stable")  # of parallel edges the cheapest stays
            self.other = self.nx.DiGraph()
            self.other.add_nodes_from(range(self.size))
            self.other.add_weighted_edges_from(
                zip(*(x[order].tolist() for x in (source, target, weights)), strict=True)
            )

    def load(self, _: None) -> Result:
        """From lists of numbers: without reading the table."""
        ms, graph = timed(self.make)
        return ms, [graph.number_of_nodes(), graph.number_of_edges()]

    def walk(self, node: int, depth: int) -> Result:
        ms, found = timed(
            lambda: self.nx.single_source_shortest_path_length(self.directed, node, cutoff=depth)
        )
        return ms, answers.hops(np.array(list(found)), np.array(list(found.values())))

    def two_hops(self, node: int) -> Result:
        return self.walk(node, 2)

    def four_hops(self, node: int) -> Result:
        return self.walk(node, 4)

    def values(self, found: dict[int, Any]) -> np.ndarray:
        return answers.by_node(self.graph, np.array(list(found)), list(found.values()))

    def pagerank(self, _: None) -> Result:
        ms, scores = timed(
            lambda: self.nx.pagerank(
                self.directed, DAMPING, tol=self.tolerance / self.size, max_iter=1000
            )
        )
        return ms, self.values(scores)

    def ppr_exact(self, seeds: list[int]) -> Result:
        ms, scores = timed(
            lambda: self.nx.pagerank(
                self.other,
                DAMPING,
                personalization=dict.fromkeys(seeds, 1),
                tol=1e-10 / self.size,
                max_iter=1000,
            )
        )
        return ms, self.values(scores)

    def sets(self, find: Any) -> Result:
        ms, found = timed(lambda: list(find(self.directed)))
        labels = np.empty(self.size, np.int64)
        for i, nodes in enumerate(found):
            labels[list(nodes)] = i
        return ms, answers.smallest_member(labels)

    def components(self, _: None) -> Result:
        return self.sets(self.nx.weakly_connected_components)

    def strong_components(self, _: None) -> Result:
        return self.sets(self.nx.strongly_connected_components)

    def shortest_path(self, pair: list[int]) -> Result:
        def find() -> float | None:
            try:
                return float(len(self.nx.shortest_path(self.directed, *pair)) - 1)
            except self.nx.NetworkXNoPath:
                return None

        return timed(find)

    def weighted_path(self, pair: list[int]) -> Result:
        def find() -> float | None:
            try:
                return float(self.nx.bidirectional_dijkstra(self.other, *pair)[0])
            except self.nx.NetworkXNoPath:
                return None

        return timed(find)

    def triangles(self, _: None) -> Result:
        ms, found = timed(lambda: self.nx.triangles(self.other))
        return ms, self.values(found)

    def core_numbers(self, _: None) -> Result:
        ms, found = timed(lambda: self.nx.core_number(self.other))
        return ms, self.values(found)

    def louvain(self, _: None) -> Result:
        ms, found = timed(lambda: self.nx.community.louvain_communities(self.other, seed=1))
        labels = np.empty(self.size, np.int64)
        for i, nodes in enumerate(found):
            labels[list(nodes)] = i
        return ms, labels

    def about(self) -> dict[str, str]:
        return {"version": f"{self.nx.__version__}, scipy {self.scipy.__version__}"}
