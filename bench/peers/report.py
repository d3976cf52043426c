"""Writes tables and charts of what was measured: python bench/peers/report.py [folder]

README.md for people, results.csv (a line for each series) and results.json (everything).
"""

import csv
import json
import statistics
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import charts
from cases import NEIGHBOURS, ROOT
from results import Case, Line, order_of, read_cases, read_fresh
from targets import checks

K = 10
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


def size(count: float) -> str:
    return f"{count / 1e6:,.0f}"


# ---- one data set ------------------------------------------------------------------------------


def warm_table(case: Case, metric: str) -> str:
    lines = [line for line in case.lines() if line.metric == metric]
    shown = sorted((line for line in lines if line.k == K), key=lambda x: x.median_ms)
    rows = []
    for line in shown:
        same = {
            other.k: other
            for other in lines
            if (other.engine, other.variant, other.threads)
            == (line.engine, line.variant, line.threads)
        }
        rows.append(
            [
                f"**{line.label}**" if line.engine == "vecgraph" else line.label,
                *(ms(same[k].median_ms) if k in same else "" for k in NEIGHBOURS),
                f"{ms(line.quartile_1_ms)} to {ms(line.quartile_3_ms)}",
                times(line.median_ms / line.float_ms),
                times(line.median_ms / line.int8_ms),
                times(line.times_vecgraph),
                "exact" if line.exact else "approximate",
                *(f"{same[k].recall:.3f}" if k in same else "" for k in NEIGHBOURS),
            ]
        )
    head = [
        "engine",
        *(f"top {k}, ms" for k in NEIGHBOURS),
        f"quartiles, top {K}",
        "x reading float32",
        "x reading int8",
        "x vecgraph",
        "answers",
        *(f"recall {k}" for k in NEIGHBOURS),
    ]
    return table(head, rows)


def median_of(openings: list[dict[str, Any]], search: int = 0, opening: bool = True) -> float:
    return statistics.median(
        one["search_ms"][search] + (one["open_ms"] if opening else 0) for one in openings
    )


def cost_table(case: Case) -> str:
    """Opening, building, files, memory."""
    rows = []
    made = case.content["table"]
    for name in sorted(case.engines, key=order_of):
        engine = case.engines[name]
        if "failed" in engine and "first" not in engine:
            continue
        first = engine["first"]
        status = engine.get("status", {})
        rows.append(
            [
                engine["title"],
                ms(median_of(engine["cold"])),
                size(statistics.median(one["read_mb"] for one in engine["cold"]) * 1e6),
                ms(statistics.median(one["open_ms"] for one in first)),
                *(ms(median_of(first, i, opening=False)) for i in range(3)),
                f"{engine['build']['seconds']:,.1f}",
                size(engine["build"]["bytes"]),
                f"{engine['build']['peak_mb']:,.0f}",
                f"{status['peak_mb']:,.0f}" if status else "",
                f"{status['own_mb']:,.0f}" if status else "",
            ]
        )
    head = ["engine", "cold, ms", "read, MB", "open, ms", "1st, ms", "2nd, ms", "3rd, ms"]
    head += ["build, s", "files, MB", "build peak, MB", "search peak, MB", "own, MB"]
    note = (
        f"The ordinary table: {made['seconds']:.1f} s to fill, {size(made['bytes'])} MB; engines "
        "on it have nothing to build, or what is built besides a copy of it.\n\n"
    )
    return note + table(head, rows)


def many_table(case: Case) -> str:
    rows = []
    seen = set()
    for one in sorted(case.content["many"], key=lambda one: one["ms_per_query"]):
        if (one["engine"], one["threads"]) in seen:
            continue
        seen.add((one["engine"], one["threads"]))
        title = " ".join((case.engines[one["engine"]]["title"], one["variant"])).strip()
        rows.append(
            [
                title,
                str(one["threads"]),
                f"{one['queries']:,}",
                ms(one["ms_per_query"]),
                ms(one["single_ms"]),
                times(one["single_ms"] / one["ms_per_query"]),
            ]
        )
    head = ["engine", "threads", "queries", "ms a query", "single, ms", "gain"]
    return table(head, rows) if rows else "No engine that was measured has such a call.\n"


def failures(case: Case) -> str:
    lines = [
        f"- {engine['title']}: {engine['failed']}"
        for engine in case.engines.values()
        if "failed" in engine
    ]
    return "\n".join(["Not measured:", "", *lines, ""]) if lines else ""


