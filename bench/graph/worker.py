"""The process of one engine: reads a JSON line, does what it says, writes a JSON line.

remote.py starts it. Times are taken in here, by the engine, around its own call.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from datasets import GRAPHS
from engines import Engine, engine_class
from shared import field

Reply = dict[str, Any]


def status_mb(name: str) -> float:
    return int((field("/proc/self/status", name) or "0").split()[0]) / 1024


class Worker:
    """The operations, by name."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self.start_mb = status_mb("RssAnon")
        _ = engine.graph.content  # the arrays are no part of what the engine needs
        self.content_mb = status_mb("RssAnon") - self.start_mb

    def open(self) -> Reply:
        start = time.monotonic()
        self.engine.build()
        built = time.monotonic()
        self.engine.open()
        return {"build_s": built - start, "open_s": time.monotonic() - built}

    def prepare(self, case: str) -> Reply:
        start = time.monotonic()
        self.engine.prepare(case)
        return {"seconds": time.monotonic() - start}

    def set(self, name: str, value: Any) -> Reply:
        setattr(self.engine, name, value)
        return {}

    def ask(self, case: str, given: Any, answer: str | None) -> Reply:
        """An array goes into the file `answer`, if that is given."""
        milliseconds, found = getattr(self.engine, case)(given)
        if isinstance(found, np.ndarray):
            if answer:
                np.save(answer, found)
            found = {"file": answer}
        return {"ms": milliseconds, "answer": found}

    def status(self) -> Reply:
        return {
            "peak_mb": status_mb("VmHWM"),
            "own_mb": status_mb("RssAnon") - self.start_mb - self.content_mb,
            **self.engine.about(),
        }


def main() -> None:
    # Whatever a library prints goes to the log: the pipe is for answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    order = json.loads(sys.argv[1])
    kind = engine_class(order["engine"])
    worker = Worker(kind(GRAPHS[order["graph"]], Path(order["library"])))
    answers.write('{"ready": true}\n')
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # the driver reports it and goes on
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(reply) + "\n")
    answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
