"""sql/queries/repair_embeddings.sql: a damaged store comes back bit for bit, as far as it can."""

import json
import math
import random
import subprocess

import numpy as np
import pytest

from conftest import LIBRARY, ROOT, Engine
from reading import SQL, make_store
from test_docs import blocks
from vectors import f32, floats

SCRIPT = (SQL / "queries" / "repair_embeddings.sql").read_text()
REPAIRED = ("inflated", "text")
LOST = ("type", "length", "dimensions", "nonfinite", "zero", "constant", "duplicate")
DIMS = 48


def inflate(blob):
    return f32(np.frombuffer(blob, dtype=np.uint8))


def damage(rand, kind, blob, others):
    """The embedding with a fault of this kind."""
    v = floats(blob).copy()
    at = rand.randrange(DIMS)
    if kind == "inflated":
        return inflate(blob)
    if kind == "text":
        return json.dumps([float(x) for x in v])
    if kind == "type":
        return rand.choice([7, 0.5, "lost", json.dumps([None])])
    if kind == "length":
        return blob[: rand.choice([0, 3, 4 * DIMS - 2])]
    if kind == "dimensions":
        return rand.choice([blob[:-4], blob + blob, json.dumps([1.5])])
    if kind == "nonfinite":
        v[at] = rand.choice([math.nan, math.inf])
        return f32(v)
    if kind == "zero":
        return bytes(4 * DIMS)
    if kind == "constant":
        return f32([0.25] * DIMS)
    if kind == "not_unit":
        return f32(v * rand.choice([0.5, 100.0]))
    return rand.choice(others)  # duplicate


