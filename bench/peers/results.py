"""Reads what was measured, and makes rows of it that tables, charts and targets share."""

import json
import statistics
from dataclasses import dataclass
from typing import Any

from cases import BUILD, CASES, Dataset
from engines import CLASSES, PIVOT


@dataclass(frozen=True)
class Line:
    """A series of warm searches, with what it is compared with."""

    dataset: Dataset
    engine: str
    title: str
    exact: bool
    variant: str
    threads: int
    metric: str
    k: int
    searches: int
    median_ms: float
    quartile_1_ms: float
    quartile_3_ms: float
    recall: float
    lowest_recall: float
    group: int
    float_ms: float  # to read the rows as float32, as int8, by as many threads
    int8_ms: float
    times_vecgraph: float | None  # vecgraph in the same group, metric and threads

    @property
    def label(self) -> str:
        threads = f", {self.threads} threads" if self.threads > 1 else ""
        return " ".join(word for word in (self.title, self.variant) if word) + threads


class Case:
    """The file of one data set."""

    def __init__(self, content: dict[str, Any]):
        self.content = content
        self.dataset = Dataset(**content["dataset"])
        self.engines: dict[str, dict[str, Any]] = content["engines"]

    def rate(self, threads: int) -> float:
        """Measured bytes in a millisecond: the mean of before and after."""
        both = (self.content[key][str(threads)] for key in ("bandwidth", "bandwidth_after"))
        return statistics.mean(rate["median"] for rate in both) * 1e6

    def read_ms(self, count: int, threads: int) -> float:
        return count / self.rate(threads)

    def pivots(self) -> dict[tuple[Any, ...], float]:
        """vecgraph's medians, of each group."""
        return {
            (s["group"], s["metric"], s["k"], s["threads"]): statistics.median(s["times_ms"])
            for s in self.content["series"]
            if s["engine"] == PIVOT
        }

    def pivot(self, group: int, ours: Line) -> float:
        """vecgraph's median in another group than that of its line."""
        return self.pivots().get((group, ours.metric, ours.k, ours.threads), ours.median_ms)

    def lines(self) -> list[Line]:
        pivots = self.pivots()
        seen = set()
        lines = []
        for s in self.content["series"]:
            key = (s["engine"], s["variant"], s["threads"], s["metric"], s["k"])
            if key in seen:
                continue  # vecgraph in a later group
            seen.add(key)
            pivot = pivots.get((s["group"], s["metric"], s["k"], s["threads"]))
            lines.append(self.line(s, pivot))
        return lines

    def line(self, s: dict[str, Any], pivot: float | None) -> Line:
        times = s["times_ms"]
        median = statistics.median(times)
        quartiles = statistics.quantiles(times, n=4) if len(times) > 1 else [median] * 3
        engine = self.engines[s["engine"]]
        return Line(
            dataset=self.dataset,
            engine=s["engine"],
            title=engine["title"],
            exact=engine["exact"],
            variant=s["variant"],
            threads=s["threads"],
            metric=s["metric"],
            k=s["k"],
            searches=len(times),
            median_ms=median,
            quartile_1_ms=quartiles[0],
            quartile_3_ms=quartiles[2],
            recall=s["recall"],
            lowest_recall=s["lowest_recall"],
            group=s["group"],
            float_ms=self.read_ms(self.dataset.float_bytes, s["threads"]),
            int8_ms=self.read_ms(self.dataset.int8_bytes, s["threads"]),
            times_vecgraph=median / pivot if pivot else None,
        )

    def find(self, engine: str, **wanted: Any) -> Line | None:
        for line in self.lines():
            if line.engine == engine and all(getattr(line, k) == v for k, v in wanted.items()):
                return line
        return None


def read_cases() -> list[Case]:
    """Small ones first."""
    cases = [Case(json.loads(file.read_text())) for file in sorted(CASES.glob("*.json"))]
    return sorted(cases, key=lambda case: (case.dataset.float_bytes, case.dataset.kind))


def read_fresh() -> dict[str, str]:
    file = BUILD / "fresh.json"
    return json.loads(file.read_text()) if file.exists() else {}


def order_of(engine: str) -> int:
    return list(CLASSES).index(engine)
