"""The charts: PNG files, drawn with matplotlib."""

from pathlib import Path

import matplotlib
from results import Case, Line, order_of

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

K = 10
OURS = "#c23b22"
EXACT = "#4878a8"
APPROXIMATE = "#a8a8a8"
MARKERS = "osD^vP*Xhd<>ps8"
# The reds are left to vecgraph.
OTHERS = [
    colour for i, colour in enumerate(matplotlib.colormaps["tab20"].colors) if i not in (6, 7)
]


def colour(line: Line) -> str:
    if line.engine == "vecgraph":
        return OURS
    return EXACT if line.exact else APPROXIMATE


def most_threads(lines: list[Line]) -> list[Line]:
    """Of each engine and variant the line with the most threads, and vecgraph's with one."""
    most: dict[tuple[str, str], int] = {}
    for line in lines:
        key = line.engine, line.variant
        most[key] = max(most.get(key, 0), line.threads)
    return [
        line
        for line in lines
        if line.threads == most[line.engine, line.variant] or line.engine == "vecgraph"
    ]


def cosine_lines(case: Case) -> list[Line]:
    return [line for line in case.lines() if line.metric == "cosine" and line.k == K]


def warm(case: Case, folder: Path) -> str:
    """Bars of the median; the line is the time to read the rows as int8 by two threads."""
    lines = sorted(most_threads(cosine_lines(case)), key=lambda line: -line.median_ms)
    figure, axes = pyplot.subplots(figsize=(9, 0.36 * len(lines) + 1.4))
    axes.barh(
        [line.label for line in lines],
        [line.median_ms for line in lines],
        xerr=[
            [max(line.median_ms - line.quartile_1_ms, 0) for line in lines],
            [max(line.quartile_3_ms - line.median_ms, 0) for line in lines],
        ],
        color=[colour(line) for line in lines],
        ecolor="#333333",
    )
    for i, line in enumerate(lines):
        text = f" {line.median_ms:.3g} ms"
        if not line.exact:
            text += f", recall {line.recall:.3f}"
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.text(line.quartile_3_ms, i, text, va="center", fontsize=8, bbox=box)
    read = case.read_ms(case.dataset.int8_bytes, 2)
    axes.axvline(read, color="black", linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    left, right = axes.get_xlim()
    axes.set_xlim(left, right * 4)
    axes.set_title(f"Warm search, cosine, top {K}: {case.dataset.title}", fontsize=10)
    axes.set_xlabel("ms, median and quartiles; dotted: reading the rows as int8, 2 threads")
    return save(figure, folder, f"warm-{case.dataset.name}.png")


def recall(case: Case, folder: Path) -> str:
    """What is given up for speed."""
    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    axes.set_prop_cycle(color=OTHERS)
    engines = sorted({line.engine for line in cosine_lines(case)}, key=order_of)
    for engine, marker in zip(engines, MARKERS * 2, strict=False):
        lines = [line for line in most_threads(cosine_lines(case)) if line.engine == engine]
        axes.plot(
            [line.median_ms for line in lines],
            [line.recall for line in lines],
            marker=marker,
            linestyle="-" if len(lines) > 1 else "",
            color=OURS if engine == "vecgraph" else None,
            label=lines[0].title,
        )
    axes.set_xscale("log")
    axes.set_xlabel("ms, median")
    axes.set_ylabel(f"recall of the top {K}")
    axes.set_title(f"Recall and time, cosine: {case.dataset.title}", fontsize=10)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return save(figure, folder, f"recall-{case.dataset.name}.png")


def scaling(cases: list[Case], dims: int, folder: Path) -> str | None:
    """Time over rows, of the resampled sets of one dimension."""
    cases = [c for c in cases if c.dataset.kind == "resampled" and c.dataset.dims == dims]
    if len(cases) < 2:
        return None
    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    axes.set_prop_cycle(color=OTHERS)
    names = sorted({name for case in cases for name in case.engines}, key=order_of)
    for name, marker in zip(names, MARKERS * 2, strict=False):
        points = []
        for case in cases:
            lines = [line for line in most_threads(cosine_lines(case)) if line.engine == name]
            if lines:
                points.append((case.dataset.rows, max(lines, key=lambda x: x.threads)))
        if points:
            axes.plot(
                [rows for rows, _ in points],
                [line.median_ms for _, line in points],
                marker=marker,
                color=OURS if name == "vecgraph" else None,
                label=points[0][1].label,
                linestyle="-" if points[0][1].exact else "--",
            )
    rows = [case.dataset.rows for case in cases]
    read = [case.read_ms(case.dataset.int8_bytes, 2) for case in cases]
    axes.plot(rows, read, color="black", linewidth=0.8, linestyle=":", label="reading int8")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("rows")
    axes.set_ylabel("ms, median")
    axes.set_title(f"Warm search, cosine, top {K}, {dims} dimensions, resampled", fontsize=10)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return save(figure, folder, f"scaling-{dims}.png")


def save(figure, folder: Path, name: str) -> str:
    figure.savefig(folder / name, dpi=110, bbox_inches="tight")
    pyplot.close(figure)
    return name
