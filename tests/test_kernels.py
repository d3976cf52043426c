"""Every kernel gives the same bits, and the one that is asked for is the one that runs.

Each kernel runs in its own process, forced by VECGRAPH_KERNEL. The process is this file as a
program: it prints, for every case, the bits of every result.
"""
import json
import os
import platform
import sqlite3
import struct
import subprocess
import sys

import numpy as np
import pytest

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from conftest import LIBRARY, load
from vectors import F32, cosine, dot, error, f32, i8, l1, l2, norm, same, shapes, value

LONG = [384, 511, 512, 513, 768, 1000, 1024, 1536, 2047, 2049, 3072, 4095, 4096, 4100]
DIMS = [*range(1, 301), *LONG]

FLOAT = ["vec_dot(a,b)", "vec_distance_l2(a,b)", "vec_distance_l1(a,b)",
         "vec_distance_cosine(a,b)", "vec_norm(a)", "vec_normalize(a)", "vec_add(a,b)",
         "vec_sub(a,b)", "vec_scale(a,0.1)", "vec_quantize_int8(a,'unit')"]
INT8 = ["vec_dot(vec_int8(a),vec_int8(b))", "vec_distance_l2(vec_int8(a),vec_int8(b))",
        "vec_distance_l1(vec_int8(a),vec_int8(b))", "vec_distance_cosine(vec_int8(a),vec_int8(b))",
        "vec_norm(vec_int8(a))", "vec_add(vec_int8(a),vec_int8(b))",
        "vec_distance_hamming(vec_bit(a),vec_bit(b))"]


# What each level asks for, as /proc/cpuinfo calls it.
X86 = {
    "sse2": set(),
    "avx2": {"avx2", "popcnt"},
    "avx512": {"avx2", "popcnt", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni",
               "avx512_vpopcntdq"},
}
ARM = {"neon64": set(), "dotprod": {"asimddp"}}


def machine_kernels():
    """The kernels that this CPU can run, the best last, and those that it cannot."""
    machine = platform.machine().lower()
    levels = {"x86_64": X86, "amd64": X86, "aarch64": ARM, "arm64": ARM}.get(machine, {})
    features = set()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as info:
            features = set(info.read().split())
    elif sys.platform == "darwin" and levels is ARM:
        features = {"asimddp"}
    able = [name for name, needed in levels.items() if needed <= features]
    return ["scalar", *able], [name for name in [*X86, *ARM] if name not in able]


ABLE, UNABLE = machine_kernels()


# ---- the program ------------------------------------------------------------------------------

def cases():
    """(name, pad, a, b, expressions): pad shifts the blobs to another address."""
    for dims in DIMS:
        rng = np.random.default_rng(dims)
        kept = ("normal", "denormals", "huge", "mixed", "zero") if dims <= 300 else ("normal",)
        for name, a, b in shapes(rng, dims):
            if name in kept:
                yield f"float32 {dims} {name}", dims % 9, f32(a), f32(b), FLOAT
        for name, low, high in (("any", -128, 128), ("edge", -128, -126)):
            a, b = (rng.integers(low, high, dims) for _ in range(2))
            yield f"int8 {dims} {name}", dims % 7, i8(a), i8(b), INT8


def image(result):
    """A result as text that holds all of its bits."""
    if isinstance(result, float):
        return struct.pack("<d", result).hex()
    return result.hex() if isinstance(result, bytes) else repr(result)


def program():
    db = sqlite3.connect(":memory:", isolation_level=None)
    load(db)
    db.execute("CREATE TABLE t(pad TEXT, a BLOB, b BLOB)")
    answers = {}
    for name, pad, a, b, expressions in cases():
        db.execute("DELETE FROM t")
        db.execute("INSERT INTO t VALUES (?,?,?)", ("x" * pad, a, b))
        row = db.execute(f"SELECT {', '.join(expressions)} FROM t").fetchone()
        answers[name] = [image(result) for result in row]
    print(json.dumps({"kernel": value(db, "vec_config('kernel')"), "answers": answers}))


if __name__ == "__main__":
    program()
    sys.exit()


# ---- the tests --------------------------------------------------------------------------------

