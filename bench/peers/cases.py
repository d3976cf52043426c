"""What is measured on which rows: the data sets, and where their files are."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "peers"
DATA = BUILD / "data"
WORK = BUILD / "work"
CASES = BUILD / "cases"  # what was measured, a JSON file for each data set

KINDS = ("demo", "minilm", "resampled", "given", "random")
NEIGHBOURS = (1, 10, 100)  # the k of every search
FIRST_K = 10


@dataclass(frozen=True)
class Dataset:
    """Rows of one kind; data.py says what the kinds are."""

    kind: str
    rows: int
    dims: int

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.rows}x{self.dims}"

    @property
    def title(self) -> str:
        return f"{self.rows:,} x {self.dims}, {self.kind}"

    @property
    def float_bytes(self) -> int:
        return self.rows * self.dims * 4

    @property
    def int8_bytes(self) -> int:
        return self.rows * self.dims

    @property
    def rows_file(self) -> Path:
        return DATA / f"{self.name}.npy"

    @property
    def queries_file(self) -> Path:
        return DATA / f"{self.name}.queries.npy"

    @property
    def work(self) -> Path:
        """The folder of the engines' files, removed when the data set is done."""
        return WORK / self.name

    @property
    def table(self) -> Path:
        """The ordinary table, of which every engine that searches one uses a copy or the file."""
        return self.work / "table.db"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
