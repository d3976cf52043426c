"""The charts: PNG files, drawn with matplotlib."""

from pathlib import Path

import matplotlib
from cases import CASES
from engines import CLASSES, PIVOT
from results import Result

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

OURS = "#c23b22"
OTHERS = ("#222222", "#4878a8", "#e0a030", "#6a9f58", "#9467bd")
MARKERS = "osD^vP"


def cases(result: Result, folder: Path) -> str:
    """For each case a row, for each engine a mark at its median; quartiles are a line."""
    lines = [line for line in result.lines() if line.median_ms is not None]
    shown = [name for name in CASES if any(line.case == name for line in lines)]
    place = {name: len(shown) - i for i, name in enumerate(shown)}
    figure, axes = pyplot.subplots(figsize=(9, 0.42 * len(shown) + 1.4))
    others = iter(OTHERS)
    for engine, marker in zip(CLASSES, MARKERS, strict=True):
        colour = OURS if engine == PIVOT else next(others)
        for line in (line for line in lines if line.engine == engine):
            axes.plot(
                [line.quartile_1_ms, line.quartile_3_ms],
                [place[line.case]] * 2,
                color=colour,
                linewidth=1,
                alpha=0.6,
            )
        points = [(line.median_ms, place[line.case]) for line in lines if line.engine == engine]
        if points:
            axes.plot(
                *zip(*points, strict=True),
                marker=marker,
                linestyle="",
                color=colour,
                markersize=8 if engine == PIVOT else 6,
                zorder=3 if engine == PIVOT else 2,
                label=result.engines[engine]["title"],
            )
    axes.set_yticks(list(place.values()), [CASES[name].title for name in place], fontsize=8)
    axes.set_xscale("log")
    axes.grid(axis="y", linewidth=0.3)
    axes.set_xlabel("ms, median and quartiles")
    axes.set_title(result.title, fontsize=10)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    name = f"{result.name}.png"
    figure.savefig(folder / name, dpi=110, bbox_inches="tight")
    pyplot.close(figure)
    return name
