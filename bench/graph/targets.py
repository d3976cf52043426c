"""What vecgraph wants to reach, and whether it does."""

from collections.abc import Iterator
from dataclasses import dataclass

from results import Result

LARGE = "rmat-1m"  # the graph that figures without a ratio are about

LOAD_WITHIN = 1.5  # of stepping the same SELECT
TWO_HOPS_MS = 1.0
CAPPED_TIMES = 10.0
PAGERANK_WITHIN = 1.5  # of igraph
PAGERANK_TIMES = 5.0  # networkx
PUSH_MS = 10.0
WITHIN_IGRAPH = 2.0
NAMES = {
    "components": "weak components",
    "shortest_path": "shortest path",
    "triangles": "triangles",
    "louvain": "Louvain",
}
SNAPSHOT_MB = 120.0
MODULARITY = 0.01  # by which communities may be worse than igraph's


@dataclass(frozen=True)
class Check:
    target: str
    graph: str
    figure: str
    wanted: str
    met: bool | None  # None: not measured


def checks(results: list[Result]) -> Iterator[Check]:
    """Some are about the large graph alone, some about every one."""
    for result in results:
        if result.name == LARGE:
            yield from of_large(result)
    for result in results:
        yield from of_igraph(result)
    pushes = {r.title: ms for r in results if (ms := r.median("ppr", "vecgraph")) is not None}
    figure = ", ".join(f"{ms:.3g}" for ms in pushes.values()) + " ms" if pushes else "not measured"
    yield Check(
        "personalised PageRank from 20 seeds (push, eps 1e-6), snapshot cached",
        "all, in their order" if len(pushes) > 1 else ", ".join(pushes),
        figure,
        f"under {PUSH_MS:g} ms on each",
        max(pushes.values()) < PUSH_MS if pushes else None,
    )


def others(results: list[Result]) -> Iterator[Check]:
    """The ratios of the large graph on the others, as far as they were measured."""
    for result in results:
        if result.name != LARGE:
            yield from (check for check in of_graph(result) if check.met is not None)


def of_large(result: Result) -> Iterator[Check]:
    yield below(result, "2 hops, new connection", "two_hops", TWO_HOPS_MS)
    yield from of_graph(result)
    size = result.engines.get("vecgraph", {}).get("snapshot_bytes")
    yield Check(
        "memory of the snapshot, with the lists of what enters",
        result.title,
        "not measured" if size is None else f"{size / 1e6:.0f} MB",
        f"under {SNAPSHOT_MB:g} MB",
        None if size is None else size / 1e6 < SNAPSHOT_MB,
    )


def of_graph(result: Result) -> Iterator[Check]:
    what = "load into a snapshot: times stepping the same SELECT"
    yield at_most(result, what, "load", "sql", LOAD_WITHIN)
    yield at_most(result, "2 hops, new connection: times the recursive CTE", "two_hops", "sql", 1.0)
    what = "4 hops with max_nodes: faster than the recursive CTE of 4 hops"
    ratio = result.ratio("four_hops_capped", "sql", "vecgraph", "four_hops")
    yield at_least(result, what, ratio, CAPPED_TIMES, result.why_not("four_hops", "sql"))
    what = "PageRank at no larger L1 error, snapshot cached: times igraph"
    yield at_most(result, what, "pagerank", "igraph", PAGERANK_WITHIN)
    what = "PageRank: faster than networkx (scipy)"
    ratio = result.ratio("pagerank", "networkx", "vecgraph")
    yield at_least(result, what, ratio, PAGERANK_TIMES, result.why_not("pagerank", "networkx"))


def of_igraph(result: Result) -> Iterator[Check]:
    for case, name in NAMES.items():
        yield at_most(result, f"{name}: times igraph", case, "igraph", WITHIN_IGRAPH)
    yield from of_communities(result)


def of_communities(result: Result) -> Iterator[Check]:
    """Speed alone would be easy."""
    ours, theirs = (result.modularity("louvain", name) for name in ("vecgraph", "igraph"))
    if ours is not None and theirs is not None:
        yield Check(
            "Louvain: modularity, and igraph's",
            result.title,
            f"{ours:.4f}, {theirs:.4f}",
            f"at most {MODULARITY:g} less",
            ours >= theirs - MODULARITY,
        )


def below(result: Result, what: str, case: str, limit: float) -> Check:
    ms = result.median(case, "vecgraph")
    figure = result.why_not(case, "vecgraph") if ms is None else f"{ms:.3g} ms"
    return Check(
        what, result.title, figure, f"under {limit:g} ms", None if ms is None else ms < limit
    )


def at_most(result: Result, what: str, case: str, other: str, limit: float) -> Check:
    ratio = result.ratio(case, "vecgraph", other)
    missing = "vecgraph" if result.median(case, "vecgraph") is None else other
    figure = result.why_not(case, missing) if ratio is None else f"{ratio:.3g} x"
    met = None if ratio is None else ratio <= limit
    return Check(what, result.title, figure, f"at most {limit:g} x", met)


def at_least(result: Result, what: str, ratio: float | None, limit: float, why: str) -> Check:
    figure = why if ratio is None else f"{ratio:.3g} x"
    met = None if ratio is None else ratio >= limit
    return Check(what, result.title, figure, f"{limit:g} x", met)
