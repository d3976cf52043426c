"""bench/bench_store_report.py: ratios, and names that bench_store has."""

import json
import re
import subprocess
import sys

import pytest

from conftest import ROOT

pytestmark = pytest.mark.without_library

SCRIPT = ROOT / "bench" / "bench_store_report.py"
sys.path.insert(0, str(SCRIPT.parent))

import bench_store_report as report  # noqa: E402


def printed(tmp_path, cases):
    benchmarks = [{"name": f"{name}/iterations:5/manual_time", **c} for name, c in cases.items()]
    (tmp_path / "r.json").write_text(json.dumps({"benchmarks": benchmarks}))
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "r.json"], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_faster_is_a_ratio_above_one(tmp_path):
    text = printed(
        tmp_path,
        {
            "suite/reads/open": {"per_second": 224300.0, "busy": 0},
            "transactions/one": {"ms": 5.0, "per_second": 200000.0},
            "transactions/autocommit": {"ms": 50.0, "per_second": 20000.0},
            "batch/10": {"lock_ms": 0.13, "longest_lock_ms": 2.0},
        },
    )
    assert "| reads, one connection | 2,240 | 224,000 | 100 | 3.74 | 0 |" in text
    assert "| 1,000 inserts in one transaction, WAL | 100 | 5 | 20 |" in text
    assert "| one transaction for 1,000 inserts, WAL | 100 | 10 | 20,000 | 200,000 |" in text
    assert "| 10 | 1,300 | 0.13 | 2 | 10,000 |" in text
    assert "10 threads" not in text and "replica" not in text  # what was not measured


def test_the_sweep(tmp_path):
    forms = {"single": 300000.0, "batch": 1000000.0, "batch_of_100000": 1700000.0}
    cases = {f"sweep/{form}/100": {"per_second": rate} for form, rate in forms.items()}
    assert "| 100 | 414,000 | 300,000 | 1,000,000 | 1,700,000 | 2.41 |" in printed(tmp_path, cases)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0123, "0.012"), (1.234, "1.23"), (99.96, "100"), (2243.4, "2,240"), (1e6, "1,000,000")],
)
def test_three_digits(value, text):
    assert report.number(value) == text


def test_every_name_is_one_of_bench_store():
    groups = (report.SUITES, report.TIMES, report.REPLICATION)
    names = [name for _, lines in groups for *_, name in lines]
    names += [name for *_, slow, fast in report.PAIRS for name in (slow, fast)]
    names += [f"sweep/{form}" for form in report.SWEEP_FORMS]
    sources = "".join(path.read_text() for path in (ROOT / "bench").glob("bench_store_*.cpp"))
    literals = set(re.findall(r'"([\w/]+)"', sources))
    for name in names:  # written whole, or a folder and what is in it
        folder, _, last = name.rpartition("/")
        assert {name, f"{name}/", folder, last} & literals, name


def test_without_a_file_it_says_how():
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)
    assert done.returncode == 1 and "--benchmark_format=json" in done.stderr
