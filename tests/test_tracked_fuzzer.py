"""Searches of tracked tables from memory, by several connections, against plain scans."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.mark.parametrize("seed", [1, 2])
def test_searches_of_tracked_tables_are_those_of_a_scan(seed):
    run = subprocess.run(
        [sys.executable, ROOT / "tests" / "tracked_fuzzer.py", "--steps", "800", "--seed", str(seed)],
        capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    checks, cached = map(int, re.search(r"(\d+) checks, (\d+) from memory", run.stdout).groups())
    inside, used = map(int, re.search(r"in transactions (\d+), (\d+) from", run.stdout).groups())
    assert cached > checks / 5 and used > inside / 10