def run(kernel, code=None):
    environment = {**os.environ, "VECGRAPH_LIBRARY": str(LIBRARY)}
    environment.pop("VECGRAPH_KERNEL", None)
    if kernel is not None:
        environment["VECGRAPH_KERNEL"] = kernel
    command = [sys.executable, __file__] if code is None else [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True,
                          cwd=os.path.dirname(os.path.abspath(__file__)), timeout=240)


ASK = """
from conftest import load
import sqlite3
db = sqlite3.connect(":memory:")
load(db)
print(db.execute("SELECT vec_config('kernel')").fetchone()[0])
"""


@pytest.fixture(scope="module")
def reports():
    found = {}
    for kernel in ABLE:
        done = run(kernel)
        assert done.returncode == 0, done.stderr
        found[kernel] = json.loads(done.stdout.splitlines()[-1])
    return found


def differences(one, other):
    return [name for name in one if one[name] != other.get(name)]


def test_the_forced_kernel_is_the_one_that_runs(reports):
    assert {kernel: report["kernel"] for kernel, report in reports.items()} == {
        kernel: kernel for kernel in ABLE}


def test_there_is_more_than_one_kernel_to_compare():
    assert len(ABLE) > 1 or platform.machine().lower() not in ("x86_64", "aarch64")


@pytest.mark.parametrize("kernel", ABLE[1:])
def test_every_result_has_the_bits_of_the_scalar_kernel(reports, kernel):
    scalar = reports["scalar"]["answers"]
    assert len(scalar) > 2000
    assert differences(scalar, reports[kernel]["answers"]) == []


def test_control_one_flipped_bit_would_be_seen(reports):
    answers = reports["scalar"]["answers"]
    altered = {**answers, "float32 17 normal": list(answers["float32 17 normal"])}
    first = altered["float32 17 normal"][0]
    altered["float32 17 normal"][0] = f"{int(first[0], 16) ^ 1:x}" + first[1:]
    assert differences(answers, altered) == ["float32 17 normal"]


def test_the_scalar_kernel_has_the_bits_of_the_oracle(reports):
    answers = reports["scalar"]["answers"]
    for name, _, a, b, expressions in cases():
        if expressions is FLOAT:
            a, b = np.frombuffer(a, "<f4"), np.frombuffer(b, "<f4")
            expected = [dot(a, b), l2(a, b), l1(a, b), cosine(a, b), norm(a)]
            for text, number in zip(answers[name], expected):
                got = None if text == "None" else struct.unpack("<d", bytes.fromhex(text))[0]
                assert same(got, number), name


@pytest.mark.parametrize("kernel", ABLE)
def test_switching_the_kernel_in_a_connection_changes_no_result(db, kernel):
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal(1001).astype(F32) for _ in range(2))
    ask = "SELECT " + ", ".join(
        e.replace("a,b", "?1,?2").replace("(a", "(?1").replace("(b", "(?2") for e in FLOAT + INT8)
    before = db.execute(ask, (f32(a), f32(b))).fetchone()
    assert value(db, "vec_config('kernel',?)", kernel) == kernel
    assert db.execute(ask, (f32(a), f32(b))).fetchone() == before
    assert same(before[0], dot(a, b))


@pytest.mark.parametrize("kernel", ABLE)
def test_every_kernel_of_this_cpu_is_listed(db, kernel):
    assert kernel in error(db, "vec_config('kernel','nonsense')")


@pytest.mark.parametrize("kernel", UNABLE)
def test_a_kernel_of_another_cpu_is_refused(db, kernel):
    assert kernel in error(db, "vec_config('kernel',?)", kernel)
    done = run(kernel, ASK)
    assert done.returncode != 0 and kernel in done.stderr, done.stderr


@pytest.mark.parametrize("kernel", ["nonsense", "AVX2", "avx2 ", "scalar,sse2", "x" * 300])
def test_an_unknown_forced_kernel_stops_the_load(kernel):
    done = run(kernel, ASK)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "VECGRAPH_KERNEL" in last and "scalar" in last, last


@pytest.mark.parametrize("kernel", ABLE)
def test_a_known_forced_kernel_loads(kernel):
    assert run(kernel, ASK).stdout.strip() == kernel


@pytest.mark.parametrize("kernel", [None, ""])
def test_without_a_forced_kernel_the_best_one_runs(kernel):
    assert run(kernel, ASK).stdout.strip() == ABLE[-1]
