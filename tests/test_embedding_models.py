"""0011_embeddings: the table of models, and the nodes that need embedding again. Without the library."""

import pytest

from conftest import Engine
from reading import make_store
from vectors import f32


@pytest.fixture
def store():
    engine = make_store(Engine("sqlite3", loaded=False))
    yield engine
    engine.close()


def add(store, id, embedding, hash=None):
    store.execute("INSERT INTO nodes (id, embedding, hash) VALUES (?, ?, ?)", (id, embedding, hash))


def wanted(store):
    return store.execute("SELECT id, reason FROM nodes_to_embed ORDER BY nid")


MODEL = "INSERT INTO embedding_models VALUES ('nodes', 'embedding', 'bge-small', 2)"


def test_without_a_model_only_what_is_no_vector_is_wanted(store):
    add(store, "none", None)
    add(store, "text", "[1,2]")
    add(store, "number", 5)
    add(store, "odd", b"123")
    add(store, "empty", b"")
    add(store, "two", f32([1, 0]))
    add(store, "three", f32([1, 0, 0]))
    assert wanted(store) == [("none", "missing"), ("text", "type"), ("number", "type"),
                             ("odd", "length"), ("empty", "length")]


def test_a_model_says_the_length(store):
    add(store, "two", f32([1, 0]))
    add(store, "three", f32([1, 0, 0]))
    store.execute(MODEL)
    assert wanted(store) == [("three", "length")]
    assert store.execute("SELECT nid, id, reason, model, dims FROM nodes_to_embed") == [
        (2, "three", "length", "bge-small", 2)]


def test_a_node_made_by_another_model_or_from_another_text(store):
    for id in ("same", "model", "content", "gone", "unknown"):
        add(store, id, f32([1, 0]), hash=f"hash of {id}")
    store.execute("UPDATE nodes SET hash = NULL WHERE id = 'gone'")
    store.execute(MODEL)
    store.script("""
        INSERT INTO node_embeddings VALUES ('same', 'bge-small', 'hash of same'),
          ('model', 'older', 'hash of model'), ('content', 'bge-small', 'another hash'),
          ('gone', 'bge-small', 'hash of gone'), ('no node', 'older', 'x');
    """)
    assert wanted(store) == [("model", "model"), ("content", "content"), ("gone", "content")]


def test_embedding_again_takes_a_node_off_the_list(store):
    add(store, "a", None, hash="1")
    store.execute(MODEL)
    assert wanted(store) == [("a", "missing")]
    store.execute("UPDATE nodes SET embedding = ? WHERE id = 'a'", (f32([0, 1]),))
    store.execute("INSERT INTO node_embeddings VALUES ('a', 'bge-small', '1')")
    assert wanted(store) == []
    store.execute("UPDATE nodes SET hash = '2' WHERE id = 'a'")
    assert wanted(store) == [("a", "content")]
    store.execute("UPDATE embedding_models SET model = 'newer'")
    assert wanted(store) == [("a", "model")]


def test_names_have_no_case(store):
    store.execute("INSERT INTO embedding_models VALUES ('Nodes', 'EMBEDDING', 'm', 3)")
    add(store, "two", f32([1, 0]))
    assert wanted(store) == [("two", "length")]
    with pytest.raises(store.Error, match="UNIQUE"):
        store.execute(MODEL)


@pytest.mark.parametrize("dims", ["0", "-1", "1.5", "'x'", "NULL", "x'01'"])
def test_dims_are_a_positive_integer(store, dims):
    with pytest.raises(store.Error, match="constraint failed"):
        store.execute(f"INSERT INTO embedding_models VALUES ('t', 'e', 'm', {dims})")
