"""The engines: one class each, by the name that the command line knows."""

from importlib import import_module

from .base import Engine

# Where each class is. A module is imported only in the process of its engine: two extensions may
# not share a process, and a library that is missing concerns nobody else.
CLASSES = {
    "vecgraph": "vecgraph.Vecgraph",
    "sqlite-vec": "sqlite_vec_engine.Vec0",
    "sqlite-vec-scalar": "sqlite_vec_engine.Scalar",
    "sqlite-vector": "sqlite_vector_engine.FullScan",
    "sqlite-vector-int8": "sqlite_vector_engine.Int8",
    "sqlite-vector-turbo4": "sqlite_vector_engine.Turbo4",
    "vectorlite-scalar": "vectorlite_engine.Scalar",
    "vectorlite": "vectorlite_engine.Hnsw",
    "usearch-exact": "usearch_engine.Exact",
    "usearch": "usearch_engine.Hnsw",
    "usearch-i8": "usearch_engine.HnswInt8",
    "hnswlib": "hnswlib_engine.Hnsw",
    "faiss-flat": "faiss_engine.Flat",
    "faiss-sq8": "faiss_engine.Sq8",
    "faiss-ivf": "faiss_engine.Ivf",
    "numpy": "numpy_engine.Numpy",
}
PIVOT = "vecgraph"  # runs beside every other engine


def engine_class(name: str) -> type[Engine]:
    module, _, attribute = CLASSES[name].partition(".")
    return getattr(import_module(f"engines.{module}"), attribute)


__all__ = ["CLASSES", "PIVOT", "Engine", "engine_class"]
