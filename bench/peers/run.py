"""Compares vecgraph with released peers: build/peers-venv/bin/python bench/peers/run.py --help

`make bench-peers` installs what is needed and calls it. docs/benchmarks.md says what is measured.
"""

import argparse
import json
import shutil
import signal
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import data
import freshness
import machine
import report
import sentence_model
from cases import BUILD, CASES, KINDS, ROOT, WORK, Dataset
from client import Failed
from engines import CLASSES, PIVOT, engine_class
from groups import make_groups
from install import RECORD
from measure import SETTLE_SECONDS, Plan, Race, build, openings
from truth import Judge

ROWS = (10_000, 100_000, 1_000_000)
DIMS = (128, 384, 768, 1536)
MEMORY_SHARE = 0.92  # of what is available


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="10,000 and the demo's rows x 384, fewer searches")
    add("--rows", type=int, nargs="+", default=ROWS, help="of the resampled sets")
    add("--dims", type=int, nargs="+", default=DIMS, help="of the resampled sets")
    add("--kinds", nargs="+", choices=KINDS, help="default: all; given only with --embeddings")
    add("--embeddings", type=Path, help=".npy file with a matrix of float32, a row a vector")
    add("--engines", nargs="+", choices=CLASSES, default=list(CLASSES), help="default: all")
    add("--without", nargs="+", choices=CLASSES, default=[], help="engines to leave out")
    add("--queries", type=int, help="the most warm searches of a series")
    add("--seconds", type=float, help="for the searches of a series")
    add("--build-minutes", type=float, help="that a build may take (default 15)")
    add("--graph-rows", type=int, default=1_000_000, help="the most rows that graphs are built of")
    add("--library", type=Path, default=ROOT / "build" / "vecgraph.so")
    add("--results", type=Path, default=ROOT / "bench" / "results", help="where the report goes")
    add("--fresh-start", action="store_true", help="forget what earlier runs measured")
    add("--list", action="store_true", help="print the data sets and a guess of the time")
    return parser.parse_args()


def choose_datasets(arguments: argparse.Namespace) -> list[Dataset]:
    """Small ones first."""
    kinds = arguments.kinds or [*KINDS]
    sizes = product(arguments.rows, arguments.dims)
    resampled = [Dataset("resampled", rows, dims) for rows, dims in sizes]
    if arguments.quick:
        kinds = arguments.kinds or ["demo", "resampled"]
        resampled = [Dataset("resampled", 10_000, 384)]
    chosen = []
    if "demo" in kinds:
        chosen.append(Dataset("demo", data.demo_rows(), 384))
    if "minilm" in kinds:
        if reason := sentence_model.why_not():
            print(f"minilm is left out: {reason}")
        else:
            chosen.append(Dataset("minilm", data.demo_rows(), sentence_model.WIDTH))
    if "resampled" in kinds:
        chosen += resampled
    if "random" in kinds:
        chosen.append(Dataset("random", min(100_000, max(arguments.rows)), 384))
    if arguments.embeddings:
        chosen.append(data.given_dataset(arguments.embeddings))
    return sorted(chosen, key=lambda dataset: dataset.float_bytes)


def make_plan(arguments: argparse.Namespace) -> Plan:
    chosen: dict[str, Any] = {"library": arguments.library.resolve()}
    if arguments.quick:
        chosen |= {"queries": 15, "seconds": 0.7, "openings": 2, "many_seconds": 2}
        chosen |= {"build_seconds": 90}
    if arguments.queries:
        chosen["queries"] = arguments.queries
    if arguments.seconds:
        chosen["seconds"] = arguments.seconds
    if arguments.build_minutes:
        chosen["build_seconds"] = arguments.build_minutes * 60
    return Plan(**chosen)


def names_for(dataset: Dataset, names: list[str], graph_rows: int) -> list[str]:
    if dataset.rows <= graph_rows:
        return names
    return [name for name in names if not engine_class(name).graph]


def guess_seconds(dataset: Dataset, names: list[str], plan: Plan) -> float:
    """From runs on two cores of a server; right within a factor of two or so."""
    millions = dataset.rows * dataset.dims / 384e6  # of the demo's dimensions
    seconds = 20 + 120 * millions
    if dataset.kind == "minilm" and not dataset.rows_file.exists():
        seconds += 4e-3 * dataset.rows  # for the embeddings
    for name in names:
        kind = engine_class(name)
        series = len(kind.variants) * len(kind.threads) * len(kind.metrics) * 3
        search = 2e-4 if kind.graph else 0.25 * millions
        searches = min(max(plan.seconds / search, plan.fewest), plan.queries)
        settling = SETTLE_SECONDS / 2 if max(kind.threads) > 1 else 0
        seconds += series * searches * (search + settling) + 20 * search + plan.openings
        seconds += len(kind.threads) * min(plan.many * search, plan.many_seconds)
        if kind.graph:
            seconds += min(plan.build_seconds, 500 * (0.4 * dataset.rows / 1e6 + 0.6 * millions))
    return seconds


# ---- one data set ------------------------------------------------------------------------------


