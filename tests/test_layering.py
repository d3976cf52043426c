"""The folders of ext/ include one another in one direction only.

SQL value -> sqlapi -> vector -> scan -> kernel -> scan -> sqlapi: what lies lower knows nothing of
what lies above it, the arithmetic knows nothing of SQLite, and SIMD stays in ext/kernel.
"""

import re

import pytest

from conftest import ROOT

pytestmark = pytest.mark.without_library

# A folder (or a file at the top of ext/) and the folders it may include besides itself.
ALLOWED = {
    "base": set(),
    "vector": {"base"},
    "kernel": {"vector/element.h"},  # this one file
    "scan": {"base", "vector", "kernel"},
    "graph": {"base"},
    "store": {"base"},
    "health": {"base", "vector", "kernel", "scan"},
    "sqlapi": {"base", "vector", "kernel", "scan", "graph", "store", "health"},
    "entry.cpp": {"base", "sqlapi"},
}
# Folders that must not reach an SQLite header, not even through another file.
WITHOUT_SQLITE = {"vector", "kernel"}
# The files through which everything else reaches SQLite.
SQLITE_HOME = {"base/sqlite.h", "entry.cpp"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', re.MULTILINE)
SQLITE = re.compile(r"sqlite3(ext)?\.h")
SIMD = re.compile(r"xsimd/.*|x?[a-z]*mmintrin\.h|x86intrin\.h|arm_neon\.h|cpuid\.h")


def read_includes(ext):
    """{file: [included name]} of every C++ file, names relative to ext/."""
    files = sorted(path for path in ext.rglob("*") if path.suffix in {".cpp", ".h"})
    return {
        path.relative_to(ext).as_posix(): INCLUDE.findall(path.read_text())
        for path in files
    }


def reach(start, includes):
    """Every name that a file includes, through any number of our own files."""
    seen, todo = set(), [start]
    while todo:
        for name in includes.get(todo.pop(), ()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return seen


def violations(ext):
    """What is wrong in a tree, one sentence each."""
    includes = read_includes(ext)
    found = []
    for file, names in includes.items():
        folder = file.split("/")[0]
        if folder not in ALLOWED:
            found.append(f"{file}: {folder} is not a folder of the design")
            continue
        allowed = ALLOWED[folder]
        for name in names:
            owner = name.split("/")[0]
            ours = "/" in name and owner in ALLOWED  # <vector> is not ours
            if ours and owner != folder and owner not in allowed and name not in allowed:
                found.append(f"{file} includes {name}")
            if ours and name not in includes:
                found.append(f"{file} includes {name}, which is no file of ext/")
            if not ours and (ext / folder / name).is_file():
                found.append(f"{file} includes {name} without its folder")
            if SQLITE.fullmatch(name) and file not in SQLITE_HOME:
                found.append(f"{file} includes {name} past base/sqlite.h")
            if SIMD.fullmatch(name) and folder != "kernel":
                found.append(f"{file} includes {name} outside ext/kernel")
        if folder in WITHOUT_SQLITE and any(SQLITE.fullmatch(n) for n in reach(file, includes)):
            found.append(f"{file} reaches SQLite")
        if "SQLITE_EXTENSION_INIT1" in (ext / file).read_text() and file != "entry.cpp":
            found.append(f"{file} has SQLITE_EXTENSION_INIT1")
    return found


def test_every_include_goes_the_right_way():
    assert violations(ROOT / "ext") == []


def test_the_checker_reads_the_whole_tree():
    includes = read_includes(ROOT / "ext")
    assert "entry.cpp" in includes
    assert "base/sqlite.h" in reach("entry.cpp", includes)
    assert any(name.startswith("xsimd/") for names in includes.values() for name in names)


# The control: each of these, in an otherwise clean tree, must be reported.
WRONG = {
    "upwards": ("base/status.h", '#include "scan/source.h"', "base/status.h includes scan/source.h"),
    "sideways": ("graph/csr.h", '#include "scan/source.h"', "graph/csr.h includes scan/source.h"),
    "more than the element type": (
        "kernel/kernels.h",
        '#include "vector/vector.h"',
        "kernel/kernels.h includes vector/vector.h",
    ),
    "sqlapi from below": (
        "store/migrate.cpp",
        '#  include "sqlapi/registry.h"',
        "store/migrate.cpp includes sqlapi/registry.h",
    ),
    "xsimd": (
        "scan/source.h",
        "#include <xsimd/xsimd.hpp>",
        "scan/source.h includes xsimd/xsimd.hpp outside ext/kernel",
    ),
    "intrinsics": (
        "vector/vector.h",
        "#include <immintrin.h>",
        "vector/vector.h includes immintrin.h outside ext/kernel",
    ),
    "SQLite past its home": (
        "scan/source.h",
        "#include <sqlite3.h>",
        "scan/source.h includes sqlite3.h past base/sqlite.h",
    ),
    "SQLite through base": (
        "vector/vector.h",
        '#include "base/sqlite.h"',
        "vector/vector.h reaches SQLite",
    ),
    "a second API table": (
        "scan/source.h",
        "SQLITE_EXTENSION_INIT1",
        "scan/source.h has SQLITE_EXTENSION_INIT1",
    ),
    "a folder nobody planned": (
        "util/misc.h",
        "",
        "util/misc.h: util is not a folder of the design",
    ),
    "a path of its own": (
        "scan/source.h",
        '#include "../kernel/kernels.h"',
        "scan/source.h includes ../kernel/kernels.h without its folder",
    ),
    "a file that is not there": (
        "scan/source.h",
        '#include "base/gone.h"',
        "scan/source.h includes base/gone.h, which is no file of ext/",
    ),
}


def write_clean_tree(ext):
    tree = {
        "entry.cpp": '#include <sqlite3ext.h>\nSQLITE_EXTENSION_INIT1\n#include "sqlapi/registry.h"\n',
        "base/sqlite.h": "#include <sqlite3ext.h>\n",
        "base/status.h": "#include <string>\n",
        "vector/element.h": "",
        "vector/vector.h": '#include "base/status.h"\n#include "vector/element.h"\n',
        "kernel/kernels.h": '#include <vector>\n#include "vector/element.h"\n',
        "kernel/kernels-inl.h": '#include <xsimd/xsimd.hpp>\n#include "kernel/kernels.h"\n',
        "scan/source.h": '#include "base/sqlite.h"\n#include "kernel/kernels.h"\n',
        "graph/csr.h": '#include "base/sqlite.h"\n',
        "store/migrate.cpp": '#include "base/sqlite.h"\n',
        "sqlapi/registry.h": '#include "base/sqlite.h"\n#include "scan/source.h"\n',
    }
    for name, text in tree.items():
        path = ext / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_clean_tree_has_no_violation(tmp_path):
    write_clean_tree(tmp_path)
    assert violations(tmp_path) == []


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_wrong_include_is_reported(tmp_path, wrong):
    file, line, expected = WRONG[wrong]
    write_clean_tree(tmp_path)
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as out:
        out.write(line + "\n")
    assert expected in violations(tmp_path)
