"""Does a search see a row that another program has just added? Asked of every engine in SQLite."""

import shutil
from pathlib import Path
from typing import Any

import data
from cases import FIRST_K, Dataset
from client import Client, Failed
from engines import engine_class
from measure import Plan, build

DATASET = Dataset("random", 1000, 64)


def probe(names: list[str], library: Path) -> dict[str, str]:
    """{engine: "yes", "no" or what went wrong}"""
    data.make(DATASET)
    shutil.rmtree(DATASET.work, ignore_errors=True)
    DATASET.work.mkdir(parents=True)
    plan = Plan(library)
    try:
        return {name: probe_one(name, plan) for name in names if engine_class(name).uses_sqlite}
    finally:
        shutil.rmtree(DATASET.work, ignore_errors=True)


def probe_one(name: str, plan: Plan) -> str:
    kind = engine_class(name)
    DATASET.table.unlink(missing_ok=True)
    search: dict[str, Any] = {
        "query": 0,
        "k": FIRST_K,
        "metric": "cosine",
        "variant": kind.variants[0],
        "threads": 1,
    }
    try:
        build(name, DATASET, plan, "build_table")
        build(name, DATASET, plan)
        with Client(name, DATASET, plan.library) as reader:
            reader.call("open")
            for _ in range(kind.warm_ups + 1):
                reader.call("search", **search)
            with Client(name, DATASET, plan.library) as writer:
                writer.call("insert", number=DATASET.rows, query=0)
            found = reader.call("search", **search)["found"]
    except Failed as reason:
        return str(reason)
    return "yes" if DATASET.rows in found else "no"
