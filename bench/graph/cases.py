"""The questions that are measured, and their inputs."""

from dataclasses import dataclass
from typing import Any

from datasets import Graph, generator

HOPS_CAP = 1000  # max_nodes of the capped walk
SEEDS = 20  # of a personalised PageRank
PUSH_EPS = 1e-6
DAMPING = 0.85


@dataclass(frozen=True)
class Case:
    """`answer` says how answers are compared (answers.py); `varied`: every repetition has an input
    of its own, else all have none."""

    name: str
    title: str
    answer: str
    varied: bool = False
    most: int = 11  # repetitions


CASES = {
    case.name: case
    for case in (
        Case("opening", "open a connection, load the extension", "none", most=60),
        Case("load", "read all edges into memory, new connection", "counts", most=7),
        Case("two_hops", "2 hops from a node, new connection", "hops", True, 240),
        Case("four_hops", "4 hops from a node, new connection", "hops", True, 12),
        Case("four_hops_capped", f"4 hops, at most {HOPS_CAP:,} nodes", "capped", True, 60),
        Case("pagerank", "PageRank, all scores", "scores"),
        Case("pagerank_top", "PageRank, the best 10", "top"),
        Case("ppr", f"personalised PageRank, {SEEDS} seeds, push", "push", True, 40),
        Case("ppr_exact", f"personalised PageRank, {SEEDS} seeds, all scores", "scores", True),
        Case("components", "weak components", "labels"),
        Case("strong_components", "strong components", "labels"),
        Case("shortest_path", "shortest path between two nodes", "value", True, 40),
        Case("weighted_path", "cheapest path between two nodes", "value", True, 20),
        Case("triangles", "triangles of every node", "labels"),
        Case("core_numbers", "core number of every node", "labels"),
        Case("louvain", "Louvain communities", "communities", most=5),
        Case("leiden", "Leiden communities", "communities", most=5),
    )
}


def inputs(case: Case, graph: Graph, count: int) -> list[Any]:
    """The same for every engine: node numbers."""
    if not case.varied:
        return [None] * count
    # Cases of one kind have the same inputs, as far as these go.
    kind = case.name.removesuffix("_capped").removesuffix("_exact")
    random = generator("inputs", kind, graph.name)
    nodes = len(graph.content["ids"])
    if kind == "ppr":
        return [random.choice(nodes, SEEDS, replace=False).tolist() for _ in range(count)]
    if case.name.endswith("path"):
        return random.integers(nodes, size=(count, 2)).tolist()
    return random.integers(nodes, size=count).tolist()
