"""igraph, through its Python package: the graph in the memory of a C library."""

from typing import Any

import answers
import numpy as np
from cases import DAMPING

from .base import Engine, Result, timed


class Igraph(Engine):
    title = "igraph"
    package = "python-igraph"
    settings = (
        "directed graph in memory; PageRank by prpack, its default; for communities and "
        "personalised PageRank undirected with all edges, for triangles and cores simple"
    )

    def open(self) -> None:
        import igraph

        self.igraph = igraph
        content = self.graph.content
        self.size = len(content["ids"])
        self.pairs = np.stack([content["source"], content["target"]], axis=1)
        self.weights = content["weight"].tolist()
        self.directed = igraph.Graph(self.size, self.pairs, directed=True)
        self.each: Any = None
        self.simple: Any = None

    def prepare(self, case: str) -> None:
        if case in ("ppr_exact", "louvain", "leiden") and self.each is None:
            self.each = self.directed.as_undirected(mode="each")
        if case in ("triangles", "core_numbers") and self.simple is None:
            self.simple = self.directed.as_undirected(mode="each").simplify()

    def load(self, _: None) -> Result:
        """From numpy arrays: without reading the table."""
        ms, graph = timed(lambda: self.igraph.Graph(self.size, self.pairs, directed=True))
        return ms, [graph.vcount(), graph.ecount()]

    def walk(self, node: int, depth: int) -> Result:
        def nodes_by_depth() -> list[list[int]]:
            within = (self.directed.neighborhood(node, d, mode="out") for d in range(depth + 1))
            return list(within)

        ms, _ = timed(lambda: self.directed.neighborhood(node, depth, mode="out"))
        depths = np.full(self.size, -1)
        for d, nodes in reversed(list(enumerate(nodes_by_depth()))):
            depths[nodes] = d
        found = np.flatnonzero(depths >= 0)
        return ms, answers.hops(found, depths[found])

    def two_hops(self, node: int) -> Result:
        return self.walk(node, 2)

    def four_hops(self, node: int) -> Result:
        return self.walk(node, 4)

    def pagerank(self, _: None) -> Result:
        ms, scores = timed(lambda: self.directed.pagerank(damping=DAMPING))
        return ms, np.array(scores)

    def ppr_exact(self, seeds: list[int]) -> Result:
        ms, scores = timed(
            lambda: self.each.personalized_pagerank(
                damping=DAMPING, directed=False, reset_vertices=seeds
            )
        )
        return ms, np.array(scores)

    def components(self, _: None, mode: str = "weak") -> Result:
        ms, labels = timed(lambda: self.directed.connected_components(mode=mode).membership)
        return ms, answers.smallest_member(np.array(labels))

    def strong_components(self, _: None) -> Result:
        return self.components(None, "strong")

    def shortest_path(self, pair: list[int]) -> Result:
        ms, path = timed(lambda: self.directed.get_shortest_path(*pair))
        return ms, float(len(path) - 1) if path else None

    def weighted_path(self, pair: list[int]) -> Result:
        ms, path = timed(
            lambda: self.directed.get_shortest_path(*pair, weights=self.weights, output="epath")
        )
        if not path and pair[0] != pair[1]:
            return ms, None
        return ms, float(self.graph.content["weight"][path].sum())

    def triangles(self, _: None) -> Result:
        """The clustering of every node: from it come the triangles, as whole numbers."""
        ms, shares = timed(lambda: self.simple.transitivity_local_undirected(mode="zero"))
        degrees = np.array(self.simple.degree())
        return ms, np.rint(np.array(shares) * degrees * (degrees - 1) / 2).astype(np.int64)

    def core_numbers(self, _: None) -> Result:
        ms, cores = timed(lambda: self.simple.coreness())
        return ms, np.array(cores)

    def louvain(self, _: None) -> Result:
        ms, labels = timed(lambda: self.each.community_multilevel().membership)
        return ms, np.array(labels)

    def leiden(self, _: None) -> Result:
        ms, labels = timed(
            lambda: (
                self.each.community_leiden(
                    objective_function="modularity", n_iterations=-1
                ).membership
            )
        )
        return ms, np.array(labels)

    def about(self) -> dict[str, str]:
        return {"version": self.igraph.__version__}
