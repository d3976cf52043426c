"""bench/graph: its graphs, the comparison of answers, and a run from the table to the report."""

import json
import os
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest

from conftest import LIBRARY, ROOT

pytestmark = pytest.mark.without_library

FOLDER = ROOT / "bench" / "graph"
sys.path.append(str(FOLDER))

import answers  # noqa: E402
import datasets  # noqa: E402
import targets  # noqa: E402
from cases import CASES, HOPS_CAP, inputs  # noqa: E402
from engines import CLASSES, engine_class  # noqa: E402
from results import Result  # noqa: E402


class Small:
    """A graph with parallel edges, an edge to itself, and nodes that nothing leaves."""

    name = "small"
    source = np.array([0, 0, 1, 2, 2, 3, 3, 4])
    target = np.array([1, 1, 2, 0, 2, 4, 5, 3])
    content = {"ids": np.arange(10, 17), "source": source, "target": target}

    def networkx(self, kind=nx.MultiDiGraph):
        graph = kind()
        graph.add_nodes_from(range(len(self.content["ids"])))
        graph.add_edges_from(zip(self.source.tolist(), self.target.tolist(), strict=True))
        return graph


def test_rmat_has_exactly_these_nodes_and_edges():
    source, target = datasets.make_rmat(400, 2000, 11)
    assert len(source) == len(target) == 2000
    assert np.array_equal(np.unique([source, target]), np.arange(400))
    assert not (source == target).any()
    assert len(set(zip(source.tolist(), target.tolist(), strict=True))) == 2000
    again = datasets.make_rmat(400, 2000, 11)
    assert np.array_equal([source, target], again)
    assert np.bincount(source).max() > 10 * 2000 / 400  # some have many


def test_rmat_that_cannot_be():
    with pytest.raises(ValueError, match="edges to touch"):
        datasets.make_rmat(100, 40, 10)


def test_a_capped_walk_begins_where_the_full_one_does():
    full, capped = (inputs(CASES[name], Small, 12) for name in ("four_hops", "four_hops_capped"))
    assert full == capped
    assert inputs(CASES["ppr"], wide(), 3) == inputs(CASES["ppr_exact"], wide(), 3)


def wide():
    graph = Small()
    graph.content = {"ids": np.arange(100)}
    return graph


@pytest.mark.parametrize(("seeds", "both"), [(None, False), ([0, 3], True)])
def test_exact_scores_are_those_of_networkx(seeds, both):
    graph = Small().networkx()
    if both:
        graph = Small().networkx(nx.MultiGraph)
    teleport = dict.fromkeys(seeds, 1) if seeds else None
    wanted = power_iteration(graph, teleport)
    found = answers.exact_scores(Small(), seeds, both)
    assert np.abs(found - wanted).max() < 1e-12


def power_iteration(graph, teleport):
    """networkx's own in plain Python: the one that needs no scipy."""
    from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python

    weighted = nx.DiGraph()
    weighted.add_nodes_from(graph)
    pairs = list(graph.edges())
    if not graph.is_directed():
        pairs += [(b, a) for a, b in pairs if a != b]
    for a, b in pairs:
        before = weighted.get_edge_data(a, b, {"weight": 0})["weight"]
        weighted.add_edge(a, b, weight=before + 1)
    scores = _pagerank_python(weighted, 0.85, teleport, max_iter=1000, tol=1e-16)
    return np.array([scores[node] for node in range(len(scores))])


def test_a_power_iteration_with_this_tolerance_has_this_error():
    exact = answers.exact_scores(Small(), None, both=False)
    tolerance = answers.tolerance_for(Small(), exact, 1e-6)
    iteration = answers.PowerIteration(Small())
    while iteration.step() >= tolerance:
        assert np.abs(iteration.scores - exact).sum() > 1e-6
    assert np.abs(iteration.scores - exact).sum() <= 1e-6


def test_modularity_is_that_of_networkx():
    labels = np.array([7, 7, 7, 1, 1, 1, 4])
    sets = [{0, 1, 2}, {3, 4, 5}, {6}]
    wanted = nx.community.modularity(Small().networkx(nx.MultiGraph), sets)
    assert answers.modularity(Small(), labels) == pytest.approx(wanted)


def test_sets_are_named_by_their_smallest_member():
    assert answers.smallest_member(np.array([5, 3, 5, 3, 9])).tolist() == [0, 1, 0, 1, 4]


