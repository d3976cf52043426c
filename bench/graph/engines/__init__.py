"""The engines: one class each, by the name that the command line knows."""

from importlib import import_module

from .base import Engine

# Where each class is. A module is imported only in the process of its engine: two extensions may
# not share a process, and a library that is missing concerns nobody else.
CLASSES = {
    "vecgraph": "vecgraph.Vecgraph",
    "sql": "sql.Sql",
    "igraph": "igraph_engine.Igraph",
    "networkx": "networkx_engine.Networkx",
    "muninn": "muninn.Muninn",
    "graphqlite": "graphqlite_engine.Graphqlite",
}
PIVOT = "vecgraph"  # what the others are compared with


def engine_class(name: str) -> type[Engine]:
    module, _, attribute = CLASSES[name].partition(".")
    return getattr(import_module(f"engines.{module}"), attribute)


__all__ = ["CLASSES", "PIVOT", "Engine", "engine_class"]
