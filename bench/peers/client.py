"""The driver's end of a worker process."""

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from cases import BUILD, Dataset

HERE = Path(__file__).parent
PYTHON = sys.executable
SEARCH_SECONDS = 300  # the longest that anything but a build may take


class Failed(Exception):
    """The engine could not do it; the message says why, in a sentence for the report."""


class Pace:
    """How fast a build goes. It counts what the last minute gave: graphs grow ever slower."""

    WINDOW = 60.0

    def __init__(self, limit: float):
        self.limit = limit
        self.seen: list[tuple[float, float]] = [(0.0, 0.0)]  # (seconds, share)

    def check(self, elapsed: float, share: float) -> None:
        self.seen = [point for point in self.seen if point[0] >= elapsed - self.WINDOW]
        then, done = self.seen[0] if self.seen else (elapsed, share)
        self.seen.append((elapsed, share))
        if elapsed < self.WINDOW * 0.75 and elapsed < self.limit:
            return
        gain = share - done
        whole = elapsed + (1 - share) * (elapsed - then) / gain if gain > 0 else elapsed
        if max(elapsed, whole) > self.limit:
            raise Failed(
                f"build stopped after {elapsed:.0f} s at {share:.0%}: at this pace it takes at "
                f"least {whole:,.0f} s, and {self.limit:,.0f} s are given"
            )


class Client:
    """A running worker. Its stderr goes to a log under build/peers."""

    def __init__(self, engine: str, dataset: Dataset, library: Path):
        self.engine = engine
        order = {"engine": engine, "dataset": dataset.as_json(), "library": str(library)}
        self.log = BUILD / "logs" / f"{dataset.name}.{engine}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # Libraries that start threads must not start more than are measured.
        environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [PYTHON, str(HERE / "worker.py"), json.dumps(order)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
        self.pending = b""
        try:
            self.receive(SEARCH_SECONDS)
        except Failed:
            self.close()
            raise

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, do: str, limit: float | None = None, **arguments: Any) -> dict[str, Any]:
        """One operation. A `limit` is for a build: it is stopped as soon as its progress shows
        that it will take longer, for the rest of a graph is no faster than its beginning."""
        pipe: IO[bytes] = self.process.stdin  # type: ignore[assignment]
        try:
            pipe.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            pipe.flush()
        except BrokenPipeError:
            raise Failed(self.last_words()) from None
        start = time.monotonic()
        pace = Pace(limit or SEARCH_SECONDS)
        while True:
            reply = self.receive(pace.limit - (time.monotonic() - start) + 1)
            if "progress" not in reply:
                return reply
            pace.check(time.monotonic() - start, reply["progress"])

    def receive(self, seconds: float) -> dict[str, Any]:
        pipe: IO[bytes] = self.process.stdout  # type: ignore[assignment]
        end = time.monotonic() + seconds
        while b"\n" not in self.pending:
            ready, _, _ = select.select([pipe], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise Failed(f"no answer within {seconds:.0f} s")
            data = os.read(pipe.fileno(), 1 << 20)
            if not data:
                raise Failed(self.last_words())
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
