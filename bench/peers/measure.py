"""The measurements: build, cold and first search, warm searches in turn, many at once."""

import os
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from cases import FIRST_K, NEIGHBOURS, Dataset
from client import Client, Failed
from engines import engine_class
from truth import Judge

# The second threads of OpenBLAS and OpenMP look for work this long after a search, at full speed;
# whoever comes next shall have both cores.
SETTLE_SECONDS = 0.03

# Waking the processors and an engine's threads after another one's turn takes some tenths of a
# millisecond, which only shows in searches shorter than this.
LED_IN_MS = 20


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    library: Path
    queries: int = 40  # the most warm searches of a series
    fewest: int = 5  # the fewest, however slow
    seconds: float = 5  # for a series
    openings: int = 3  # processes for the cold and for the first search, each
    many: int = 1000  # queries at once
    many_seconds: float = 10
    build_seconds: float = 900


@dataclass(frozen=True)
class Series:
    """Searches that differ in their query alone."""

    engine: str
    variant: str
    threads: int
    metric: str
    k: int

    def arguments(self) -> dict[str, Any]:
        return {
            "k": self.k,
            "metric": self.metric,
            "variant": self.variant,
            "threads": self.threads,
        }


@dataclass
class Taken:
    """What a series gave."""

    times: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)
    wanted: int = 0  # searches
    led_in: bool = False  # each follows one of the same engine that is not counted


def series_of(name: str) -> list[Series]:
    kind = engine_class(name)
    return [
        Series(name, *rest)
        for rest in product(kind.variants, kind.threads, kind.metrics, NEIGHBOURS)
    ]


# ---- build -------------------------------------------------------------------------------------


def build(name: str, dataset: Dataset, plan: Plan, do: str = "build") -> dict[str, Any]:
    """{"seconds", "peak_mb", "bytes"}"""
    with Client(name, dataset, plan.library) as client:
        done = client.call(do, limit=plan.build_seconds)
    files = [dataset.table] if do == "build_table" else files_of(name, dataset, plan)
    done["bytes"] = sum(file.stat().st_size for file in files)
    return done


def files_of(name: str, dataset: Dataset, plan: Plan) -> list[Path]:
    return engine_class(name)(dataset, plan.library).files()


# ---- cold and first ----------------------------------------------------------------------------


def drop_from_cache(files: Iterable[Path]) -> None:
    """Asks the system to forget the files' pages; it needs no rights, and no process may have
    them mapped."""
    os.sync()
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def open_and_search(name: str, dataset: Dataset, plan: Plan, searches: int) -> dict[str, Any]:
    """A new process: {"open_ms", "search_ms" of each search, "read_mb" from storage}"""
    kind = engine_class(name)
    series = Series(name, kind.variants[0], max(kind.threads), "cosine", FIRST_K)
    with Client(name, dataset, plan.library) as client:
        opened = client.call("open")
        found = [client.call("search", query=i, **series.arguments()) for i in range(searches)]
    return {
        "open_ms": opened["ms"],
        "search_ms": [one["ms"] for one in found],
        "read_mb": found[0]["read_mb"],
    }


def openings(name: str, dataset: Dataset, plan: Plan) -> dict[str, list[dict[str, Any]]]:
    files = files_of(name, dataset, plan)
    cold = []
    for _ in range(plan.openings):
        drop_from_cache(files)
        cold.append(open_and_search(name, dataset, plan, 1))
    first = [open_and_search(name, dataset, plan, 3) for _ in range(plan.openings)]
    return {"cold": cold, "first": first}


# ---- warm --------------------------------------------------------------------------------------


class Race:
    """Engines that are open at the same time and search in turn."""

    def __init__(self, names: list[str], dataset: Dataset, plan: Plan, judge: Judge):
        self.dataset = dataset
        self.plan = plan
        self.judge = judge
        self.clients: dict[str, Client] = {}
        self.taken: dict[Series, Taken] = {}
        self.many: list[dict[str, Any]] = []
        self.status: dict[str, dict[str, Any]] = {}
        self.failed: dict[str, str] = {}
        self.spinning = False
        for name in names:
            self.attempt(name, self.open)

    def attempt(self, name: str, step: Any, *arguments: Any) -> None:
        """An engine that fails leaves the race; the others go on."""
        try:
            step(name, *arguments)
        except Failed as reason:
            self.failed[name] = str(reason)
            if name in self.clients:
                self.clients.pop(name).close()

    def open(self, name: str) -> None:
        self.clients[name] = Client(name, self.dataset, self.plan.library)
        self.clients[name].call("open")

    def run(self) -> None:
        for name in list(self.clients):
            self.attempt(name, self.warm_up)
        for turn in range(self.plan.queries):
            # Nobody always follows the same neighbour.
            order = [series for series in self.taken if self.taken[series].wanted > turn]
            start = turn * 7 % max(len(order), 1)
            for series in order[start:] + order[:start]:
                if series.engine in self.clients:
                    self.attempt(series.engine, self.take, series, turn)
        for name in list(self.clients):
            self.attempt(name, self.ask_status)
        for name in list(self.clients):
            self.attempt(name, self.search_many)
        for client in self.clients.values():
            client.close()

    def warm_up(self, name: str) -> None:
        """Searches that are not counted; they tell how many of a series there is time for."""
        for series in series_of(name):
            for i in range(engine_class(name).warm_ups):
                last = self.clients[name].call("search", query=i, **series.arguments())
            affordable = int(self.plan.seconds * 1000 / max(last["ms"], 0.001))
            wanted = min(max(affordable, self.plan.fewest), self.plan.queries)
            self.taken[series] = Taken(wanted=wanted, led_in=last["ms"] < LED_IN_MS)

    def take(self, name: str, series: Series, turn: int) -> None:
        if self.spinning:
            time.sleep(SETTLE_SECONDS)
        self.spinning = series.threads > 1 and engine_class(name).spins
        taken = self.taken[series]
        if taken.led_in:
            self.clients[name].call("search", query=turn + 1, **series.arguments())
        reply = self.clients[name].call("search", query=turn, **series.arguments())
        taken.times.append(reply["ms"])
        taken.recalls.append(self.judge.recall(turn, series.k, reply["found"]))

    def search_many(self, name: str) -> None:
        kind = engine_class(name)
        for threads in kind.threads:
            one = Series(name, kind.variants[0], threads, "cosine", FIRST_K)
            single = statistics.median(self.taken[one].times)
            count = int(min(self.plan.many, max(10, self.plan.many_seconds * 1000 / single)))
            arguments = {"count": count, "k": FIRST_K, "threads": threads}
            replies = [self.clients[name].call("search_many", **arguments) for _ in range(2)]
            if replies[0]["rows"] is None:
                return
            if replies[0]["rows"] != count * FIRST_K:
                raise Failed(f"{count} queries at once gave {replies[0]['rows']} rows")
            self.many.append(
                {
                    "engine": name,
                    "variant": kind.variants[0],
                    "threads": threads,
                    "queries": count,
                    "ms_per_query": min(reply["ms"] for reply in replies) / count,
                    "single_ms": single,
                }
            )

    def ask_status(self, name: str) -> None:
        self.status[name] = self.clients[name].call("status")
