"""What an engine must be able to do.

Class attributes say what is worth measuring, before any process is started; so a module of this
folder imports its library inside of methods only.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
from cases import Dataset

GRAPH_THREADS = 2  # with which graphs are built, where the engine can


class Engine(ABC):
    """One way to search one data set. Rows are known by their number, from 0."""

    title: ClassVar[str]
    package: ClassVar[str | None] = None  # in requirements.txt
    settings: ClassVar[str] = ""  # what was chosen for it, in words
    exact: ClassVar[bool] = False
    metrics: ClassVar[tuple[str, ...]] = ("cosine",)
    threads: ClassVar[tuple[int, ...]] = (1,)  # of a search
    spins: ClassVar[bool] = True  # a second thread that is done keeps its core for a while
    variants: ClassVar[tuple[str, ...]] = ("",)  # settings of a search, for the same files
    graph: ClassVar[bool] = False  # has an index that takes long to build
    uses_table: ClassVar[bool] = False  # reads, or begins with a copy of, the ordinary table
    uses_sqlite: ClassVar[bool] = False
    warm_ups: ClassVar[int] = 1

    def __init__(self, dataset: Dataset, library: Path):
        self.dataset = dataset
        self.library = library

    @property
    def stem(self) -> str:
        """How the names of the engine's own files begin, up to a dot."""
        return f"{type(self).__module__.rpartition('.')[2]}.{type(self).__name__}"

    def own_file(self, suffix: str) -> Path:
        return self.dataset.work / f"{self.stem}.{suffix}"

    def own_files(self) -> list[Path]:
        return sorted(self.dataset.work.glob(f"{self.stem}.*"))

    @classmethod
    def memory(cls, rows: int, dims: int) -> int:
        """About the bytes that a search needs, what the system should keep of files among them."""
        return rows * dims * 4

    def files(self) -> list[Path]:
        """What a search reads."""
        return self.own_files()

    def build(self) -> Iterator[float]:
        """Makes the files; yields the share that is done, now and then."""
        yield 1.0

    def prepare(self) -> None:  # noqa: B027  (nothing to import is common)
        """Imports the library: the cost of Python, which no measurement counts."""

    @abstractmethod
    def open(self) -> None:
        """Whatever else a new process must do before the first search."""

    @abstractmethod
    def search(
        self, query: np.ndarray, k: int, metric: str, variant: str, threads: int
    ) -> list[int]:
        """The numbers of the k best rows."""

    def search_many(self, queries: np.ndarray, k: int, threads: int) -> int | None:
        """Searches by cosine for all queries in one call; returns how many rows came, None if
        there is no such call."""
        return None

    def about(self) -> dict[str, str]:
        """`version`, and `build`: flags, CPU level, whatever the engine tells."""
        return {"version": "", "build": ""}

    def report(self) -> str:
        """What the engine tells of its last search."""
        return ""
