"""Which engines run side by side: as many as memory holds, with vecgraph in every group."""

from cases import Dataset
from engines import PIVOT, engine_class
from engines.sqlite_base import table_bytes

PROCESS_BYTES = 200_000_000  # Python, numpy and the library


def need(name: str, dataset: Dataset) -> int:
    return engine_class(name).memory(dataset.rows, dataset.dims) + PROCESS_BYTES


def make_groups(
    names: list[str], dataset: Dataset, available: int
) -> tuple[list[list[str]], dict[str, str]]:
    """(groups, reasons why others are left out); memory is that of files in the cache too."""
    common = need(PIVOT, dataset) + table_bytes(dataset.rows, dataset.dims)
    groups: list[list[str]] = []
    left_out: dict[str, str] = {}
    rooms: list[int] = []
    for name in names:
        if name == PIVOT:
            continue
        wanted = need(name, dataset)
        if common + wanted > available:
            left_out[name] = (
                f"needs about {wanted / 1e9:.1f} GB beside {common / 1e9:.1f} GB of table and "
                f"vecgraph; {available / 1e9:.1f} GB are there"
            )
            continue
        place = next((i for i, room in enumerate(rooms) if room >= wanted), None)
        if place is None:
            groups.append([PIVOT])
            rooms.append(available - common)
            place = len(groups) - 1
        groups[place].append(name)
        rooms[place] -= wanted
    return groups or [[PIVOT]], left_out
