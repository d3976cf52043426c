"""Plain SQL on the same table: stepping all rows, and recursive common table expressions."""

import answers
from cases import HOPS_CAP
from client import Connection

from .base import Result
from .sqlite_base import SqliteEngine

# UNION keeps a node once for each depth; without it walks, not nodes, would be counted.
WALK = """
WITH RECURSIVE reach(node, depth) AS (
  VALUES (?1, 0)
  UNION
  SELECT e.target, r.depth + 1 FROM reach AS r JOIN edges AS e ON e.source = r.node
  WHERE r.depth < {depth}
  {limit}
)
SELECT node, min(depth) FROM reach GROUP BY node"""


class Sql(SqliteEngine):
    title = "SQL"
    settings = (
        "load: stepping SELECT source, target, rowid, NULL; walks: a recursive CTE with UNION; "
        f"capped: LIMIT {HOPS_CAP} inside, which counts a node once for each depth"
    )

    def open(self) -> None:
        self.kind = "t" if self.graph.text_ids else "i"

    def connect(self) -> Connection:
        return Connection(self.graph.table)

    def load(self, _: None) -> Result:
        """What vecgraph reads, looked at by a C program that does nothing with it."""
        sql = "SELECT source, target, rowid, NULL FROM edges"
        rows = self.connect().run(sql, f"{self.kind}{self.kind}i", keep=False)
        return rows.ms, [len(self.graph.content["ids"]), rows.count]

    def walk(self, node: int, depth: int, limit: str = "") -> Result:
        sql = WALK.format(depth=depth, limit=limit)
        rows = self.connect().run(sql, f"{self.kind}i", self.graph.id_of(node))
        return rows.ms, answers.hops(self.graph.numbers_of(rows[0]), rows[1])

    def two_hops(self, node: int) -> Result:
        return self.walk(node, 2)

    def four_hops(self, node: int) -> Result:
        return self.walk(node, 4)

    def four_hops_capped(self, node: int) -> Result:
        return self.walk(node, 4, f"LIMIT {HOPS_CAP}")

    def about(self) -> dict[str, str]:
        return {"version": self.connect().run("SELECT sqlite_version()", "t")[0][0]}
