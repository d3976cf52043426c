"""Writes tables of what was measured: python bench/graph/report.py [folder]

README.md for people, results.csv (a line for each case and engine), results.json (everything). The
charts are drawn only where matplotlib is installed.
"""

import csv
import json
import sys
from collections.abc import Iterable
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cases import CASES
from datasets import BUILD, ROOT
from engines import CLASSES, PIVOT
from results import Line, Result
from targets import Check, checks, others

Row = list[str]


def table(head: Row, rows: list[Row], rule: str = "---:") -> str:
    """A Markdown table; all columns but the first are numbers, unless `rule` says otherwise."""
    lines = [head, ["---", *[rule] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def ms(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def mb(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def title_of(result: Result, engine: str) -> str:
    return result.engines[engine]["title"]


# ---- one graph ---------------------------------------------------------------------------------


def overview(result: Result) -> str:
    """A line for each case, a column for each engine."""
    engines = [name for name in CLASSES if name in result.engines]
    lines = {(line.case, line.engine): line for line in result.lines()}
    rows = []
    for case in CASES.values():
        if not any((case.name, engine) in lines for engine in engines):
            continue
        cells = []
        for engine in engines:
            line = lines.get((case.name, engine))
            cell = "" if line is None else ms(line.median_ms) or short(line.words)
            if line and line.same is False and line.median_ms is not None:
                cell += " *"
            cells.append(f"**{cell}**" if engine == PIVOT and cell else cell)
        rows.append([case.title, *cells])
    return table(["median, ms", *(title_of(result, name) for name in engines)], rows)


def short(words: str) -> str:
    if "no answer" in words:
        return "too long"
    return "failed" if words else ""


def details(result: Result) -> str:
    rows = [
        [
            CASES[line.case].title,
            title_of(result, line.engine),
            ms(line.median_ms),
            f"{ms(line.quartile_1_ms)} to {ms(line.quartile_3_ms)}" if line.runs > 1 else "",
            str(line.runs) if line.runs else "",
            times(line.times_vecgraph) if line.engine != PIVOT else "",
            line.words.replace("|", "/"),
        ]
        for line in result.lines()
    ]
    head = ["case", "engine", "median, ms", "quartiles", "runs", "x vecgraph", "answer"]
    return table(head, rows, "---")


def memory_table(result: Result) -> str:
    rows = []
    for name in CLASSES:
        engine = result.engines.get(name, {})
        if "own_mb" not in engine:
            continue
        snapshot = engine.get("snapshot_bytes")
        rows.append(
            [
                engine["title"],
                f"{engine['build_s']:.1f}" if engine["build_s"] > 0.01 else "",
                f"{engine['open_s']:.2f}",
                mb(snapshot / 1e6) if snapshot else "",
                mb(engine["own_mb"]),
                mb(engine["peak_mb"]),
            ]
        )
    head = ["engine", "copy, s", "open, s", "snapshot, MB", "own, MB", "peak, MB"]
    return table(head, rows)


def section(result: Result, chart: str | None) -> str:
    c = result.content
    quick = " Quick: few repetitions." if c["quick"] else ""
    parts = [
        f"## {result.title[0].upper()}{result.title[1:]}\n",
        f"{c['when']}; load {c['load_before']:.1f} before.{quick} {c['nodes']:,} nodes, "
        f"{c['edges']:,} edges, at most {c['largest_out']:,} from a node and "
        f"{c['largest_in']:,} to one; the table and its two indexes {c['file_bytes'] / 1e6:,.0f} "
        f"MB. An answer was given {c['limit']:g} s.\n",
        f"![{result.title}]({chart})\n" if chart else "",
        overview(result),
        "`*`: the answer differs; the table below says how.\n",
        details(result),
        "Memory, and what comes before the first question:\n",
        memory_table(result),
    ]
    return "\n".join(part for part in parts if part)


# ---- the whole ---------------------------------------------------------------------------------


def targets_table(found: Iterable[Check]) -> str:
    words = {True: "yes", False: "**no**", None: "not measured"}
    rows = [[c.target, c.graph, c.figure, c.wanted, words[c.met]] for c in found]
    return table(["target", "graph", "figure", "wanted", "met"], rows, "---")


def engines_table(results: list[Result]) -> str:
    latest: dict[str, dict[str, Any]] = {}
    for result in results:
        for name, engine in result.engines.items():
            if "version" in engine or name not in latest:
                latest[name] = engine
    rows = []
    for name in CLASSES:
        if engine := latest.get(name):
            state = engine.get("version") or engine.get("failed", "")
            build = engine.get("build", "")
            rows.append([engine["title"], state.replace("|", "/"), engine["settings"], build])
    return table(["engine", "version", "settings", "build"], rows, "---")


def whole(results: list[Result], charts: dict[str, str]) -> str:
    machine = results[-1].content["machine"]
    parts = [
        "# Graph functions and their peers\n",
        "Made by `make bench-graph`; [docs/bench_graph.md](../../../docs/bench_graph.md) says what "
        "is measured and how to read it.\n",
        f"{machine['cpu']}, {machine['cores']} cores ({', '.join(machine['levels'])}), "
        f"{machine['memory_gb']} GB; kernel {machine['kernel']}, Python {machine['python']}, "
        f"SQLite {machine['sqlite']}.\n",
        "## Targets\n",
        targets_table(checks(results)),
        "The ratios of the largest graph on the others, which have no such target:\n",
        targets_table(others(results)),
        "## Engines\n",
        engines_table(results),
        *(section(result, charts.get(result.name)) for result in results),
    ]
    return "\n".join(parts)


def write(contents: list[dict[str, Any]], folder: Path) -> None:
    results = [Result(content) for content in contents]
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    drawn = {}
    if find_spec("matplotlib"):
        import charts

        drawn = {result.name: charts.cases(result, folder) for result in results}
    (folder / "README.md").write_text(whole(results, drawn))
    (folder / "results.json").write_text(json.dumps(contents, separators=(",", ":")) + "\n")
    write_csv(folder / "results.csv", [line for result in results for line in result.lines()])


def write_csv(path: Path, lines: list[Line]) -> None:
    names = [field.name for field in fields(Line)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for line in lines:
            values = (getattr(line, name) for name in names)
            writer.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in values])


def main(arguments: list[str]) -> None:
    """All graphs that were measured, those of earlier runs, too."""
    files = sorted((BUILD / "results").glob("*.json"))
    if not files:
        sys.exit("Nothing was measured yet: run bench/graph/run.py")
    contents = sorted((json.loads(file.read_text()) for file in files), key=lambda c: c["edges"])
    folder = Path(arguments[0]) if arguments else ROOT / "bench" / "results" / "graph"
    write(contents, folder)


if __name__ == "__main__":
    main(sys.argv[1:])
