"""What the built files contain: exported names, merged symbols, instructions.

Always the release build, whichever library the other tests use: its flags are the ones that matter.
"""

import os
import re
import subprocess

import pytest

from conftest import ROOT, SUFFIX

RELEASE = ROOT / "build" / "release"
LIBRARY = ROOT / "build" / f"vecgraph{SUFFIX}"
ENTRY_POINTS = {"sqlite3_vecgraph_init", "sqlite3_vecgraph_own_init"}

# The exception handler's reference, which every unit that catches has; it holds no code.
HARMLESS = {"DW.ref.__gxx_personality_v0"}
WIDE = re.compile(r"%[yz]mm\d")
FUSED = re.compile(r"\t(v?fn?m(?:add|sub|la|ls)\w*)")


def run(*command):
    # Without the sanitizers that may be loaded into this process: they slow the tools down.
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


def release_objects():
    """The object files of the loadable library."""
    folder = RELEASE / "CMakeFiles"
    objects = [
        path
        for target in ("vecgraph", "vecgraph_kernel", "vecgraph_vector")
        for path in sorted((folder / f"{target}.dir").rglob("*.o"))
    ]
    assert objects, f"no objects in {folder}: run `make test`"
    return objects


def kernel_objects():
    return [path for path in release_objects() if "vecgraph_kernel.dir" in path.parts]


def exported(library):
    """Names that another library could bind to."""
    lines = run("nm", "-D", "--defined-only", str(library)).splitlines()
    return {line.split()[-1] for line in lines}


def merged_symbols(path):
    """Symbols that the linker may replace by another unit's: weak (W, V) and unique (u)."""
    rows = (line.split() for line in run("nm", "--defined-only", str(path)).splitlines())
    return {row[-1] for row in rows if row[-2] in "WVu"} - HARMLESS


def instructions(path):
    return run("objdump", "-d", "--no-show-raw-insn", str(path))


def may_be_wide(path):
    return path.name.startswith("arch_avx")


def test_only_the_entry_points_are_exported():
    assert exported(LIBRARY) == ENTRY_POINTS


def test_no_arch_unit_has_a_symbol_that_another_unit_could_get():
    units = [path for path in kernel_objects() if path.name.startswith("arch_")]
    assert len(units) >= 1
    assert {path.name: merged_symbols(path) for path in units} == {p.name: set() for p in units}


def test_wide_registers_only_in_the_units_made_for_them():
    narrow = [path for path in release_objects() if not may_be_wide(path)]
    assert [path.name for path in narrow if WIDE.search(instructions(path))] == []


def test_wide_units_are_wide():
    units = [path for path in kernel_objects() if may_be_wide(path)]
    assert [path.name for path in units if not WIDE.search(instructions(path))] == []


def test_no_kernel_fuses_multiply_and_add():
    fused = {path.name: set(FUSED.findall(instructions(path))) for path in kernel_objects()}
    assert {name: found for name, found in fused.items() if found} == {}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """The control: a library and object that do everything the tests above forbid."""
    folder = tmp_path_factory.mktemp("faulty")
    source = folder / "faulty.cpp"
    source.write_text(
        "struct Names { static int& Last() { static int last = 0; return last; } };\n"
        "inline double Twice(double x) { return x + x; }\n"
        "double (*keep)(double) = Twice;\n"
        "int& (*last)() = Names::Last;\n"
        "void Axpy(double* y, const double* x, double a) {\n"
        "  for (int i = 0; i < 1024; ++i) y[i] += a * x[i];\n"
        "}\n"
    )
    flags = ["-O3", "-fPIC", "-ffp-contract=fast"]
    if run("uname", "-m").strip() == "x86_64":
        flags += ["-mavx2", "-mfma"]
    unit = folder / "faulty.o"
    library = folder / "faulty.so"
    run("g++", *flags, "-c", str(source), "-o", str(unit))
    run("g++", "-shared", str(unit), "-o", str(library))
    return unit, library


def test_control_exports_are_seen(faulty):
    assert {"keep", "last"} <= exported(faulty[1])


def test_control_merged_symbols_are_seen(faulty):
    assert "_Z5Twiced" in merged_symbols(faulty[0])
    assert "_ZZN5Names4LastEvE4last" in merged_symbols(faulty[0])


def test_control_fused_instructions_are_seen(faulty):
    assert FUSED.search(instructions(faulty[0]))


def test_control_wide_registers_are_seen(faulty):
    wide = WIDE.search(instructions(faulty[0]))
    assert bool(wide) == (run("uname", "-m").strip() == "x86_64")