class Case:
    """Everything about one data set."""

    def __init__(self, dataset: Dataset, names: list[str], plan: Plan, record: dict[str, Any]):
        self.dataset = dataset
        self.plan = plan
        self.names = names
        self.engines: dict[str, dict[str, Any]] = {name: {} for name in names}
        self.result: dict[str, Any] = {
            "dataset": dataset.as_json(),
            "when": time.strftime("%Y-%m-%d %H:%M"),
            "machine": machine.describe(),
            "load_before": machine.load(),
            "bandwidth": machine.bandwidth(),
            "data": data.describe(dataset),
            "engines": self.engines,
            "series": [],
            "many": [],
        }
        for name in names:
            kind = engine_class(name)
            self.engines[name] |= {
                "title": kind.title,
                "exact": kind.exact,
                "settings": kind.settings,
            }
            error = record.get(kind.package or "", {}).get("error")
            if error:
                self.engines[name]["failed"] = f"not installed: {error}"

    def say(self, text: str) -> None:
        print(f"  {text}", flush=True)

    def run(self) -> dict[str, Any]:
        start = time.monotonic()
        shutil.rmtree(self.dataset.work, ignore_errors=True)
        self.dataset.work.mkdir(parents=True)
        try:
            self.judge = Judge(self.dataset, self.plan.queries)
            self.result["table"] = build(PIVOT, self.dataset, self.plan, "build_table")
            able = [name for name in self.names if "failed" not in self.engines[name]]
            room = int(machine.available_bytes() * MEMORY_SHARE)
            groups, left_out = make_groups(able, self.dataset, room)
            for name, reason in left_out.items():
                self.fail(name, reason)
            for number, group in enumerate(groups):
                self.run_group(group, number)
        finally:
            shutil.rmtree(self.dataset.work, ignore_errors=True)
        self.result["bandwidth_after"] = machine.bandwidth()
        self.result["load_after"] = machine.load()
        self.result["seconds"] = time.monotonic() - start
        return self.result

    def fail(self, name: str, reason: str) -> None:
        self.engines[name]["failed"] = reason
        self.say(f"{name}: {reason}")

    def run_group(self, group: list[str], number: int) -> None:
        ready = []
        for name in group:
            if "build" in self.engines[name]:  # vecgraph, from the second group on
                ready.append(name)
                continue
            try:
                self.engines[name]["build"] = done = build(name, self.dataset, self.plan)
                self.engines[name] |= openings(name, self.dataset, self.plan)
                first = self.engines[name]["first"][-1]["search_ms"]
                self.say(
                    f"{name}: built in {done['seconds']:.1f} s, first search {first[0]:.1f} ms, "
                    f"third {first[-1]:.1f} ms"
                )
                ready.append(name)
            except (Failed, OSError) as error:
                self.fail(name, str(error))
        race = Race(ready, self.dataset, self.plan, self.judge)
        race.run()
        for name, reason in race.failed.items():
            self.fail(name, reason)
        for name, status in race.status.items():
            self.engines[name]["status"] = status
        self.keep(race, number)
        for name in set(group) - {PIVOT}:
            for file in engine_class(name)(self.dataset, self.plan.library).own_files():
                file.unlink()

    def keep(self, race: Race, number: int) -> None:
        for series, taken in race.taken.items():
            if taken.times:
                self.result["series"].append(
                    {
                        "engine": series.engine,
                        **series.arguments(),
                        "group": number,
                        "times_ms": [round(ms, 4) for ms in taken.times],
                        "recall": sum(taken.recalls) / len(taken.recalls),
                        "lowest_recall": min(taken.recalls),
                    }
                )
        self.result["many"] += [{**one, "group": number} for one in race.many]


# ---- all ---------------------------------------------------------------------------------------


def main() -> None:
    arguments = parse_arguments()
    plan = make_plan(arguments)
    names = [n for n in arguments.engines if n not in arguments.without and n != PIVOT]
    names.insert(0, PIVOT)
    datasets = choose_datasets(arguments)
    chosen = [names_for(dataset, names, arguments.graph_rows) for dataset in datasets]
    guesses = [guess_seconds(*pair, plan) for pair in zip(datasets, chosen, strict=True)]
    for dataset, guess in zip(datasets, guesses, strict=True):
        print(f"{dataset.title}: about {max(guess / 60, 1):.0f} min")
    print(f"together about {sum(guesses) / 60:.0f} min", flush=True)
    if arguments.list:
        return
    if not arguments.library.exists():
        sys.exit(f"{arguments.library} is not there: run `make` first")
    if arguments.fresh_start:
        shutil.rmtree(CASES, ignore_errors=True)
    CASES.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(WORK, ignore_errors=True)  # of a run that was killed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    fresh = freshness.probe(names, plan.library)
    (BUILD / "fresh.json").write_text(json.dumps(fresh, indent=1))
    if machine.load() > 0.5:
        print(f"The machine is busy (load {machine.load():.1f}): times will say little.")

    start = time.monotonic()
    for number, dataset in enumerate(datasets):
        left = sum(guesses[number:])
        spent = time.monotonic() - start
        if number:
            left *= spent / sum(guesses[:number])
        print(f"{dataset.title} ({number + 1} of {len(datasets)}, about {left / 60:.0f} min left)")
        data.make(dataset, arguments.embeddings)
        result = Case(dataset, chosen[number], plan, record).run()
        (CASES / f"{dataset.name}.json").write_text(json.dumps(result, indent=1))
        print(f"  done in {result['seconds']:.0f} s", flush=True)
        report.write(arguments.results)
    print(f"The report is {arguments.results / 'README.md'}")


if __name__ == "__main__":
    main()
