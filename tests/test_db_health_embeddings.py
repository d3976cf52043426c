"""What db_health says of vectors: a summary of vec_audit by column, and what embedding_models tells."""

import json
import math

import numpy as np
import pytest

from conftest import Engine
from test_db_health import NUMBERS, bad, level, report
from vectors import f32, floats

DIMS = 16
ROWS = 60


def unit(rng, dims=DIMS):
    v = rng.standard_normal(dims)
    return f32(v / np.linalg.norm(v))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.db"


@pytest.fixture
def store(connect, path):
    """A store of unit vectors, which nothing is wrong with."""
    engine = connect(path)
    engine.execute("SELECT db_tune('amalfa')")
    engine.execute("SELECT graph_migrate()")
    rng = np.random.default_rng(1)
    engine.execute("BEGIN")
    for n in range(ROWS):
        engine.execute("INSERT INTO nodes(id, hash, embedding) VALUES (?, ?, ?)",
                       (f"n{n}", f"h{n}", unit(rng)))
    engine.execute("COMMIT")
    assert bad(engine) == {}
    return engine


def embed(engine, id, embedding):
    engine.execute("UPDATE nodes SET embedding = ? WHERE id = ?", (embedding, id))


def vector(engine, id):
    return floats(engine.execute("SELECT embedding FROM nodes WHERE id = ?", (id,))[0][0]).copy()


def row(engine, check):
    (found,) = [row for row in report(engine) if row[0] == check]
    return found


# ---- the summary of the audit ------------------------------------------------------------------


def with_nan(v):
    v[3] = math.nan
    return f32(v)


FAULTS = {
    "type": lambda v: "lost",
    "text": lambda v: json.dumps([float(x) for x in v]),
    "length": lambda v: f32(v)[:-1],
    "inflated": lambda v: f32(list(f32(v))),
    "dimensions": lambda v: f32(v[:-1]),
    "nonfinite": with_nan,
    "zero": lambda v: f32(0 * v),
    "constant": lambda v: f32([0.25] * DIMS),
    "not_unit": lambda v: f32(3 * v),
}


@pytest.mark.parametrize("problem", FAULTS)
def test_a_fault_is_counted_and_only_it(store, problem):
    embed(store, "n7", FAULTS[problem](vector(store, "n7")))
    assert bad(store) == {"embedding_faults": f"nodes.embedding: 1 {problem} in 60 rows"}
    _, _, _, expected, advice = row(store, "embedding_faults")
    assert expected == "16 floats of length 1"
    # The call that the advice gives lists the row.
    call, _, _ = advice.partition(" names ")
    assert [(id, found) for id, found, _ in store.execute(call)] == [("n7", problem)]


def test_equal_vectors_may_be_those_of_equal_texts(store):
    embed(store, "n7", f32(vector(store, "n1")))
    assert bad(store) == {}
    assert row(store, "embedding_faults")[1:3] == ("info", "nodes.embedding: 1 duplicate in 60 rows")


def test_several_problems_are_counted_each(store):
    for n, problem in enumerate(["zero", "inflated", "zero", "nonfinite"]):
        embed(store, f"n{n}", FAULTS[problem](vector(store, f"n{n}")))
    embed(store, "n9", f32(vector(store, "n8")))
    assert bad(store) == {"embedding_faults": "nodes.embedding: 1 inflated, 1 nonfinite, 2 zero, "
                          "1 duplicate in 60 rows"}


def test_a_sound_column_says_so(store):
    assert row(store, "embedding_faults") == (
        "embedding_faults", "ok", "nodes.embedding: none in 60 rows", "16 floats of length 1", None)
    assert row(store, "embeddings")[1:3] == (
        "ok", "nodes.embedding: 60 of 60 rows have one, 16 floats")


def test_a_column_without_any_vector_has_no_fault(store):
    store.execute("UPDATE nodes SET embedding = NULL")
    assert bad(store) == {}
    assert row(store, "embeddings")[1:3] == ("info", "nodes.embedding: 0 of 60 rows")


def test_names_that_need_quotes(engine):
    engine.execute("SELECT db_tune('amalfa')")
    engine.execute('CREATE TABLE "it\'s ""a""."(id INTEGER PRIMARY KEY, "my \'_vec" BLOB)')
    engine.execute('INSERT INTO "it\'s ""a""." VALUES (1, ?), (2, ?), (3, ?)',
                   (f32([1, 0]), f32([0, 1]), f32([0, 0])))
    found = row(engine, "embedding_faults")
    assert found[2] == "it's \"a\"..my '_vec: 1 zero in 3 rows"
    call, _, _ = found[4].partition(" names ")
    assert [found[:2] for found in engine.execute(call)] == [(3, "zero")]


