"""cmake/embed_sql.cmake: any bytes arrive unchanged in the C++ source, in the order given."""

import hashlib
import re
import subprocess

import pytest
from conftest import ROOT

pytestmark = pytest.mark.without_library

SCRIPT = ROOT / "cmake" / "embed_sql.cmake"
AWKWARD = (
    b"-- ; ;; [unbalanced ${X} @Y@ $ENV{HOME} 'it''s' \\ \\n )\" )__sql__\" # %s"
    b"\r\n\t\0\xc3\xa9\xff"
)


def embed(out, *files):
    paths = ";".join(str(path) for path in files)
    return subprocess.run(
        ["cmake", f"-DOUT={out}", f"-DFILES={paths}", "-P", str(SCRIPT)],
        capture_output=True,
        text=True,
    )


def arrays(source):
    """The byte arrays of a generated source, by name."""
    found = re.findall(r"const char k(\w+)\[\] = \{(.*?)\};", source, re.DOTALL)
    return {name: bytes.fromhex("".join(re.findall(r"'\\x(..)'", body))) for name, body in found}


def test_bytes_arrive_unchanged(tmp_path):
    contents = {"0002_all": bytes(range(256)) * 3, "0001_awkward": AWKWARD, "0003_one": b";"}
    files = []
    for name, content in contents.items():
        files.append(tmp_path / f"{name}.sql")
        files[-1].write_bytes(content)
    run = embed(tmp_path / "out.cpp", *files)
    assert run.returncode == 0, run.stderr
    source = (tmp_path / "out.cpp").read_text()
    assert arrays(source) == contents
    rows = re.findall(r'\{"(\w+)", "([0-9a-f]{64})", \{k(\w+), sizeof k(\w+)\}\},', source)
    assert rows == [
        (name, hashlib.sha256(content).hexdigest(), name, name)
        for name, content in contents.items()
    ]


@pytest.mark.parametrize("name, content", [("0001_empty.sql", b""), ("graph.sql", b"SELECT 1;\n")])
def test_what_is_no_migration_stops_the_build(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    run = embed(tmp_path / "out.cpp", tmp_path / name)
    assert run.returncode != 0
    assert name in run.stderr
    assert not (tmp_path / "out.cpp").exists()
