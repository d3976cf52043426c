"""The process of one engine: reads a JSON line, does what it says, writes a JSON line.

client.py starts it. Times are taken in here, around the engine's own call, so that pipes and JSON
are not in them.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from cases import Dataset
from engines import Engine, engine_class
from engines.sqlite_base import build_table
from machine import field

Reply = dict[str, Any]


def status_kb(name: str) -> int:
    return int((field("/proc/self/status", name) or "0").split()[0])


def bytes_from_storage() -> int:
    return int(field("/proc/self/io", "read_bytes") or 0)


def timed(body: Callable[[], Any]) -> tuple[float, Any]:
    """(milliseconds, result)"""
    start = time.perf_counter()
    result = body()
    return (time.perf_counter() - start) * 1000, result


class Worker:
    """The operations, by name."""

    def __init__(self, engine: Engine, dataset: Dataset, answer: Callable[[Reply], None]):
        self.engine = engine
        self.dataset = dataset
        self.answer = answer
        self.queries = np.load(dataset.queries_file)
        self.start_kb = status_kb("RssAnon")
        self.start_read = bytes_from_storage()

    def build(self) -> Reply:
        """Reports progress every second or so; numbers at the end."""
        return self.run_steps(self.engine.build())

    def build_table(self) -> Reply:
        return self.run_steps(build_table(self.dataset))

    def run_steps(self, steps: Iterator[float]) -> Reply:
        start = reported = time.monotonic()
        for share in steps:
            if time.monotonic() - reported > 1:
                reported = time.monotonic()
                self.answer({"progress": share})
        return {"seconds": time.monotonic() - start, "peak_mb": self.peak_mb()}

    def open(self) -> Reply:
        milliseconds, _ = timed(self.engine.open)
        return {"ms": milliseconds, "read_mb": self.read_mb()}

    def search(self, query: int, k: int, metric: str, variant: str, threads: int) -> Reply:
        vector = self.queries[query]
        milliseconds, found = timed(lambda: self.engine.search(vector, k, metric, variant, threads))
        return {"ms": milliseconds, "found": found, "read_mb": self.read_mb()}

    def search_many(self, count: int, k: int, threads: int) -> Reply:
        queries = self.queries[:count]
        milliseconds, rows = timed(lambda: self.engine.search_many(queries, k, threads))
        return {"ms": milliseconds, "rows": rows}

    def insert(self, number: int, query: int) -> Reply:
        """Adds a row that is one of the queries."""
        self.engine.insert(number, self.queries[query])  # type: ignore[attr-defined]
        return {}

    def status(self) -> Reply:
        return {
            "peak_mb": self.peak_mb(),
            "own_mb": (status_kb("RssAnon") - self.start_kb) / 1024,
            "report": self.engine.report(),
            **self.engine.about(),
        }

    def peak_mb(self) -> float:
        return status_kb("VmHWM") / 1024

    def read_mb(self) -> float:
        return (bytes_from_storage() - self.start_read) / 1e6


def main() -> None:
    # Whatever a library prints goes to the log: the pipe is for answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(reply: Reply) -> None:
        answers.write(json.dumps(reply) + "\n")

    order = json.loads(sys.argv[1])
    dataset = Dataset(**order["dataset"])
    try:
        engine = engine_class(order["engine"])(dataset, Path(order["library"]))
        engine.prepare()
        worker = Worker(engine, dataset, answer)
        answer({"ready": True})
        for line in sys.stdin:
            request = json.loads(line)
            answer(getattr(worker, request.pop("do"))(**request))
    except Exception as error:  # the driver reports it and goes on with the others
        traceback.print_exc()
        answer({"error": f"{type(error).__name__}: {error}"})
    finally:
        answers.flush()
        os._exit(0)  # an engine that writes its index when it closes need not


if __name__ == "__main__":
    main()
