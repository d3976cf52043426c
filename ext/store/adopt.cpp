#include "store/adopt.h"

#include "base/statement.h"
#include "store/migrations.h"
#include "store/obstacles.h"

namespace vecgraph {
namespace {

// The name of the check with which every file of sql/adopt begins.
constexpr std::string_view kOtherShape = "this_is_not_the_shape_of_";

// What the files of sql/adopt make again or drop.
constexpr std::string_view kKnown[] = {"idx_edges_source", "idx_edges_target", "nodes_ai",
                                       "nodes_ad", "nodes_au"};

// Runs one file; *fits is false if its check says that the tables have another shape, and then
// nothing has changed.
Status Try(sqlite3* db, const EmbeddedMigration& file, Transaction* transaction, bool* fits) {
  *fits = true;
  Status status = Execute(db, "SAVEPOINT _graph_adopt");
  if (!status.ok()) return status;
  status = RunScript(db, file.sql, transaction);
  if (!status.ok()) {
    if (status.message().find(kOtherShape) == std::string::npos) return Within(file.name, status);
    *fits = false;
    status = Execute(db, "ROLLBACK TO _graph_adopt");
  }
  if (status.ok()) status = Execute(db, "RELEASE _graph_adopt");
  return status;
}

// The columns of nodes and edges, as they are, for an error.
Status Found(sqlite3* db, std::string* text) {
  Statement statement;
  Status status = statement.Prepare(
      db,
      "SELECT group_concat(t, ' and ') FROM (SELECT m.name || '(' || group_concat(c.name || ' ' ||"
      " c.type || CASE WHEN c.\"notnull\" THEN ' NOT NULL' ELSE '' END ||"
      " CASE WHEN c.pk THEN ' KEY' ELSE '' END, ', ') || ')' AS t"
      " FROM main.sqlite_master AS m JOIN pragma_table_xinfo(m.name, 'main') AS c"
      " WHERE m.type = 'table' AND lower(m.name) IN ('nodes', 'edges') GROUP BY m.name)");
  if (!status.ok()) return status;
  const int code = statement.Step();
  if (code != SQLITE_ROW) return DatabaseError(db, code);
  *text = statement.Text(0);
  return Status::Ok();
}

struct Note {
  const char* table;  // must be there
  const char* count;  // a note if this is not 0
  const char* text;   // after the number
};

constexpr Note kNotes[] = {
    {"edges_quarantine", "SELECT count(*) FROM main.edges_quarantine",
     " edges without a node at an end are in edges_quarantine, with the reason"},
    {"legacy_content", "SELECT count(*) FROM main.legacy_content",
     " texts of the column content are in legacy_content"},
    {"legacy_nodes", "SELECT count(*) FROM main.legacy_nodes",
     " nodes without an id are in legacy_nodes"},
    {"legacy_edges", "SELECT count(*) FROM main.legacy_edges",
     " edges without a source, a target or a type are in legacy_edges"},
    {"nodes",
     "SELECT coalesce(sum(n), 0) FROM"
     " (SELECT count(*) AS n FROM main.nodes WHERE typeof(id) = 'text'"
     " GROUP BY lower(id) HAVING count(*) > 1)",
     " ids differ from another only by case: SELECT group_concat(id) FROM nodes GROUP BY lower(id)"
     " HAVING count(*) > 1"},
};

}  // namespace

Status Adopt(sqlite3* db, Transaction* transaction, std::vector<std::string_view>* adopted) {
  std::string type;
  Status status = FindObject(db, "main", "nodes", &type);
  if (!status.ok() || type != "table") return status;
  // Asked before a table is dropped, told only if the shape is one that can be adopted.
  Status lost;
  for (const char* table : {"nodes", "edges"}) {
    if (lost.ok()) lost = CheckRebuilt(db, table, "adoption", kKnown);
  }
  for (const EmbeddedMigration& file : EmbeddedAdoptions()) {
    bool fits = false;
    status = Try(db, file, transaction, &fits);
    if (!lost.ok() && (fits || !status.ok())) return lost;
    if (!status.ok()) return status;
    if (fits) adopted->push_back(file.name);
  }
  // The last that fits writes the ledger.
  status = FindObject(db, "main", kLedgerTable, &type);
  if (!status.ok()) return status;
  Statement recorded;
  if (!type.empty()) {
    status = recorded.Prepare(db, "SELECT 1 FROM main._graph_migrations");
    if (!status.ok()) return status;
    const int code = recorded.Step();
    if (code == SQLITE_ROW) return Status::Ok();
    if (code != SQLITE_DONE) return DatabaseError(db, code);
  }
  std::string found;
  status = Found(db, &found);
  if (!status.ok()) return status;
  return Status::Error(
      "the database has a table nodes that no recorded migration made, and its shape is none that "
      "can be adopted. Expected are nodes(id, type, title, domain, layer, embedding, hash, meta, "
      "date), with content or summary or without, and edges(source, target, type, confidence, "
      "veracity, context_source), as Drizzle's migrations 0000 to 0002 or the versions 1 to 9 "
      "before them made these (sql/adopt has each exactly). Found: " +
      found + (adopted->empty() ? "" : ", after " + std::string(adopted->back())) +
      ". Rename these tables and copy their rows afterwards, or use another database file");
}

Status Notes(sqlite3* db, std::vector<std::string>* notes) {
  for (const Note& note : kNotes) {
    std::string type;
    Status status = FindObject(db, "main", note.table, &type);
    if (!status.ok()) return status;
    if (type != "table") continue;
    Statement statement;
    status = statement.Prepare(db, note.count);
    if (!status.ok()) return status;
    const int code = statement.Step();
    if (code != SQLITE_ROW) return DatabaseError(db, code);
    if (statement.Int(0) != 0) notes->push_back(statement.Text(0) + note.text);
  }
  return Status::Ok();
}

}  // namespace vecgraph
