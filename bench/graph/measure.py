"""The measurement of one graph: engines that are open at the same time and are asked in turn."""

import math
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import answers
import numpy as np
from cases import CASES, Case, inputs
from datasets import BUILD, Graph
from engines import PIVOT, engine_class
from remote import Failed, Gone, Remote

FALLBACK_ERROR = 1e-9  # of PageRank, where igraph is not there to set it
STEP = math.sqrt(10)  # between two tolerances that are tried


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    library: Path
    seconds: float = 5  # for the repetitions of a case by one engine
    fewest: int = 3
    most: int = 1000  # if a case has no fewer
    once: float = 5  # seconds; what takes longer is asked once
    limit: float = 60  # seconds, the longest that one answer may take
    opening: float = 900  # seconds, for building and reading a graph


def brief(result: dict[str, Any]) -> str:
    return result.get("failed") or f"{np.median(result['times_ms']):.3g} ms"


class Race:
    """Everything about one graph."""

    def __init__(self, graph: Graph, names: list[str], cases: list[str], plan: Plan):
        self.graph = graph
        self.plan = plan
        self.names = names
        self.cases = cases
        self.remotes: dict[str, Remote] = {}
        self.engines: dict[str, dict[str, Any]] = {name: {} for name in names}
        self.results: dict[str, dict[str, dict[str, Any]]] = {}
        self.exact: dict[tuple[int, ...], np.ndarray] = {}  # scores, by the seeds
        self.tolerances: dict[str, float] = {}
        self.slow: dict[tuple[str, str], str] = {}  # from smaller graphs: not asked again, and why

    def run(self, say: Callable[[str], None]) -> None:
        """`say` hears of each case that is done."""
        for name in self.cases:
            start = time.monotonic()
            self.run_case(CASES[name])
            words = ", ".join(f"{x} {brief(one)}" for x, one in self.results[name].items())
            say(f"{name} ({time.monotonic() - start:.0f} s): {words}")

    def close(self) -> None:
        for remote in self.remotes.values():
            remote.close()

    # ---- processes

    def remote(self, name: str) -> Remote:
        if name not in self.remotes:
            remote = Remote(name, self.graph.name, self.plan.library)
            opened = remote.call("open", self.plan.opening)
            built = max(opened["build_s"], self.engines[name].get("build_s", 0))
            self.engines[name] |= opened | {"build_s": built}
            self.remotes[name] = remote
            if name in self.tolerances:
                remote.call("set", 60, name="tolerance", value=self.tolerances[name])
        return self.remotes[name]

    def attempt(self, name: str, result: dict[str, Any], step: Any, *arguments: Any) -> Any:
        """None, and the reason in the result, if it fails."""
        try:
            return step(name, *arguments)
        except Failed as reason:
            result["failed"] = str(reason)
            if isinstance(reason, Gone) and name in self.remotes:
                self.remotes.pop(name).close()
            return None

    # ---- a case

    def run_case(self, case: Case) -> None:
        results: dict[str, dict[str, Any]] = {}
        self.results[case.name] = results
        given = inputs(case, self.graph, case.most)
        wanted: dict[str, int] = {}
        for name in self.names:
            if case.name not in engine_class(name).cases():
                continue
            result = results[name] = {"times_ms": [], "answers": []}
            if (case.name, name) in self.slow:
                result["failed"] = self.slow[case.name, name]
                continue
            first = self.attempt(name, result, self.first, case, given[0])
            if first is None:
                continue
            result["first"] = first["answer"]
            if first["ms"] > self.plan.once * 1000:
                result["times_ms"], result["answers"] = [first["ms"]], [first["answer"]]
                continue
            wanted[name] = self.affordable(case, first["ms"])
            if wanted[name] < case.most:  # the first one may have read what is now in memory
                second = self.attempt(name, result, self.ask, case, given[0])
                if second is None:
                    del wanted[name]
                else:
                    wanted[name] = self.affordable(case, second["ms"])
        for turn in range(max(wanted.values(), default=0)):
            # The first to ask brings what it reads into the processor's caches: each comes before
            # each other one equally often.
            order = [name for name in wanted if wanted[name] > turn]
            rounds, start = divmod(turn, max(len(order), 1))
            if rounds % 2:
                order.reverse()
            for name in order[start:] + order[:start]:
                result = results[name]
                if "failed" in result:
                    continue
                reply = self.attempt(name, result, self.ask, case, given[turn])
                if reply is not None:
                    result["times_ms"].append(reply["ms"])
                    result["answers"].append(reply["answer"])
        for name in wanted:
            self.attempt(name, {}, self.ask_status)
        self.check(case, given[0])

    def affordable(self, case: Case, ms: float) -> int:
        """How many questions there is time for, if one takes so long."""
        count = int(self.plan.seconds * 1000 / max(ms, 0.001))
        return min(max(count, self.plan.fewest), case.most, self.plan.most)

    def first(self, name: str, case: Case, given: Any) -> dict[str, Any]:
        """The first question, whose time counts only if there is no second."""
        remote = self.remote(name)
        remote.call("prepare", self.plan.opening, case=case.name)
        if case.name == "pagerank" and name not in self.tolerances:
            self.match_error(name, case)
        return self.ask(name, case, given, keep=True)

    def ask_status(self, name: str) -> None:
        """Memory is the most after any case."""
        before, now = self.engines[name], self.remote(name).call("status", 60)
        for key in ("own_mb", "peak_mb"):
            now[key] = max(now[key], before.get(key, 0))
        before |= now

    def ask(self, name: str, case: Case, given: Any, keep: bool = False) -> dict[str, Any]:
        """Only what is kept can be compared, if it is an array."""
        answer = BUILD / "answers" / f"{self.graph.name}.{case.name}.{name}.npy"
        answer.parent.mkdir(parents=True, exist_ok=True)
        order = {"case": case.name, "given": given, "answer": str(answer) if keep else None}
        return self.remote(name).call("ask", self.plan.limit, **order)

    # ---- PageRank at equal error

    def exact_scores(self, seeds: list[int] | None) -> np.ndarray:
        """Kept in a file: they take a minute for millions of edges."""
        key = tuple(seeds or ())
        if key not in self.exact:
            name = zlib.crc32(np.array(key, "<i8").tobytes())
            kept = self.graph.folder / f"scores-{name:08x}.npy"
            if not kept.exists():
                np.save(kept, answers.exact_scores(self.graph, seeds, both=bool(seeds)))
            self.exact[key] = np.load(kept)
        return self.exact[key]

    def error(self, reply: dict[str, Any]) -> float:
        scores = answers.read(reply["answer"])
        return float(np.abs(scores - self.exact_scores(None)).sum())

    def wanted_error(self) -> float:
        """igraph's: its tolerance cannot be chosen."""
        if "igraph" not in self.names:
            return FALLBACK_ERROR
        about = self.engines["igraph"]
        if "pagerank_error" not in about:
            try:
                reply = self.ask("igraph", CASES["pagerank"], None, keep=True)
                about["pagerank_error"] = self.error(reply)
            except Failed:
                about["pagerank_error"] = FALLBACK_ERROR
        return about["pagerank_error"]

    def match_error(self, name: str, case: Case) -> None:
        """Of vecgraph and networkx the largest tolerance that gives no larger error."""
        if name not in ("vecgraph", "networkx"):
            return
        error = self.wanted_error()
        if name == "networkx":  # slow: its power iteration is foretold by one in numpy
            tolerance = answers.tolerance_for(self.graph, self.exact_scores(None), error)
            self.set_tolerance(name, tolerance)
            return
        tolerance = 100 * error
        while True:
            self.set_tolerance(name, tolerance)
            if self.error(self.ask(name, case, None, keep=True)) <= error or tolerance < 1e-15:
                break
            tolerance /= STEP

    def set_tolerance(self, name: str, tolerance: float) -> None:
        self.tolerances[name] = tolerance
        self.engines[name]["tolerance"] = tolerance
        self.remote(name).call("set", 60, name="tolerance", value=tolerance)

    # ---- are the answers the same?

    def check(self, case: Case, given: Any) -> None:
        results = self.results[case.name]
        answered = [name for name in results if "first" in results[name]]
        if not answered:
            return
        measure = PIVOT if PIVOT in answered else answered[0]
        for name in answered:
            result = results[name]
            if case.answer == "none":
                result["same"], result["words"] = None, ""
            elif case.answer == "communities":
                labels = answers.read(result["first"])
                result["modularity"] = answers.modularity(self.graph, labels)
                result["words"] = f"modularity {result['modularity']:.4f}"
                result["same"] = None
            elif case.answer in ("scores", "push", "top"):
                wanted = self.exact_scores(given)
                found = answers.read(result["first"])
                result["same"], result["words"] = answers.compare(case, found, wanted)
            elif case.answer == "labels":
                wanted, found = (answers.read(results[x]["first"]) for x in (measure, name))
                result["same"], result["words"] = answers.compare(case, found, wanted)
            else:
                self.check_all(case, result, self.measure_of(case, results, measure))
        for name in answered:
            del results[name]["first"]
            if case.answer not in ("hops", "capped", "value"):
                del results[name]["answers"]

    def measure_of(self, case: Case, results: dict[str, Any], measure: str) -> list[Any]:
        if case.answer != "capped":
            return results[measure]["answers"]
        full = self.results.get("four_hops", {})
        return max((one["answers"] for one in full.values()), key=len, default=[])

    def check_all(self, case: Case, result: dict[str, Any], wanted: list[Any]) -> None:
        """The answers to all inputs."""
        pairs = list(zip(result["answers"], wanted, strict=False))
        checked = [answers.compare(case, *pair) for pair in pairs]
        wrong = [words for same, words in checked if not same]
        result["same"] = not wrong if checked else None
        result["words"] = f"the same in {len(checked)}"
        if wrong:
            result["words"] = f"{len(wrong)} of {len(checked)} differ: {wrong[0]}"