def section(case: Case, folder: Path) -> str:
    content = case.content
    rates = [
        f"{content[key][threads]['median']:.1f}"
        for threads in ("1", "2")
        for key in ("bandwidth", "bandwidth_after")
    ]
    described = content["data"]
    reports = [
        f"{engine['title']}: {engine['status']['report']}"
        for engine in case.engines.values()
        if engine.get("status", {}).get("report")
    ]
    parts = [
        f"## {case.dataset.title}\n",
        f"{content['when']}; load {content['load_before']:.1f} before. Memory read at "
        f"{rates[0]} GB/s by one thread ({rates[1]} at the end), {rates[2]} by two ({rates[3]}). "
        f"Reading the rows takes two threads {ms(case.read_ms(case.dataset.float_bytes, 2))} ms "
        f"as float32, {ms(case.read_ms(case.dataset.int8_bytes, 2))} ms as int8. Cosine to the "
        f"nearest other row {described['nearest_cosine']:.2f}, to the hundredth "
        f"{described['hundredth_cosine']:.2f}; participation ratio "
        f"{described['participation_ratio']:.0f}. {'. '.join(reports)}\n",
        f"![warm]({charts.warm(case, folder)})\n",
        "Warm, cosine:\n",
        warm_table(case, "cosine"),
        "Warm, dot product:\n",
        warm_table(case, "dot"),
        "Opening, building, memory (first searches: cosine, top 10):\n",
        cost_table(case),
        f"Many queries in one call (cosine, top {K}):\n",
        many_table(case),
        failures(case),
        f"![recall]({charts.recall(case, folder)})\n",
    ]
    return "\n".join(part for part in parts if part)


# ---- the whole ---------------------------------------------------------------------------------


def targets_table(cases: list[Case]) -> str:
    rows = [
        [
            check.target,
            check.where,
            *check.figures,
            check.wanted,
            {True: "yes", False: "**no**", None: "not measured"}[check.met],
        ]
        for check in checks(cases)
    ]
    if not rows:
        return "No data set of these runs is one that the targets are about.\n"
    return table(["target", "rows", "2 threads", "1 thread", "wanted", "met"], rows, "---")


def engines_table(cases: list[Case]) -> str:
    fresh = read_fresh()
    latest: dict[str, dict[str, Any]] = {}
    for case in cases:
        for name, engine in case.engines.items():
            if "status" in engine or name not in latest:
                latest[name] = engine
    rows = []
    for name, engine in sorted(latest.items(), key=lambda item: order_of(item[0])):
        status = engine.get("status", {})
        build = status.get("build", engine.get("failed", "")).replace("|", "/")
        settings = engine["settings"]
        version = status.get("version", "")
        rows.append([engine["title"], version, settings, build, fresh.get(name, "")])
    head = ["engine", "version", "settings", "build", "sees a new row"]
    return table(head, rows, "---")


def whole(cases: list[Case], folder: Path) -> str:
    machine = cases[-1].content["machine"]
    all_dims = sorted({case.dataset.dims for case in cases})
    curves = [charts.scaling(cases, dims, folder) for dims in all_dims]
    parts = [
        "# vecgraph and its peers\n",
        "Made by `make bench-peers`; [docs/benchmarks.md](../../docs/benchmarks.md) says what is "
        "measured and how to read it.\n",
        f"{machine['cpu']}, {machine['cores']} cores ({', '.join(machine['levels'])}), "
        f"{machine['memory_gb']} GB; kernel {machine['kernel']}, Python {machine['python']}, "
        f"SQLite {machine['sqlite']}.\n",
        "## Targets\n",
        "Met or not is about two threads, and about one where only one is asked for.\n",
        targets_table(cases),
        "First search against stepping the rows, and the time after a write, are measured in C++ "
        "by `make bench`.\n",
        "## Engines\n",
        engines_table(cases),
        *(f"![scaling]({name})\n" for name in curves if name),
        *(section(case, folder) for case in cases),
    ]
    return "\n".join(parts)


def write(folder: Path) -> None:
    cases = read_cases()
    if not cases:
        sys.exit("Nothing was measured yet: run bench/peers/run.py")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    (folder / "README.md").write_text(whole(cases, folder))
    (folder / "results.json").write_text(
        json.dumps([case.content for case in cases], separators=(",", ":")) + "\n"
    )
    write_csv(folder / "results.csv", [line for case in cases for line in case.lines()])


def write_csv(path: Path, lines: list[Line]) -> None:
    names = [field.name for field in fields(Line) if field.name != "dataset"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kind", "rows", "dims", *names])
        for line in lines:
            numbers = (getattr(line, name) for name in names)
            values = [f"{n:.4f}" if isinstance(n, float) else n for n in numbers]
            writer.writerow([*line.dataset.as_json().values(), *values])


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "bench" / "results")
