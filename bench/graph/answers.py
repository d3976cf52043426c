"""Answers in a form that can be compared, and the comparison.

An engine gives node numbers and plain arrays; what is large goes into a file, one array in the
order of the nodes. vecgraph's answer is the measure, and for scores the limit of a power iteration
in numpy: the exact scores.
"""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from cases import DAMPING, HOPS_CAP, PUSH_EPS, Case
from datasets import Graph

Array = np.ndarray
Answer = Any  # a JSON value, or an array

SAME = 1e-6  # L1 distance of scores that sum to 1


# ---- made by the engines -----------------------------------------------------------------------


def hops(nodes: Array, depths: Array) -> Answer:
    """How many nodes there are at every depth, and which."""
    order = np.argsort(nodes)
    both = np.stack([np.asarray(nodes)[order], np.asarray(depths)[order]]).astype("<i8")
    return {"depths": np.bincount(depths).tolist(), "nodes": zlib.crc32(both.tobytes())}


def by_node(graph: Graph, nodes: Array, values: Any, missing: Any = 0) -> Array:
    """Values in the order of the nodes."""
    values = np.asarray(values)
    result = np.full(len(graph.content["ids"]), missing, values.dtype)
    result[nodes] = values
    return result


def smallest_member(labels: Array) -> Array:
    """For each node the smallest node with the same label: the name that a set has everywhere."""
    _, firsts, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return firsts[inverse]


# ---- exact scores ------------------------------------------------------------------------------


class PowerIteration:
    """Of PageRank, or of the personalised one. Parallel edges add; in both directions an edge from
    a node to itself counts once."""

    def __init__(self, graph: Graph, seeds: list[int] | None = None, both: bool = False):
        source, target = graph.content["source"], graph.content["target"]
        self.size = len(graph.content["ids"])
        if both:
            back = source != target
            source, target = (
                np.concatenate([source, target[back]]),
                np.concatenate([target, source[back]]),
            )
        self.teleport = np.full(self.size, 1 / self.size)
        if seeds is not None:
            self.teleport = np.bincount(seeds, minlength=self.size) / len(seeds)
        self.out = np.bincount(source, minlength=self.size)
        order = np.argsort(target, kind="stable")  # sums go through memory in order
        self.source, self.target = source[order], target[order]
        self.scores = self.teleport

    def step(self) -> float:
        """Returns the change: its L1 norm."""
        shares = self.scores * (DAMPING / np.maximum(self.out, 1))
        again = DAMPING * self.scores[self.out == 0].sum() + 1 - DAMPING
        after = np.bincount(self.target, shares[self.source], self.size) + again * self.teleport
        change = float(np.abs(after - self.scores).sum())
        self.scores = after
        return change


def exact_scores(graph: Graph, seeds: list[int] | None, both: bool) -> Array:
    """As exact as float64 allows."""
    iteration = PowerIteration(graph, seeds, both)
    for _ in range(1000):
        if iteration.step() < 1e-14:
            break
    return iteration.scores / iteration.scores.sum()


def tolerance_for(graph: Graph, exact: Array, error: float) -> float:
    """With which a power iteration stops as soon as its error is not larger than this."""
    iteration = PowerIteration(graph)
    for _ in range(1000):
        change = iteration.step()
        if np.abs(iteration.scores - exact).sum() <= error:
            break
    return change * 1.001


def modularity(graph: Graph, labels: Array) -> float:
    """Of communities in the undirected graph with all edges, parallel ones too."""
    source, target = graph.content["source"], graph.content["target"]
    names, labels = np.unique(labels, return_inverse=True)
    inside = np.count_nonzero(labels[source] == labels[target]) / len(source)
    degrees = np.bincount(np.concatenate([labels[source], labels[target]]), minlength=len(names))
    return float(inside - ((degrees / (2 * len(source))) ** 2).sum())


# ---- compared ----------------------------------------------------------------------------------


def read(answer: Answer) -> Answer:
    """An array, if that is where the answer is."""
    if isinstance(answer, dict) and "file" in answer:
        return np.load(Path(answer["file"]))
    return answer


def capped(full: Answer) -> list[int]:
    """How many nodes at every depth a walk has that stops after HOPS_CAP of them."""
    left, depths = HOPS_CAP, []
    for count in full["depths"]:
        if left:
            depths.append(min(count, left))
            left -= depths[-1]
    return depths


def compare(case: Case, answer: Answer, wanted: Answer) -> tuple[bool, str]:
    """Is the answer right, and in words how it differs. `wanted` is vecgraph's answer, for scores
    the exact ones, for a capped walk the one without a cap."""
    if case.answer == "scores":
        distance = float(np.abs(answer - wanted).sum())
        words = f"L1 error {distance:.1e}"
        if abs(answer.sum() - 1) > SAME:
            words += f", sum {answer.sum():.4f}"
        return distance < SAME, words
    if case.answer == "push":
        return compare_push(answer, wanted)
    if case.answer == "top":
        same = set(answer) == set(np.argsort(-wanted, kind="stable")[: len(answer)].tolist())
        return same, "the same nodes" if same else "other nodes"
    if case.answer == "capped":
        same = answer["depths"] == capped(wanted)
        words = "as many nodes at each depth" if same else f"depths {answer['depths']}"
        return same, words if same else f"{words}, nearest first {capped(wanted)}"
    if case.answer == "labels":
        other = int(np.count_nonzero(answer != wanted))
        return not other, "the same" if not other else f"{other:,} of {len(wanted):,} nodes differ"
    same = answer == wanted
    return same, "the same" if same else f"{answer}, vecgraph {wanted}"


def compare_push(answer: Answer, exact: Array) -> tuple[bool, str]:
    """Push gives too little, by less than eps for each edge of a node."""
    missing = 1 - answer.sum()
    right = bool((answer <= exact + 1e-12).all() and missing > -1e-12)
    best = np.argsort(-exact, kind="stable")[:20]
    found = np.intersect1d(best, np.argsort(-answer, kind="stable")[:20]).size
    return right, (
        f"at most the exact score everywhere, {missing:.2f} missing (eps {PUSH_EPS:g}), "
        f"{found} of the best 20"
        if right
        else "above the exact score"
    )
