"""A model of the store in Python, and a fuzzer that holds the triggers of sql/migrations to it.

`fuzz` runs random statements on a database, applies the same to the model, and after each compares
nodes, edges and tags. History is checked against the states before and after the statement: the
rows of an entity lead from the one to the other without a gap, and an unchanged entity has none.

Needs nothing but sqlite3, so that it also runs on old versions without the library:
    python tests/store_model.py SEED STEPS FOREIGN_KEYS RECURSIVE_TRIGGERS
"""

import json
import random
import sqlite3
import sys
from pathlib import Path

MIGRATIONS = Path(__file__).resolve().parent.parent / "sql" / "migrations"
TEXTS = ("type", "title", "domain", "layer", "hash", "meta", "date", "summary")
COLUMNS = (*TEXTS, "embedding")
EDGE_VALUES = ("confidence", "veracity", "context_source")


def schema(last=7):
    """The migrations up to this number as one script."""
    files = sorted(MIGRATIONS.glob("[0-9]*.sql"))
    return "\n".join(f.read_text("utf-8") for f in files if int(f.name[:4]) <= last)


# ---- the model ---------------------------------------------------------------------------------


class Refused(Exception):
    """The statement must fail and change nothing."""


def parsed(meta):
    """meta as a dict; None if it is something else."""
    if meta is None:
        return {}
    try:
        value = json.loads(meta)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def elements(meta):
    """The distinct texts of meta.tags, which is an array or one text, in order."""
    tags = (parsed(meta) or {}).get("tags")
    tags = [tags] if isinstance(tags, str) else tags if isinstance(tags, list) else []
    return list(dict.fromkeys(tag for tag in tags if isinstance(tag, str)))


def with_tags(meta, tags):
    return json.dumps({**parsed(meta), "tags": tags})