class Store:
    """A store of 400 nodes; `faults` are put in by hand, 6 of a kind."""

    def __init__(self, path, seed, kinds=(*REPAIRED, *LOST, "not_unit")):
        rng, rand = np.random.default_rng(seed), random.Random(seed)
        matrix = rng.standard_normal((400, DIMS))
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
        self.good = {f"n{i}": f32(row) for i, row in enumerate(matrix)}
        self.stored = dict(self.good)
        # Not the first ones: a duplicate is the later row.
        hurt = rand.sample(range(100, 400), 6 * len(kinds))
        originals = [self.good[f"n{i}"] for i in range(100)]
        self.faults = {}
        for n, i in enumerate(hurt):
            kind, id = kinds[n // 6], f"n{i}"
            self.stored[id] = damage(rand, kind, self.good[id], originals)
            self.faults[id] = kind
        self.path = path
        engine = make_store(Engine("sqlite3", path))
        engine.execute("BEGIN")
        for id, embedding in self.stored.items():
            engine.execute("INSERT INTO nodes (id, title, embedding) VALUES (?, ?, ?)",
                           (id, f"Title of {id}", embedding))
        engine.execute("COMMIT")
        engine.close()

    def ask(self, sql):
        engine = Engine("sqlite3", self.path)
        try:
            return engine.execute(sql)
        finally:
            engine.close()

    def embeddings(self):
        return dict(self.ask("SELECT id, embedding FROM nodes"))

    def audit(self):
        return self.ask("SELECT id, problem FROM vec_audit('nodes', 'embedding') ORDER BY rowid")

    def repair(self, normalize=None):
        """The rows that the script prints, through the shell."""
        parameter = [f".parameter set :normalize {normalize}"] if normalize is not None else []
        done = subprocess.run(
            ["sqlite3", "-bail", str(self.path), f".load {LIBRARY.with_suffix('')}", *parameter,
             f".read {SQL / 'queries' / 'repair_embeddings.sql'}"],
            capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        return [tuple(line.split("|")[:3]) for line in done.stdout.splitlines()]


@pytest.fixture(params=range(4))
def store(tmp_path, request):
    return Store(tmp_path / "my.db", request.param)


def test_the_audit_names_each_fault_and_only_it(store):
    assert sorted(store.audit()) == sorted(store.faults.items())
    assert len(store.faults) == 60


def test_what_can_be_repaired_comes_back_bit_for_bit(store):
    report = store.repair()
    expected = dict(store.stored)
    for id, kind in store.faults.items():
        if kind in REPAIRED:
            expected[id] = store.good[id]
    assert store.embeddings() == expected
    done = {id: (problem, what) for id, problem, what in report}
    assert done == {id: (kind, "repaired" if kind in REPAIRED else "left as it is")
                    for id, kind in store.faults.items()}
    assert len(report) == len(store.faults)
    assert sorted(store.audit()) == sorted(
        (id, kind) for id, kind in store.faults.items() if kind not in REPAIRED)


def test_normalizing_is_asked_for(store):
    report = store.repair(normalize=1)
    after = store.embeddings()
    for id, kind in store.faults.items():
        if kind in REPAIRED:
            assert after[id] == store.good[id]
        elif kind == "not_unit":
            # Divided in double and rounded once, so the last bit of an element may differ.
            assert np.allclose(floats(after[id]), floats(store.good[id]), rtol=3e-7, atol=0)
        else:
            assert after[id] == store.stored[id] or after[id] is store.stored[id]
    assert {(problem, what) for _, problem, what in report} == {
        *((kind, "repaired") for kind in (*REPAIRED, "not_unit")),
        *((kind, "left as it is") for kind in LOST)}
    assert {kind for _, kind in store.audit()} == set(LOST)


def test_sound_rows_and_other_columns_are_not_touched(store):
    before = store.ask("SELECT nid, id, title, type, hash FROM nodes")
    store.repair(1)
    assert store.ask("SELECT nid, id, title, type, hash FROM nodes") == before
    after = store.embeddings()
    assert all(after[id] == blob for id, blob in store.good.items() if id not in store.faults)


def test_a_second_repair_finds_nothing_to_do(store):
    store.repair(1)
    before = store.embeddings()
    assert {what for _, _, what in store.repair(1)} == {"left as it is"}
    assert store.embeddings() == before


def test_a_sound_store_prints_nothing(tmp_path):
    store = Store(tmp_path / "my.db", 9, kinds=())
    assert store.repair(1) == []
    assert store.embeddings() == store.good


def test_an_empty_store_prints_nothing(tmp_path):
    store = Store(tmp_path / "my.db", 9, kinds=())
    store.ask("DELETE FROM nodes")
    assert store.repair(1) == []


def test_a_store_that_is_inflated_as_a_whole_comes_back(tmp_path):
    store = Store(tmp_path / "my.db", 10, kinds=())
    engine = Engine("sqlite3", store.path)
    for id, blob in store.good.items():
        engine.execute("UPDATE nodes SET embedding = ? WHERE id = ?", (inflate(blob), id))
    engine.close()
    assert {(problem, what) for _, problem, what in store.repair()} == {("inflated", "repaired")}
    assert store.embeddings() == store.good


def test_a_vector_that_comes_back_may_have_a_fault_of_its_own(tmp_path):
    store = Store(tmp_path / "my.db", 11, kinds=())
    engine = Engine("sqlite3", store.path)
    stretched = f32(2 * floats(store.good["n5"]))
    for id, embedding in (("n5", inflate(stretched)), ("n6", inflate(store.good["n1"]))):
        engine.execute("UPDATE nodes SET embedding = ? WHERE id = ?", (embedding, id))
    engine.close()
    assert store.repair() == [
        ("n5", "inflated", "repaired"), ("n5", "not_unit", "left as it is"),
        ("n6", "duplicate", "left as it is"), ("n6", "inflated", "repaired")]
    assert store.embeddings()["n5"] == stretched
    assert store.repair(1) == [("n5", "not_unit", "repaired"), ("n6", "duplicate", "left as it is")]


def test_what_is_too_short_to_normalize_is_left(tmp_path):
    store = Store(tmp_path / "my.db", 12, kinds=())
    short = f32(1e-9 * floats(store.good["n7"]))
    engine = Engine("sqlite3", store.path)
    engine.execute("UPDATE nodes SET embedding = ? WHERE id = 'n7'", (short,))
    engine.close()
    assert store.repair(1) == [("n7", "not_unit", "left as it is")]
    assert store.embeddings()["n7"] == short


def test_an_error_on_the_way_leaves_nothing(store):
    engine = Engine("sqlite3", store.path)
    engine.execute("CREATE TRIGGER stop BEFORE UPDATE ON nodes WHEN typeof(old.embedding) = 'text' "
                   "BEGIN SELECT RAISE(ABORT, 'stop'); END")
    engine.close()
    done = subprocess.run(
        ["sqlite3", "-bail", str(store.path), f".load {LIBRARY.with_suffix('')}",
         f".read {SQL / 'queries' / 'repair_embeddings.sql'}"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "stop" in done.stderr
    assert store.embeddings() == store.stored


def test_the_script_is_one_transaction():
    statements = [part.split("\n\n")[-1].strip() for part in SCRIPT.split(";\n")]
    first = [s for s in SCRIPT.splitlines() if s and not s.startswith("--")][0]
    assert first == "BEGIN IMMEDIATE;"
    assert statements.count("COMMIT") == 1
    writes = [n for n, s in enumerate(statements) if s.startswith(("UPDATE", "INSERT", "CREATE"))]
    assert max(writes) < statements.index("COMMIT")


def test_the_command_of_the_page(store, tmp_path):
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / f"vecgraph{LIBRARY.suffix}").symlink_to(LIBRARY)
    (tmp_path / "sql").symlink_to(SQL)
    ((_, command),) = blocks((ROOT / "docs" / "audit.md").read_text(), "sh")
    done = subprocess.run(["bash", "-euc", command], cwd=tmp_path, capture_output=True, text=True,
                          timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(store.faults)


def test_control_a_store_that_is_not_repaired_keeps_its_faults(store):
    assert store.embeddings() == store.stored != store.good
