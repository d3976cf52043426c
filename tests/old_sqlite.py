"""Python with an old SQLite, which scripts/old_sqlite.sh builds: in a process of its own, since the
system finds the library when it starts one.
"""

import json
import os
import subprocess
import sys

from conftest import ROOT


def environment(version):
    folder = ROOT / "build" / "old-sqlite" / version
    assert (folder / "libsqlite3.so.0").exists(), f"no {folder}: run scripts/old_sqlite.sh"
    return {**os.environ, "LD_LIBRARY_PATH": str(folder)}


def run_python(version, *arguments, given=None):
    """What it prints; `given` is its standard input, as JSON."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        input=json.dumps(given),
        env=environment(version),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
