"""Loads a folder of markdown files into a database: headings, links and tags as a graph.

    python examples/load_markdown.py notes/ --output notes.db
    python examples/load_markdown.py notes/ --output notes.db --embed 'my-model --json-lines'
    python examples/load_markdown.py notes/ --output notes.db --terms

The content stays in the files: a node holds where it is (meta.source, meta.line), a hash, and the
first paragraph. A second run looks at the hashes and reads only the files that changed into notes;
what is gone from the folder goes from the database. The result is that of loading the folder into
an empty database, but for history. docs/rebuild.md says how to rely on it.

Two passes, in one transaction: all nodes, then all edges, so that a link may lead to a file that is
read later. All vectors are made before the transaction begins.

Everything in the domain (--domain, else 'notes') belongs to the folder; the rest of the database is
left alone, edges of other types from and to these nodes too.
"""

import argparse
import hashlib
import json
import math
import posixpath
import shlex
import sqlite3
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from markdown_notes import Note, graph_id, parse, slugify

MIGRATIONS = Path(__file__).resolve().parent.parent / "sql" / "migrations"
EDGE_TYPES = ("CONTAINS", "LINKS_TO")


class Problem(Exception):
    """The message says what is wrong and where."""


# ---- files -------------------------------------------------------------------------------------


def find_files(folder: Path) -> list[str]:
    """The .md files below the folder, relative to it, without hidden ones, in a fixed order."""
    if not folder.is_dir():
        raise Problem(f"{folder} is not a folder")
    found = (path.relative_to(folder) for path in folder.rglob("*.md") if path.is_file())
    return sorted(p.as_posix() for p in found if not any(x.startswith(".") for x in p.parts))


def name_files(paths: list[str]) -> dict[str, str]:
    """The id of each file. Where graph_id leaves nothing, or the same of two, a hash tells them apart."""
    ids = {path: graph_id(path) for path in paths}
    uses = Counter(ids.values())
    for path, name in ids.items():
        if not name or uses[name] > 1:
            mark = hashlib.sha256(path.encode()).hexdigest()[:8]
            ids[path] = f"{name}-{mark}" if name else mark
    return ids


