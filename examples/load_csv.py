"""Loads any nodes and edges from two CSV files into a database, with embeddings.

    python examples/load_csv.py nodes.csv edges.csv --output build/demo.db

The first line of each file names its columns, in any order:
  nodes  id; and if you like title, domain, layer, summary, type; any other goes into meta
  edges  source, target; and if you like type
"""

import argparse
import csv
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from embed import Document, learn
from store import Edge, Node, write

NODE_COLUMNS = ("id", "title", "domain", "layer", "summary", "type")

# Below this many nodes a word that occurs once is worth a vector.
MANY_NODES = 10_000


class BadCsv(Exception):
    """The message names the file, the line and what is wrong."""


def read_rows(path: Path, required: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields each row with its place, for error messages."""
    csv.field_size_limit(1 << 30)  # a note may be longer than the 128 kB that csv allows
    try:
        yield from read_open_rows(path, required)
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadCsv(f"{path}: {error}") from error


def read_open_rows(path: Path, required: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restkey="", restval="")
        missing = [name for name in required if name not in (reader.fieldnames or ())]
        if missing:
            raise BadCsv(f"{path}:1: there is no column named {', '.join(missing)}")
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if "" in row:
                raise BadCsv(f"{place}: there are more values than columns")
            for name in required:
                if not row[name]:
                    raise BadCsv(f"{place}: {name} is empty")
            yield place, row


def read_nodes(path: Path) -> list[Node]:
    nodes: dict[str, Node] = {}
    for place, row in read_rows(path, ("id",)):
        if row["id"] in nodes:
            raise BadCsv(f"{place}: the id {row['id']!r} was used before")
        nodes[row["id"]] = Node(
            id=row["id"],
            type=row.get("type") or "node",
            title=row.get("title") or row["id"],
            domain=row.get("domain") or None,
            layer=row.get("layer") or None,
            summary=row.get("summary") or "",
            meta={key: row[key] for key in row if key not in NODE_COLUMNS and row[key]},
        )
    return list(nodes.values())


def read_edges(path: Path, nodes: list[Node]) -> list[Edge]:
    """Reads edges; an end that is no node is an error, for it is more likely a slip than meant."""
    ids = {node.id for node in nodes}
    edges = []
    for place, row in read_rows(path, ("source", "target")):
        for end in ("source", "target"):
            if row[end] not in ids:
                raise BadCsv(f"{place}: {end} {row[end]!r} is not the id of a node")
        edges.append(Edge(row["source"], row["target"], row.get("type") or "related_to"))
    return edges


def make_document(node: Node) -> Document:
    """What a node is about, weighed like a package (see load_debian.py)."""
    return (2.0, node.title), (1.0, node.summary), (0.25, node.domain or "")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("nodes", type=Path)
    parser.add_argument("edges", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        nodes = read_nodes(arguments.nodes)
        edges = read_edges(arguments.edges, nodes)
        documents = [make_document(node) for node in nodes]
        model, vectors = learn(documents, min_documents=2 if len(nodes) > MANY_NODES else 1)
        summary = write(arguments.output, nodes, edges, model, vectors)
    except (BadCsv, OSError, ValueError, sqlite3.Error) as error:
        sys.exit(f"load_csv: {error}")
    print(summary)


if __name__ == "__main__":
    main()
