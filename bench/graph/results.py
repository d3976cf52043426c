"""Reads what was measured, and makes rows of it that tables, charts and targets share."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cases import CASES
from engines import CLASSES, PIVOT


@dataclass(frozen=True)
class Line:
    """One case by one engine on one graph."""

    graph: str
    case: str
    engine: str
    runs: int
    median_ms: float | None  # None: it failed
    quartile_1_ms: float | None
    quartile_3_ms: float | None
    times_vecgraph: float | None
    same: bool | None  # None: there is nothing to compare it with
    words: str  # how the answer is, or why there is none


class Result:
    """The file of one graph."""

    def __init__(self, content: dict[str, Any]):
        self.content = content
        self.name: str = content["graph"]
        self.title: str = content["title"]
        self.engines: dict[str, dict[str, Any]] = content["engines"]

    def times(self, case: str, engine: str) -> list[float]:
        return self.content["cases"].get(case, {}).get(engine, {}).get("times_ms", [])

    def median(self, case: str, engine: str) -> float | None:
        times = self.times(case, engine)
        return statistics.median(times) if times else None

    def modularity(self, case: str, engine: str) -> float | None:
        return self.content["cases"].get(case, {}).get(engine, {}).get("modularity")

    def why_not(self, case: str, engine: str) -> str:
        failed = self.content["cases"].get(case, {}).get(engine, {}).get("failed")
        return failed or self.engines.get(engine, {}).get("failed", "not measured")

    def ratio(self, case: str, slow: str, fast: str, slow_case: str = "") -> float | None:
        """How many times longer `slow` took, on the inputs that both were given."""
        pair = self.times(slow_case or case, slow), self.times(case, fast)
        if not all(pair):
            return None
        count = min(map(len, pair)) if CASES[case].varied else None
        over, under = (statistics.median(times[:count]) for times in pair)
        return over / under

    def lines(self) -> Iterator[Line]:
        for case in CASES:
            found = self.content["cases"].get(case, {})
            for engine in sorted(found, key=list(CLASSES).index):
                yield self.line(case, engine, found[engine])

    def line(self, case: str, engine: str, found: dict[str, Any]) -> Line:
        times = found["times_ms"] if "failed" not in found else []
        median = statistics.median(times) if times else None
        quartiles = statistics.quantiles(times, n=4) if len(times) > 1 else [median] * 3
        return Line(
            graph=self.name,
            case=case,
            engine=engine,
            runs=len(times),
            median_ms=median,
            quartile_1_ms=quartiles[0],
            quartile_3_ms=quartiles[2],
            times_vecgraph=self.ratio(case, engine, PIVOT) if median is not None else None,
            same=found.get("same"),
            words=found.get("failed") or found.get("words", ""),
        )