def read_notes(folder: Path, path: str) -> list[Note]:
    try:
        return parse(path, (folder / path).read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise Problem(f"{folder / path}: not UTF-8: {error}") from error


def node_id(file: str, slug: str) -> str:
    return f"{file}#{slug}" if slug else file


# ---- vectors -----------------------------------------------------------------------------------


def run_command(command: str, texts: dict[str, str]) -> dict[str, bytes | None]:
    """{id: vector}: a line {"id", "text"} in, a line {"id", "embedding": [...] or null} out."""
    lines = "".join(json.dumps({"id": id, "text": text}) + "\n" for id, text in texts.items())
    done = subprocess.run(shlex.split(command), input=lines, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Problem(f"the command for vectors ended with status {done.returncode}: {command}")
    vectors: dict[str, bytes | None] = {}
    lengths = set()
    for number, line in enumerate(filter(str.strip, done.stdout.splitlines()), 1):
        try:
            answer = json.loads(line)
            vector = answer["embedding"]
            if vector is not None:
                lengths.add(len(vector))
                vector = struct.pack(f"<{len(vector)}f", *vector)
                if not all(map(math.isfinite, answer["embedding"])) or not vector:
                    raise ValueError("an empty vector, or one with NaN or Inf")
            vectors[answer["id"]] = vector
        except (ValueError, KeyError, TypeError, struct.error, OverflowError) as error:
            raise Problem(f"line {number} from the command for vectors: {error!r}: {line:.80}") from error
    if vectors.keys() != texts.keys():
        missing = sorted(texts.keys() ^ vectors.keys())[:3]
        raise Problem(f"the command for vectors answered not once for each id: {', '.join(missing)}")
    if len(lengths) > 1:
        raise Problem(f"the command for vectors answered with different lengths: {sorted(lengths)}")
    return vectors


def learn_terms(db: sqlite3.Connection, texts: dict[str, str]) -> dict[str, bytes | None]:
    """Vectors of the words of all texts, and the table terms that a question is put together from."""
    try:
        from embed import learn

        model, vectors = learn([((1, text),) for text in texts.values()], 1)
    except ImportError as error:
        raise Problem(f"--terms needs what examples/requirements.txt names: {error}") from error
    except ValueError as error:  # no words
        raise Problem(str(error)) from error
    db.execute("DROP TABLE IF EXISTS terms")
    db.execute("CREATE TABLE terms (term TEXT PRIMARY KEY NOT NULL, vector BLOB NOT NULL)")
    db.executemany("INSERT INTO terms (term, vector) VALUES (?, ?)", model.terms())
    made = zip(texts, vectors, strict=True)
    return {id: vector.tobytes() if vector.any() else None for id, vector in made}


# ---- the database ------------------------------------------------------------------------------


def migrate(db: sqlite3.Connection) -> None:
    """Applies the migrations that are missing, all or none."""
    known = set()
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = '_graph_migrations'").fetchone():
        known = {name for (name,) in db.execute("SELECT name FROM _graph_migrations")}
    files = [file for file in sorted(MIGRATIONS.glob("[0-9]*.sql")) if file.stem not in known]
    if files:
        texts = (file.read_text("utf-8") for file in files)
        db.executescript("\n".join(["BEGIN IMMEDIATE;", *texts, "COMMIT;"]))


def stored_nodes(db: sqlite3.Connection, domain: str) -> dict[str, tuple[str, str, bool]]:
    """{id: (source, hash, has a vector)} of the domain."""
    rows = db.execute(
        "SELECT id, json_extract(meta, '$.source'), hash, embedding IS NOT NULL FROM nodes"
        " WHERE domain = ? AND type IN ('document', 'section')",
        (domain,),
    )
    return {id: (source, hash, bool(vector)) for id, source, hash, vector in rows}


def put_node(db: sqlite3.Connection, domain: str, row: dict) -> None:
    """NULL means "not given" to put_node: what is to be empty is emptied here."""
    names = ", ".join(row)
    values = {**row, "domain": domain}
    db.execute(
        f"INSERT INTO put_node ({names}, domain) VALUES (:{', :'.join(row)}, :domain)", values
    )
    for name, value in row.items():
        if value is None:
            db.execute(f"UPDATE nodes SET {name} = NULL WHERE id = :id AND {name} NOT NULL", values)


def wanted_edges(db: sqlite3.Connection, domain: str) -> tuple[set[tuple], int]:
    """Every edge that meta of the nodes asks for, and how many links lead nowhere."""
    rows = db.execute(
        "SELECT id, title, meta FROM nodes WHERE domain = ? AND type IN ('document', 'section')",
        (domain,),
    ).fetchall()
    metas = {id: json.loads(meta) for id, _, meta in rows}
    targets = {}  # 'path.md' and 'path.md#slug' to id
    names = {}  # for wiki links, in lower case: of the files with that name the one with the shortest path
    for id, title, _ in sorted(rows, key=lambda row: (len(metas[row[0]]["source"]), row[0])):
        source, slug = metas[id]["source"], metas[id].get("slug", "")
        targets[node_id(source, slug)] = id
        if not slug:
            for name in (posixpath.splitext(posixpath.basename(source))[0], source[:-3], title):
                names.setdefault(name.lower(), source)
    edges, nowhere = set(), 0
    for id, meta in metas.items():
        if "parent" in meta:
            edges.add((meta["parent"], id, "CONTAINS", meta["source"]))
        for link in meta.get("links", ()):
            path, _, anchor = link.strip("[]").partition("#")
            if link.startswith("[["):
                path, anchor = names.get(path.strip().lower(), ""), slugify(anchor)
            target = targets.get(node_id(path, anchor)) or targets.get(path)
            if target is None:
                nowhere += 1
            elif target != id:
                edges.add((id, target, "LINKS_TO", meta["source"]))
    return edges, nowhere


def update_edges(db: sqlite3.Connection, domain: str) -> int:
    wanted, nowhere = wanted_edges(db, domain)
    stored = set(
        db.execute(
            "SELECT e.source, e.target, e.type, e.context_source FROM edges AS e"
            " JOIN nodes AS n ON n.id = e.source"
            " WHERE n.domain = ? AND n.type IN ('document', 'section') AND e.type IN (?, ?)",
            (domain, *EDGE_TYPES),
        )
    )
    gone = [edge[:3] for edge in sorted(stored - wanted, key=repr)]
    db.executemany("DELETE FROM edges WHERE source = ? AND target = ? AND type = ?", gone)
    db.executemany(
        "INSERT INTO put_edge (source, target, type, context_source) VALUES (?, ?, ?, ?)",
        sorted(wanted - stored),
    )
    return nowhere


# ---- a run -------------------------------------------------------------------------------------


def rows_of(path: str, file: str, hash: str, notes: Iterable[Note]) -> Iterable[dict]:
    """The nodes of a file. Everything in them comes from the file: no time, no order of loading."""
    for note in notes:
        meta = {"source": path, "line": note.line, "tags": note.tags}
        if note.slug:
            meta |= {"slug": note.slug, "parent": node_id(file, note.parent or "")}
        if note.links:
            meta["links"] = note.links
        yield {
            "id": node_id(file, note.slug),
            "type": "section" if note.slug else "document",
            "title": note.title,
            "hash": note.hash if note.slug else hash,
            "meta": json.dumps(meta, ensure_ascii=False),
            "date": note.date,
            "summary": note.summary,
        }


def load(db: sqlite3.Connection, folder: Path, domain: str, command: str | None, terms: bool) -> str:
    """Brings the database to the state of the folder; returns a line that says what was done."""
    ids = name_files(find_files(folder))
    hashes = {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in ids}
    stored = stored_nodes(db, domain)
    bare = {source for source, _, vector in stored.values() if not vector}
    changed = {
        path
        for path, id in ids.items()
        if stored.get(id, ("", "", False))[:2] != (path, hashes[path]) or (command and path in bare)
    }
    gone = {source for source, _, _ in stored.values()} - ids.keys()
    learnt = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'terms'").fetchone()
    terms = terms and bool(ids) and bool(changed or gone or not learnt)
    if terms:
        changed = set(ids)  # the vector of every text depends on all the others
    notes = {path: read_notes(folder, path) for path in sorted(changed)}
    rows = [
        (row, note)
        for path in notes
        for row, note in zip(rows_of(path, ids[path], hashes[path], notes[path]), notes[path])
    ]

    for row, _ in rows:
        if row["id"] not in stored:
            for (other,) in db.execute("SELECT domain FROM nodes WHERE id = ?", (row["id"],)):
                path = json.loads(row["meta"])["source"]
                raise Problem(f"the id {row['id']} of {path} is that of a node in the domain {other}")

    def is_new(row: dict) -> bool:
        _, hash, vector = stored.get(row["id"], ("", "", False))
        return hash != row["hash"] or not vector

    texts = {row["id"]: f"{row['title']}\n{note.text}" for row, note in rows if terms or is_new(row)}
    vectors = run_command(command, texts) if command and texts else {}
    db.execute("BEGIN IMMEDIATE")
    try:
        if terms:
            vectors = learn_terms(db, texts)
        kept = {row["id"] for row, _ in rows}
        stale = [i for i, (source, *_) in stored.items() if source in gone | changed and i not in kept]
        db.executemany("DELETE FROM nodes WHERE id = ?", [(id,) for id in stale])
        for row, _ in rows:
            if row["id"] in texts:
                row["embedding"] = vectors.get(row["id"])
            put_node(db, domain, row)
        nowhere = update_edges(db, domain)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    counts = f"{len(ids):,} files, {len(changed):,} read, {len(gone):,} gone"
    return f"{counts}, {len(stale):,} nodes removed, {nowhere:,} links lead nowhere"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, required=True, help="the database")
    parser.add_argument("--domain", default="notes")
    vectors = parser.add_mutually_exclusive_group()
    vectors.add_argument("--embed", metavar="COMMAND", help="JSON lines in, JSON lines out")
    vectors.add_argument("--terms", action="store_true", help="vectors of the words in all files")
    options = parser.parse_args()
    try:
        with closing(sqlite3.connect(options.output, isolation_level=None)) as db:
            db.execute("PRAGMA busy_timeout = 5000")
            db.execute("PRAGMA foreign_keys = ON")
            migrate(db)
            done = load(db, options.folder, options.domain, options.embed, options.terms)
    except (Problem, OSError, sqlite3.Error) as error:
        sys.exit(f"load_markdown: {error}")
    print(f"{options.output}: {done}")


if __name__ == "__main__":
    main()
