"""What the machine is, and how fast it reads memory."""

import json
import os
import platform
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

BUILD = Path(__file__).resolve().parents[2] / "build" / "peers"
SOURCE = Path(__file__).with_name("bandwidth.cpp")
PROGRAM = BUILD / "bandwidth"
FLAGS = ["-std=c++20", "-O3", "-march=native", "-pthread"]


def compile_bandwidth() -> None:
    if PROGRAM.exists() and PROGRAM.stat().st_mtime > SOURCE.stat().st_mtime:
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CXX", "c++")
    subprocess.run([compiler, *FLAGS, str(SOURCE), "-o", str(PROGRAM)], check=True)


def bandwidth(mebibytes: int = 1024, passes: int = 9) -> dict[str, dict[str, float]]:
    """{"1": {"median": GB/s, "best": GB/s}, "2": ...}, by the number of threads."""
    compile_bandwidth()
    run = subprocess.run(
        [str(PROGRAM), str(mebibytes), str(passes)], check=True, capture_output=True, text=True
    )
    found = [json.loads(line) for line in run.stdout.splitlines()]
    return {str(f["threads"]): {"median": f["median"], "best": f["best"]} for f in found}


def field(path: str, name: str) -> str:
    """The value of a `name : value` line of a file under /proc."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(found, "")


def total_bytes() -> int:
    return int(field("/proc/meminfo", "MemTotal").split()[0]) * 1024


def available_bytes() -> int:
    return int(field("/proc/meminfo", "MemAvailable").split()[0]) * 1024


def describe() -> dict[str, Any]:
    flags = field("/proc/cpuinfo", "flags").split()
    return {
        "cpu": field("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "levels": [f for f in ("sse4_2", "avx2", "fma", "avx512f", "avx512_vnni") if f in flags],
        "memory_gb": round(total_bytes() / 1e9, 1),
        "kernel": platform.release(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
    }


def load() -> float:
    return os.getloadavg()[0]
