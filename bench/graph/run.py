"""Compares the graph functions with other software: build/graph-venv/bin/python bench/graph/run.py

`make bench-graph` installs what is needed and calls it. docs/bench_graph.md says what is measured.
"""

import argparse
import json
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import datasets
import report
from cases import CASES
from datasets import BUILD, GRAPHS, ROOT
from engines import CLASSES, engine_class
from measure import Plan, Race
from shared import describe, load

FULL = ("packages", "rmat-10k", "rmat-1m")
QUICK = ("packages", "rmat-100k")
RESULTS = BUILD / "results"  # what was measured, a JSON file for each graph
RECORD = BUILD / "install.json"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="small graphs, fewer repetitions")
    add("--graphs", nargs="+", choices=GRAPHS, help="default: " + " ".join(FULL))
    add("--cases", nargs="+", choices=CASES, default=list(CASES), help="default: all")
    add("--engines", nargs="+", choices=CLASSES, default=list(CLASSES), help="default: all")
    add("--without", nargs="+", choices=CLASSES, default=[], help="engines to leave out")
    add("--seconds", type=float, help="for the repetitions of a case by one engine")
    add("--limit", type=float, help="seconds that one answer may take (default 60)")
    add("--library", type=Path, default=ROOT / "build" / "vecgraph.so")
    add("--results", type=Path, default=ROOT / "bench" / "results" / "graph", help="of the report")
    add("--fresh-start", action="store_true", help="forget what earlier runs measured")
    return parser.parse_args()


def make_plan(arguments: argparse.Namespace) -> Plan:
    chosen: dict[str, Any] = {"library": arguments.library.resolve()}
    if arguments.quick:
        chosen |= {"seconds": 1, "most": 15, "once": 3, "limit": 10}
    for name in ("seconds", "limit"):
        if getattr(arguments, name):
            chosen[name] = getattr(arguments, name)
    return Plan(**chosen)


def run_graph(
    name: str, arguments: argparse.Namespace, plan: Plan, slow: dict[tuple[str, str], str]
) -> None:
    """Keeps what was measured after every case: a run that is ended loses one."""
    graph = GRAPHS[name]
    datasets.make(graph)
    names = [engine for engine in arguments.engines if engine not in arguments.without]
    missing = not_installed(names)
    start = time.monotonic()
    race = Race(graph, [x for x in names if x not in missing], arguments.cases, plan)
    race.slow = slow
    for engine in names:
        kind = engine_class(engine)
        race.engines[engine] = {"title": kind.title, "settings": kind.settings}
        if engine in missing:
            race.engines[engine]["failed"] = missing[engine]
    result: dict[str, Any] = {
        "graph": name,
        "title": graph.title,
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "machine": describe(),
        "load_before": load(),
        "quick": arguments.quick,
        "limit": plan.limit,
        **datasets.describe(graph),
    }
    path = RESULTS / f"{name}.json"
    earlier = json.loads(path.read_text()) if path.exists() else {"engines": {}, "cases": {}}

    def keep(text: str) -> None:
        print(f"  {text}", flush=True)
        result["engines"] = earlier["engines"] | race.engines
        result["cases"] = {
            case: earlier["cases"].get(case, {}) | race.results.get(case, {})
            for case in CASES
            if case in earlier["cases"] or case in race.results
        }
        result["seconds"] = time.monotonic() - start
        path.write_text(json.dumps(result, indent=1))

    try:
        race.run(keep)
    finally:
        race.close()
    for case, engines in race.results.items():
        for engine, one in engines.items():
            if one.get("failed", "").startswith("no answer"):
                slow[case, engine] = f"not asked: {one['failed']} on the {graph.title}"
    shutil.rmtree(BUILD / "answers", ignore_errors=True)
    print(f"  done in {time.monotonic() - start:.0f} s", flush=True)


def not_installed(names: list[str]) -> dict[str, str]:
    """Which of the engines, and why."""
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    packages = {name: engine_class(name).package or "" for name in names}
    return {
        name: f"not installed: {record[package]['error']}"
        for name, package in packages.items()
        if "error" in record.get(package, {})
    }


def main() -> None:
    arguments = parse_arguments()
    plan = make_plan(arguments)
    names = arguments.graphs or (QUICK if arguments.quick else FULL)
    if not arguments.library.exists():
        sys.exit(f"{arguments.library} is not there: run `make` first")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    if load() > 0.5:
        print(f"The machine is busy (load {load():.1f}): times will say little.")
    if arguments.fresh_start:
        shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    slow: dict[tuple[str, str], str] = {}
    for name in names:
        print(f"{GRAPHS[name].title}", flush=True)
        run_graph(name, arguments, plan, slow)
    report.main([str(arguments.results)])
    print(f"The report is {arguments.results / 'README.md'}")


if __name__ == "__main__":
    main()