class Model:
    def __init__(self, foreign_keys, recursive):
        self.foreign_keys, self.recursive = foreign_keys, recursive
        self.nodes = {}  # id: column: value
        self.edges = {}  # (source, target, type): column: value
        self.tags = {}  # (node, tag): None, in the order of rows

    def copy(self):
        other = Model(self.foreign_keys, self.recursive)
        other.nodes = {key: dict(row) for key, row in self.nodes.items()}
        other.edges = {key: dict(row) for key, row in self.edges.items()}
        other.tags = dict(self.tags)
        return other

    def check_foreign_keys(self):
        ends = {end for source, target, _ in self.edges for end in (source, target)}
        if self.foreign_keys and not (ends | {node for node, _ in self.tags}) <= set(self.nodes):
            raise Refused

    def tags_of(self, node):
        return [tag for owner, tag in self.tags if owner == node]

    def set_tags(self, node, tags):
        for tag in self.tags_of(node):
            if tag not in tags:
                del self.tags[node, tag]
        for tag in tags:
            self.tags.setdefault((node, tag))

    # nodes

    def insert_node(self, id, row, conflict=None):
        if id in self.nodes:
            if conflict == "IGNORE":
                return
            if conflict != "REPLACE":
                raise Refused
            if self.recursive:
                self.delete_node(id)
        self.nodes[id] = {**dict.fromkeys(COLUMNS), **row}
        meta = row.get("meta")
        if parsed(meta) is not None:
            if "tags" in parsed(meta):
                self.set_tags(id, elements(meta))
            elif kept := self.tags_of(id):
                self.nodes[id]["meta"] = with_tags(meta, kept)

    def update_node(self, id, row):
        if id not in self.nodes:
            return
        before = self.nodes[id]["meta"]
        self.nodes[id].update(row)
        meta = self.nodes[id]["meta"]
        if meta != before and parsed(meta) is not None:
            self.set_tags(id, elements(meta))

    def upsert_node(self, id, row):
        if id in self.nodes:
            self.update_node(id, row)
        else:
            self.insert_node(id, row)

    def put_node(self, id, row):
        given = {key: value for key, value in row.items() if value is not None}
        if id not in self.nodes:
            self.insert_node(id, {"domain": "knowledge", "layer": "experience", **given})
            return
        new, old = parsed(given.get("meta")), parsed(self.nodes[id]["meta"])
        if "meta" in given and new is not None and "tags" not in new and old and "tags" in old:
            given["meta"] = with_tags(given["meta"], old["tags"])
        self.update_node(id, given)

    def delete_node(self, id):
        if id not in self.nodes:
            return
        del self.nodes[id]
        self.edges = {key: row for key, row in self.edges.items() if id not in key[:2]}
        self.tags = {key: None for key in self.tags if key[0] != id}

    def rename_node(self, old, new, row=()):
        if old == new:
            self.update_node(old, dict(row))
        if old not in self.nodes or old == new:
            return
        if new in self.nodes:
            raise Refused

        # Equal ones may wait at the new id, with foreign keys off: edges from there give way.
        for end in (0, 1):
            moved = {key[:end] + (new,) + key[end + 1 :]: key for key in self.edges if key[end] == old}
            for key, source in moved.items():
                self.edges[key] = self.edges.pop(source)
        self.tags = {
            (new if node == old else node, tag): None
            for node, tag in self.tags
            if node != old or (new, tag) not in self.tags
        }
        self.nodes[new] = {**self.nodes.pop(old), **dict(row)}
        # Tags that were there before the id was, with foreign keys off: meta decides.
        meta = self.nodes[new]["meta"]
        if parsed(meta) is not None:
            self.set_tags(new, elements(meta))

    # tags

    def insert_tag(self, node, tag, conflict=None):
        if (node, tag) in self.tags:
            if conflict == "IGNORE":
                return
            if conflict != "REPLACE":
                raise Refused
            if self.recursive:
                self.delete_tag(node, tag)
            else:  # the row is another one now
                del self.tags[node, tag]
        self.tags[node, tag] = None
        row = self.nodes.get(node)
        if row is None or parsed(row["meta"]) is None or tag in elements(row["meta"]):
            return
        there = parsed(row["meta"]).get("tags")
        there = there if isinstance(there, list) else [] if there is None else [there]
        row["meta"] = with_tags(row["meta"], [*there, tag])

    def delete_tag(self, node, tag):
        if (node, tag) not in self.tags:
            return
        del self.tags[node, tag]
        self.rebuild(node, tag)

    def rebuild(self, node, gone):
        row = self.nodes.get(node)
        if row is None or gone not in elements(row["meta"]) or (node, gone) in self.tags:
            return
        there = parsed(row["meta"])["tags"]
        there = there if isinstance(there, list) else [there]
        row["meta"] = with_tags(row["meta"], [tag for tag in there if tag != gone])

    def move_tag(self, key, new):
        if key not in self.tags or key == new:
            return
        if new in self.tags:
            raise Refused
        self.tags = {(new if other == key else other): None for other in self.tags}
        self.rebuild(*key)
        moved = dict(self.tags)  # the row keeps its place
        del self.tags[new]
        self.insert_tag(*new)
        self.tags = moved

    # edges

    def insert_edge(self, key, row, conflict=None):
        if key in self.edges:
            if conflict == "IGNORE":
                return
            if conflict != "REPLACE":
                raise Refused
        self.edges[key] = {"confidence": 1.0, "veracity": 1.0, "context_source": None, **row}

    def update_edge(self, key, row):
        if key in self.edges:
            self.edges[key].update(row)

    def put_edge(self, key, row):
        key = (*key[:2], key[2] or "related_to")
        given = {name: value for name, value in row.items() if value is not None}
        self.insert_edge(key, given, "IGNORE")

    def put_semantic_edge(self, key, row):
        key = (*key[:2], key[2] or "related_to")
        given = {name: value for name, value in row.items() if value is not None}
        self.insert_edge(key, {}, "IGNORE")
        self.update_edge(key, given)

    def move_edge(self, key, new):
        if key not in self.edges or key == new:
            return
        if new in self.edges:
            raise Refused
        self.edges[new] = self.edges.pop(key)


