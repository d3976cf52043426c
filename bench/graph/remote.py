"""The driver's end of a worker process."""

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from datasets import BUILD

HERE = Path(__file__).parent


class Failed(Exception):
    """The engine could not do it; the message says why."""


class Gone(Failed):
    """And its process is no more."""


class Remote:
    """A running worker. Its stderr goes to a log under build/graph."""

    def __init__(self, engine: str, graph: str, library: Path):
        order = {"engine": engine, "graph": graph, "library": str(library)}
        log = BUILD / "logs" / f"{graph}.{engine}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        # igraph's PageRank is no faster by two threads, and the second one looks for work for a
        # while after it, beside whoever is asked next.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with log.open("a") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "worker.py"), json.dumps(order)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=environment,
            )
        self.pending = b""
        self.receive(60)

    def call(self, do: str, seconds: float, **arguments: Any) -> dict[str, Any]:
        pipe: IO[bytes] = self.process.stdin  # type: ignore[assignment]
        try:
            pipe.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            pipe.flush()
        except BrokenPipeError:
            raise Gone(self.last_words()) from None
        return self.receive(seconds)

    def receive(self, seconds: float) -> dict[str, Any]:
        pipe: IO[bytes] = self.process.stdout  # type: ignore[assignment]
        end = time.monotonic() + seconds
        while b"\n" not in self.pending:
            ready, _, _ = select.select([pipe], [], [], max(0, end - time.monotonic()))
            if not ready:
                self.close()
                raise Gone(f"no answer within {seconds:.0f} s")
            data = os.read(pipe.fileno(), 1 << 20)
            if not data:
                raise Gone(self.last_words())
            self.pending += data
        line, _, self.pending = self.pending.partition(b"\n")
        reply = json.loads(line)
        if "error" in reply:
            raise Failed(reply["error"])
        return reply

    def last_words(self) -> str:
        code = self.process.wait()
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the process ended with {cause}"

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