def test_attached_databases_and_tables_without_rowid(store, tmp_path):
    store.execute("ATTACH ? AS old", (str(tmp_path / "b.db"),))
    store.execute("CREATE TABLE old.t(k TEXT PRIMARY KEY, embedding BLOB) WITHOUT ROWID")
    store.execute("INSERT INTO old.t VALUES ('a', ?), ('b', ?), ('c', ?)",
                  (f32([0, 1]), f32([1, 0]), f32([0, 0])))
    assert bad(store) == {"old.embedding_faults": "t.embedding: 1 zero in 3 rows"}
    advice = row(store, "old.embedding_faults")[4]
    call, _, _ = advice.partition(" names ")
    assert [found[:2] for found in store.execute(call)] == [("c", "zero")]


# ---- int8 and bits -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["int8", "int8 small", "signs", "bit", "bytes"])
def test_other_elements_are_not_taken_for_broken_floats(engine, kind):
    rng = np.random.default_rng(2)
    codes = {
        "int8": lambda: np.clip(rng.standard_normal(384) * 40, -127, 127).astype(np.int8),
        "int8 small": lambda: np.clip(rng.standard_normal(384) * 4, -127, 127).astype(np.int8),
        "signs": lambda: rng.choice(np.array([-1, 1], dtype=np.int8), 384),
        "bit": lambda: rng.integers(0, 256, 48, dtype=np.uint8),
        "bytes": lambda: rng.integers(0, 256, 96, dtype=np.uint8),
    }[kind]
    engine.execute("SELECT db_tune('amalfa')")
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB)")
    for _ in range(100):
        engine.execute("INSERT INTO t(emb) VALUES (?)", (codes().tobytes(),))
    assert bad(engine) == {}
    size = len(codes().tobytes())
    assert row(engine, "embeddings")[2] == f"t.emb: 100 of 100 rows have one, {size} bytes"
    engine.execute("UPDATE t SET emb = x'0102' WHERE id = 5")
    engine.execute("UPDATE t SET emb = '[1]' WHERE id = 6")
    assert bad(engine) == {"embedding_lengths": f"t.emb: 98 rows of {size} bytes, 1 of 2",
                           "embedding_types": "t.emb: 1 rows"}


@pytest.mark.parametrize("values", [
    [math.nan] * DIMS, [0.0] * DIMS, [255.0, 0.0, 63.0, 1.0] * 4, [1e-7] * DIMS, [3e4, -2e9] * 8])
def test_floats_are_floats_however_broken(engine, values):
    engine.execute("SELECT db_tune('amalfa')")
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB)")
    for _ in range(3):
        engine.execute("INSERT INTO t(emb) VALUES (?)", (f32(values),))
    assert row(engine, "embeddings")[2] == "t.emb: 3 of 3 rows have one, 16 floats"
    assert row(engine, "embedding_faults")


# ---- what is recorded of the models ------------------------------------------------------------

MODEL = "INSERT INTO embedding_models VALUES ('{}', '{}', '{}', {})"


def test_the_recorded_length_is_what_is_expected(store):
    store.execute(MODEL.format("nodes", "embedding", "bge", DIMS))
    assert bad(store) == {}
    assert row(store, "embedding_faults")[3] == "16 floats of length 1 (bge)"
    store.execute("UPDATE embedding_models SET dims = 8")
    assert bad(store) == {"embedding_faults": "nodes.embedding: 60 dimensions in 60 rows"}
    assert row(store, "embedding_faults")[3] == "8 floats (bge)"


def test_a_recorded_column_is_looked_at_whatever_its_name(store):
    store.script("CREATE TABLE notes(id INTEGER PRIMARY KEY, features)")
    store.execute("INSERT INTO notes(features) VALUES (?), (?)", (f32([1, 0]), f32([0, 0])))
    assert bad(store) == {}
    store.execute(MODEL.format("Notes", "Features", "m", 2))
    found = bad(store)
    assert [value.lower() for value in found.values()] == ["notes.features: 1 zero in 2 rows"]
    assert list(found) == ["embedding_faults"]


