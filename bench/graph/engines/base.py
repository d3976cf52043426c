"""What an engine is: a method for each case that it can do.

Class attributes say what is worth measuring, before any process is started; so a module of this
folder imports its library inside of methods only.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from cases import CASES
from datasets import Graph

Result = tuple[float, Any]  # milliseconds, answer (see answers.py)


class Engine(ABC):
    """One way to ask about one graph. Nodes are known by their number, from 0."""

    title: ClassVar[str]
    package: ClassVar[str | None] = None  # in requirements.txt
    settings: ClassVar[str] = ""  # what was chosen for it, in words

    def __init__(self, graph: Graph, library: Path):
        self.graph = graph
        self.library = library

    @classmethod
    def cases(cls) -> list[str]:
        return [name for name in CASES if hasattr(cls, name)]

    def build(self) -> None:  # noqa: B027
        """Makes files of its own, if the table does not serve."""

    @abstractmethod
    def open(self) -> None:
        """Whatever must be there before the first question: connections, the graph in memory."""

    def prepare(self, case: str) -> None:  # noqa: B027
        """What a case needs and its time does not count: another form of the graph."""

    def about(self) -> dict[str, Any]:
        """`version`, and whatever else the engine tells of itself and of the graph."""
        return {"version": ""}


def timed(body: Callable[[], Any]) -> tuple[float, Any]:
    """(milliseconds, result)"""
    start = time.perf_counter()
    result = body()
    return (time.perf_counter() - start) * 1000, result