def test_what_is_the_same():
    hops = CASES["two_hops"]
    one = answers.hops(np.array([4, 2, 9]), np.array([1, 0, 1]))
    assert answers.compare(hops, answers.hops(np.array([9, 2, 4]), np.array([1, 0, 1])), one)[0]
    assert not answers.compare(hops, answers.hops(np.array([9, 2, 5]), np.array([1, 0, 1])), one)[0]
    assert not answers.compare(hops, answers.hops(np.array([9, 2, 4]), np.array([1, 0, 2])), one)[0]

    labels = np.array([0, 0, 2])
    assert answers.compare(CASES["components"], labels, labels) == (True, "the same")
    same, words = answers.compare(CASES["components"], np.array([0, 1, 2]), labels)
    assert not same and words == "1 of 3 nodes differ"

    path = CASES["shortest_path"]
    assert answers.compare(path, None, None)[0] and not answers.compare(path, 2.0, None)[0]

    assert answers.capped({"depths": [1, 4, 3000]}) == [1, 4, HOPS_CAP - 5]
    capped = CASES["four_hops_capped"]
    assert answers.compare(capped, {"depths": [1, 4]}, {"depths": [1, 4]})[0]
    assert not answers.compare(capped, {"depths": [1, 3, 1]}, {"depths": [1, 4]})[0]


def test_scores():
    exact = np.array([0.5, 0.3, 0.2])
    same, words = answers.compare(CASES["pagerank"], exact + [1e-8, -1e-8, 0], exact)
    assert same and words == "L1 error 2.0e-08"
    assert not answers.compare(CASES["pagerank"], exact * 0.9, exact)[0]
    assert answers.compare(CASES["ppr"], exact * 0.9, exact)[0]
    assert not answers.compare(CASES["ppr"], exact + [0, 0.1, -0.1], exact)[0]
    assert answers.compare(CASES["pagerank_top"], [1, 0], exact)[0]
    assert not answers.compare(CASES["pagerank_top"], [2, 0], exact)[0]


def measured(times, **engines):
    """What run.py would have kept of the large graph; {case: {engine: times or words}}."""
    cases = {
        case: {
            name: {"times_ms": found, "modularity": 0.5}
            if isinstance(found, list)
            else {"times_ms": [], "failed": found}
            for name, found in of_case.items()
        }
        for case, of_case in times.items()
    }
    content = {"graph": targets.LARGE, "title": "large", "cases": cases, "engines": engines}
    return {check.target: check for check in targets.checks([Result(content)])}


def test_targets():
    found = measured(
        {
            "load": {"vecgraph": [14, 15, 16], "sql": [10, 10, 10]},
            "two_hops": {"vecgraph": [0.5], "sql": [0.4]},
            "four_hops": {"sql": [20, 30]},
            "four_hops_capped": {"vecgraph": [2, 3, 900, 900, 900]},
            "pagerank": {"vecgraph": [10], "igraph": [5], "networkx": "no answer within 60 s"},
            "ppr": {"vecgraph": [9.9]},
            "louvain": {"vecgraph": [1], "igraph": [1]},
        },
        vecgraph={"snapshot_bytes": 92_000_000},
    )

    def line(text):
        (check,) = (check for target, check in found.items() if target.startswith(text))
        return check.figure, check.met

    assert line("load") == ("1.5 x", True)
    assert line("2 hops, new connection: times") == ("1.25 x", False)
    assert found["2 hops, new connection"].met
    assert line("4 hops") == ("10 x", True)  # on the inputs that both had
    assert line("PageRank at") == ("2 x", False)
    assert line("PageRank: faster") == ("no answer within 60 s", None)
    assert line("personalised") == ("9.9 ms", True)
    assert line("weak components") == ("not measured", None)
    assert line("Louvain: times") == ("1 x", True)
    assert line("Louvain: modularity") == ("0.5000, 0.5000", True)
    assert line("memory") == ("92 MB", True)


def test_every_engine_has_cases_and_the_pivot_all():
    assert engine_class("vecgraph").cases() == list(CASES)
    for name in CLASSES:
        assert engine_class(name).cases()


def test_a_run_writes_a_report(tmp_path):
    cases = "opening load two_hops four_hops four_hops_capped pagerank ppr components shortest_path"
    command = [sys.executable, FOLDER / "run.py", "--graphs", "rmat-1k", "--seconds", "0.01"]
    command += ["--engines", "vecgraph", "sql", "--library", LIBRARY, "--cases", *cases.split()]
    environment = {**os.environ, "VECGRAPH_BENCH_GRAPH": str(tmp_path / "build")}
    done = subprocess.run(
        [*command, "--results", tmp_path / "out"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (content,) = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (content["nodes"], content["edges"]) == (1000, 5000)
    for case, engines in content["cases"].items():
        for engine, one in engines.items():
            # LIMIT inside of a CTE counts a node once for each depth: it may have fewer.
            if case != "opening" and (case, engine) != ("four_hops_capped", "sql"):
                assert one["same"] is True, (case, engine, one)
    text = (tmp_path / "out" / "README.md").read_text()
    assert "| 2 hops from a node, new connection | vecgraph | " in text
    assert "| 2 hops, new connection: times the recursive CTE | R-MAT, 1,000 nodes" in text
    assert "| weak components: times igraph | R-MAT, 1,000 nodes, 5,000 edges | not meas" in text