def test_a_recorded_column_that_is_not_there(store):
    store.execute(MODEL.format("nodes", "embedding", "bge", DIMS))
    assert row(store, "embedding_models")[1:3] == ("ok", 1)
    store.execute(MODEL.format("nodes", "gone", "m", 3))
    store.execute(MODEL.format("nowhere", "embedding", "m", 3))
    store.execute("CREATE VIEW seen AS SELECT embedding FROM nodes")
    store.execute(MODEL.format("seen", "embedding", "m", DIMS))
    assert bad(store) == {"embedding_models": "nodes.gone, nowhere.embedding"}


def test_a_table_of_that_name_with_other_columns_is_left_alone(engine):
    engine.execute("SELECT db_tune('amalfa')")
    engine.execute("CREATE TABLE embedding_models(id INTEGER PRIMARY KEY, name)")
    engine.execute("INSERT INTO embedding_models VALUES (1, 'x')")
    assert bad(engine) == {}


def test_vectors_of_another_model_or_another_text(store):
    store.execute(MODEL.format("nodes", "embedding", "bge", DIMS))
    store.execute("INSERT INTO node_embeddings SELECT id, 'bge', hash FROM nodes")
    assert row(store, "stale_embeddings")[1:3] == ("ok", "0 by another model, 0 from another text")
    store.execute("UPDATE nodes SET hash = 'new' WHERE id IN ('n1', 'n2')")
    assert bad(store) == {}
    assert row(store, "stale_embeddings")[1:3] == (
        "info", "0 by another model, 2 from another text")
    store.execute("UPDATE node_embeddings SET model = 'older' WHERE node_id IN ('n2', 'n3')")
    assert bad(store) == {"stale_embeddings": "2 by another model, 1 from another text"}
    # As the view says that the advice names.
    assert store.execute("SELECT reason, count(*) FROM nodes_to_embed GROUP BY 1 ORDER BY 1") == [
        ("content", 1), ("model", 2)]


# ---- above 64 MB -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """80 MB: of the vectors of `nodes` every tenth is zero, the codes are int8."""
    path = tmp_path_factory.mktemp("large") / "large.db"
    engine = Engine("sqlite3", path)
    engine.execute("SELECT db_tune('bulk')")
    engine.script("CREATE TABLE nodes(id INTEGER PRIMARY KEY, embedding BLOB);"
                  "CREATE TABLE codes(id INTEGER PRIMARY KEY, emb BLOB);"
                  "CREATE TABLE keyed(k TEXT PRIMARY KEY, embedding BLOB) WITHOUT ROWID;")
    v = unit(np.random.default_rng(5), 900)
    engine.execute(NUMBERS.format(20000) + "INSERT INTO nodes SELECT i, CASE WHEN i % 10 THEN ?1 "
                   "ELSE zeroblob(3600) END FROM n", (v,))
    engine.execute(NUMBERS.format(5000) + "INSERT INTO codes SELECT i, randomblob(768) FROM n")
    engine.execute(NUMBERS.format(3000) + "INSERT INTO keyed SELECT i, ?1 FROM n", (v,))
    engine.close()
    return path


def test_a_large_database_is_audited_in_a_sample(large, connect):
    engine = connect(large)
    engine.execute("SELECT db_tune('amalfa')")
    rows = {found[2].split(":")[0]: found for found in report(engine)
            if found[0] == "embedding_faults"}
    assert set(rows) == {"nodes.embedding", "keyed.embedding"}
    _, status, value, expected, advice = rows["nodes.embedding"]
    assert (status, expected) == ("warn", "900 floats of length 1")
    zeros, rest = value.removeprefix("nodes.embedding: ").split(" zero in ")
    sampled = int(rest.removesuffix(" sampled rows"))
    assert 500 <= sampled <= 1500
    assert 0.05 < int(zeros) / sampled < 0.2
    assert rows["keyed.embedding"][1:3] == ("ok", "keyed.embedding: none in 1000 sampled rows")


def test_a_full_report_audits_every_row(large, connect):
    engine = connect(large)
    engine.execute("SELECT db_tune('amalfa')")
    rows = {found[2] for found in report(engine, "amalfa", 1) if found[0] == "embedding_faults"}
    assert rows == {"nodes.embedding: 2000 zero, 17999 duplicate in 20000 rows",
                    "keyed.embedding: 2999 duplicate in 3000 rows"}