# ---- random statements -------------------------------------------------------------------------

IDS = ["a", "b", "c", 'd"\n', "e/é"]
TAGS = ["x", "y", 'z"z', "", "ü"]
KINDS = ["LINKS_TO", "related_to", "CITES"]
METAS = [
    None,
    "{}",
    '{"n": 1}',
    '{"tags":["x"]}',
    '{"tags":["x","y","x"], "k":[1,{"v":null}]}',
    '{"tags": "y"}',
    '{"tags":[]}',
    '{"tags":["x", 5, null, ["q"], {"o": 1}, true, false, "ü"]}',
    '{"tags":null}',
    '{"tags":7}',
    '{"tags":{"m": "x"}}',
    "no JSON",
    "[1]",
    '"text"',
]
NUMBERS = [None, 1.0, 0.8, 0.1 + 0.2, 1 / 3, 0.0, -2.5, 1e300, float("inf")]


class Statements:
    """Draws (name, SQL, parameters, what the model does); None for the last: compare only rules."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def row(self, most=4):
        values = {
            "meta": lambda: self.random.choice(METAS),
            "embedding": lambda: self.random.choice([None, b"\0\0\x80?", b"\0\0\0@", b"12345678"]),
        }
        names = self.random.sample(COLUMNS, self.random.randint(0, most))
        if self.random.random() < 0.5 and "meta" not in names:
            names.append("meta")
        text = [None, "t", "u", "ü\0", '"']
        return {name: values.get(name, lambda: self.random.choice(text))() for name in names}

    def edge_row(self):
        row = {}
        for name in EDGE_VALUES:
            if self.random.random() < 0.5:
                choices = ["c", None, "d"] if name == "context_source" else NUMBERS
                row[name] = self.random.choice(choices)
        return row

    def draw(self):
        pick = self.random.choice
        id, other, tag = pick(IDS), pick(IDS), pick(TAGS)
        edge = (pick(IDS), pick(IDS), pick(KINDS))
        row, edge_row = self.row(), self.edge_row()
        conflict = pick([None, "REPLACE", "REPLACE", "IGNORE"])
        how = f"INSERT OR {conflict}" if conflict else "INSERT"
        put = pick(["INSERT", "INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"])  # all the same
        edge_key = "source = ? AND target = ? AND type = ?"

        def insert(into, values, how="INSERT", tail=""):
            names = ", ".join(values)
            marks = ", ".join("?" * len(values))
            return f"{how} INTO {into} ({names}) VALUES ({marks}){tail}", [*values.values()]

        def update(table, values, where, key):
            settings = ", ".join(f"{name} = ?" for name in values)
            return f"UPDATE {table} SET {settings} WHERE {where}", [*values.values(), *key]

        as_row = dict(zip(("source", "target", "type"), edge))
        draws = {
            "insert node": lambda: (
                *insert("nodes", {"id": id, **row}, how),
                lambda m: m.insert_node(id, row, conflict),
            ),
            "upsert node": lambda: (
                *insert(
                    "nodes", {"id": id, "title": "t", **row}, "INSERT",
                    " ON CONFLICT (id) DO UPDATE SET title = excluded.title"
                    + "".join(f", {name} = excluded.{name}" for name in row if name != "title"),
                ),
                lambda m: m.upsert_node(id, {"title": "t", **row}),
            ),
            "put node": lambda: (
                *insert("put_node", {"id": id, **row}, put),
                lambda m: m.put_node(id, row),
            ),
            "update node": lambda: (
                *update("nodes", row or {"title": "t"}, "id = ?", [id]),
                lambda m: m.update_node(id, row or {"title": "t"}),
            ),
            "update all nodes": lambda: (
                "UPDATE nodes SET title = title, layer = ?", ["t"],
                lambda m: [m.update_node(each, {"layer": "t"}) for each in list(m.nodes)],
            ),
            "delete node": lambda: (
                "DELETE FROM nodes WHERE id = ?", [id], lambda m: m.delete_node(id)
            ),
            "rename node": lambda: (
                "UPDATE nodes SET id = ? WHERE id = ?", [other, id],
                lambda m: m.rename_node(id, other),
            ),
            "rename and change node": lambda: (
                *update("nodes", {"id": other, "meta": None, **row}, "id = ?", [id]),
                lambda m: m.rename_node(id, other, {"meta": None, **row}),
            ),
            "rename and change node, ignore": lambda: (
                "UPDATE OR IGNORE nodes SET id = ?, meta = ? WHERE id = ?",
                [other, row.get("meta"), id],
                lambda m: None if other in m.nodes and other != id
                else m.rename_node(id, other, {"meta": row.get("meta")}),
            ),
            "rename and change node, replace": lambda: (
                "UPDATE OR REPLACE nodes SET id = ?, nid = nid + 1, meta = ? WHERE id = ?",
                [other, row.get("meta"), id], None,
            ),
            "rename node, replace": lambda: (
                "UPDATE OR REPLACE nodes SET id = ?, title = ? WHERE id = ?", [other, "t", id], None
            ),
            "move nid": lambda: (
                "UPDATE nodes SET nid = (SELECT max(nid) + 5 FROM nodes) WHERE id = ?", [id],
                lambda m: None,
            ),
            "insert over nid": lambda: (
                "INSERT OR REPLACE INTO nodes (nid, id, title) SELECT nid, ?, 't' FROM nodes"
                " WHERE id = ?", [other, id], None,
            ),
            "insert tag": lambda: (
                *insert("tags", {"node_id": id, "tag": tag}, how),
                lambda m: m.insert_tag(id, tag, conflict),
            ),
            "put tag": lambda: (
                *insert("put_tag", {"node_id": id, "tag": tag}, put),
                lambda m: m.insert_tag(id, tag, "IGNORE"),
            ),
            "delete tag": lambda: (
                "DELETE FROM tags WHERE node_id = ? AND tag = ?", [id, tag],
                lambda m: m.delete_tag(id, tag),
            ),
            "delete tags": lambda: (
                "DELETE FROM tags WHERE node_id = ?", [id],
                lambda m: [m.delete_tag(id, each) for each in m.tags_of(id)],
            ),
            "rename tag": lambda: (
                "UPDATE tags SET tag = ? WHERE node_id = ? AND tag = ?", [pick_tag, id, tag],
                lambda m: m.move_tag((id, tag), (id, pick_tag)),
            ),
            "move tag": lambda: (
                "UPDATE tags SET node_id = ? WHERE node_id = ? AND tag = ?", [other, id, tag],
                lambda m: m.move_tag((id, tag), (other, tag)),
            ),
            "rename tag, replace": lambda: (
                "UPDATE OR REPLACE tags SET tag = ? WHERE tag = ?", [pick_tag, tag], None
            ),
            "insert edge": lambda: (
                *insert("edges", {**as_row, **edge_row}, how),
                lambda m: m.insert_edge(edge, edge_row, conflict),
            ),
            "upsert edge": lambda: (
                *insert("edges", {**as_row, "confidence": 0.5}, "INSERT",
                        " ON CONFLICT (source, target, type) DO UPDATE"
                        " SET confidence = excluded.confidence"),
                lambda m: (
                    m.insert_edge(edge, {}, "IGNORE"), m.update_edge(edge, {"confidence": 0.5})
                ),
            ),
            "put edge": lambda: (
                *insert("put_edge", {**as_row, "type": kind, **edge_row}, put),
                lambda m: m.put_edge((*edge[:2], kind), edge_row),
            ),
            "put semantic edge": lambda: (
                *insert("put_semantic_edge", {**as_row, "type": kind, **edge_row}, put),
                lambda m: m.put_semantic_edge((*edge[:2], kind), edge_row),
            ),
            "update edge": lambda: (
                *update("edges", edge_row or {"veracity": 0.3}, edge_key, edge),
                lambda m: m.update_edge(edge, edge_row or {"veracity": 0.3}),
            ),
            "move edge": lambda: (
                f"UPDATE edges SET target = ?, confidence = confidence WHERE {edge_key}",
                [other, *edge],
                lambda m: m.move_edge(edge, (edge[0], other, edge[2])),
            ),
            "move edge, replace": lambda: (
                "UPDATE OR REPLACE edges SET type = ? WHERE source = ?", [edge[2], id], None
            ),
            "insert over rowid": lambda: (
                "INSERT OR REPLACE INTO edges (rowid, source, target, type) SELECT rowid, ?, ?, ?"
                " FROM edges WHERE source = ? LIMIT 1", [*edge, id], None,
            ),
            "delete edge": lambda: (
                f"DELETE FROM edges WHERE {edge_key}", [*edge],
                lambda m: m.edges.pop(edge, None),
            ),
        }
        pick_tag, kind = pick(TAGS), pick([*KINDS, None])
        name = pick(list(draws))
        return name, *draws[name]()


# ---- comparison --------------------------------------------------------------------------------


def read(execute):
    """The database as (nodes, edges, tags) of a Model."""
    names = ", ".join(COLUMNS)
    nodes = {
        id: dict(zip(COLUMNS, row)) for id, *row in execute(f"SELECT id, {names} FROM nodes")
    }
    edges = {
        (source, target, type): dict(zip(EDGE_VALUES, row))
        for source, target, type, *row in execute(
            f"SELECT source, target, type, {', '.join(EDGE_VALUES)} FROM edges"
        )
    }
    return nodes, edges, dict.fromkeys(
        tuple(row) for row in execute("SELECT node_id, tag FROM tags ORDER BY rowid")
    )


def comparable(nodes, edges, tags):
    """The same whatever the spaces in JSON and the order of tags."""
    def meta_of(meta):
        try:
            return json.loads(meta) if meta is not None else None
        except ValueError:
            return "text", meta
    return {id: {**row, "meta": meta_of(row["meta"])} for id, row in nodes.items()}, edges, set(tags)


def entities(nodes, edges, tags):
    """(entity_type, entity_id): what history writes of it."""
    state = {}
    for id, row in nodes.items():
        value = {"id": id, **row}
        blob = value.pop("embedding")
        value["embedding_bytes"] = None if blob is None else len(blob)
        state["node", id] = value
    for key, row in edges.items():
        value = {**dict(zip(("source", "target", "type"), key)), **row}
        state["edge", json.dumps(key, separators=(",", ":"), ensure_ascii=False)] = value
    for key in tags:
        name = json.dumps(key, separators=(",", ":"), ensure_ascii=False)
        state["tag", name] = dict(zip(("node_id", "tag"), key))
    return state


# A statement of these names may write a row twice: the tags of a node follow, or meta its tags; one
# may also replace a row that it wrote before.
TWICE = {
    *("insert node", "upsert node", "put node", "insert over nid", "delete tags"),
    *("rename node", "rename node, replace", "rename tag, replace", "move edge, replace"),
    *("rename and change node" + how for how in ("", ", ignore", ", replace")),
}


def check_history(name, before, after, rows, recursive):
    """What is wrong with the history rows of one statement."""
    was, now = entities(*before), entities(*after)
    chains = {}
    for kind, id, action, old, new in rows:
        key = (kind, id if kind == "node" else normal(id))
        chains.setdefault(key, []).append(
            (action, old and json.loads(old), new and json.loads(new))
        )
    def blob_of(state, key):
        return state[0].get(key[1], {}).get("embedding") if key[0] == "node" else None
    for key in was.keys() | now.keys() | chains.keys():
        chain = chains.get(key, [])
        first, last = was.get(key), now.get(key)
        changed = first != last or blob_of(before, key) != blob_of(after, key)
        if changed and not chain:
            return f"{key}: no row of a change"
        if len(chain) == 1 and not changed:
            return f"{key}: a row without a change"
        if len(chain) > 1 and not (recursive or name in TWICE):
            return f"{key}: {len(chain)} rows"
        state, marks = first, []
        for action, old, new in chain:
            mark = new.pop("embedding_changed", None) if new else None
            marks.append(mark)
            if old != state:
                return f"{key}: old_value is {old}, but the row was {state}"
            expected = "insert" if old is None else "delete" if new is None else "update"
            if action != expected or (old is None and new is None):
                return f"{key}: {action} of {old} to {new}"
            if old == new and mark != 1:
                return f"{key}: a row without a change"
            state = new
        if state != last and chain:
            return f"{key}: new_value is {state}, but the row is {last}"
        if key[0] == "node" and len(chain) == 1 and last is not None:
            if marks != [int(blob_of(before, key) != blob_of(after, key))]:
                return f"{key}: embedding_changed is {marks}"
    return None


def normal(entity_id):
    return json.dumps(json.loads(entity_id), separators=(",", ":"), ensure_ascii=False)


def check_in_step(nodes, edges, tags):
    for id, row in nodes.items():
        if parsed(row["meta"]) is None:
            continue
        of_node = {tag for node, tag in tags if node == id}
        if of_node != set(elements(row["meta"])):
            return f"{id}: tags {of_node}, meta {row['meta']}"
    return None


def fuzz(execute, seed, steps, foreign_keys, recursive):
    """Returns how many statements of each name ran and how many were refused."""
    execute(f"PRAGMA foreign_keys = {int(foreign_keys)}")
    execute(f"PRAGMA recursive_triggers = {int(recursive)}")
    statements, model, counts = Statements(seed), Model(foreign_keys, recursive), {}
    for step in range(steps):
        name, sql, params, apply = statements.draw()
        before = read(execute)
        last = execute("SELECT ifnull(max(id), 0) FROM history")[0][0]
        wanted = model.copy()
        try:
            if apply:
                apply(wanted)
                wanted.check_foreign_keys()
            refused = False
        except Refused:
            refused, wanted = True, model
        try:
            execute(sql, params)
            failed = None
        except Exception as error:  # of sqlite3 or apsw
            failed = error
        after = read(execute)
        where = f"seed {seed}, step {step}, {name}: {sql} {params}\nbefore: {before}\nafter: {after}"
        if apply is None:
            wanted.nodes, wanted.edges, wanted.tags = after
        elif bool(failed) != refused:
            raise AssertionError(f"refused: {refused}, but {failed!r}\n{where}")
        if failed and "constraint" not in str(failed).lower():
            raise AssertionError(f"{failed!r}\n{where}")
        expected = (wanted.nodes, wanted.edges, wanted.tags)
        if comparable(*after) != comparable(*expected):
            raise AssertionError(f"expected: {expected}\n{where}")
        wanted.nodes, wanted.edges, wanted.tags = read(execute)
        # With a foreign key's CASCADE, what replaces a node may leave tags for a later statement.
        if fault := check_in_step(*after):
            raise AssertionError(f"{fault}\n{where}")
        rows = execute(
            "SELECT entity_type, entity_id, action, old_value, new_value FROM history"
            " WHERE id > ? ORDER BY id", (last,),
        )
        if fault := check_history(name, before, after, rows, recursive):
            raise AssertionError(f"{fault}\nrows: {rows}\n{where}")
        model = wanted
        key = (name, "refused" if failed else "done")
        counts[key] = counts.get(key, 0) + 1
    return counts


def main():
    seed, steps, foreign_keys, recursive = map(int, sys.argv[1:])
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(schema())
    counts = fuzz(
        lambda sql, params=(): connection.execute(sql, params).fetchall(),
        seed, steps, foreign_keys, recursive,
    )
    print(json.dumps({"version": sqlite3.sqlite_version, "statements": sum(counts.values())}))


if __name__ == "__main__":
    main()
