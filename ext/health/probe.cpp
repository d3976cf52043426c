#include "health/probe.h"

#include <array>

#include "health/query.h"
#include "health/tune.h"

namespace vecgraph {
namespace {

constexpr const char* kCreate = "CREATE TABLE main._health (id INTEGER PRIMARY KEY, ts TEXT)";
constexpr std::array kWrites{
    "INSERT INTO main._health (ts) VALUES (datetime('now'))",
    "DELETE FROM main._health WHERE id NOT IN "
    "(SELECT id FROM main._health ORDER BY id DESC LIMIT 10)",
};

Status WriteAndRead(sqlite3* db, bool create) {
  Status status = create ? Run(db, kCreate) : Status::Ok();
  for (const char* sql : kWrites) {
    if (status.ok()) status = Run(db, sql);
  }
  int64_t fresh = 0;
  if (status.ok()) {
    status =
        ReadInt(db, "SELECT max(ts) >= datetime('now', '-1 minute') FROM main._health", {}, &fresh);
  }
  if (status.ok() && fresh == 0) return Status::Error("the row that was written did not come back");
  return status;
}

}  // namespace

Status Probe(sqlite3* db, std::string* journal_mode) {
  Cell mode;
  Status status = ReadPragma(db, "main", "journal_mode", &mode);
  if (!status.ok()) return status;
  *journal_mode = TextOf(mode);
  int64_t tables = 0;
  status = ReadInt(db, "SELECT count(*) FROM main.sqlite_master WHERE lower(name) = '_health'", {},
                   &tables);
  if (!status.ok()) return status;
  // Not IMMEDIATE, which would lock attached databases too. The first statement is one that writes,
  // so that it waits for another writer and reads nothing that could be too old by then.
  const bool outer = !sqlite3_get_autocommit(db);
  status = Run(db, outer ? "SAVEPOINT _health" : "BEGIN");
  if (!status.ok()) return status;
  status = WriteAndRead(db, tables == 0);
  if (status.ok()) status = Run(db, outer ? "RELEASE _health" : "COMMIT");
  if (status.ok()) return status;
  if (!sqlite3_get_autocommit(db)) {
    // The first error is the one to tell.
    Status undone = Run(db, outer ? "ROLLBACK TO _health" : "ROLLBACK");
    if (outer && undone.ok()) undone = Run(db, "RELEASE _health");
    (void)undone.ok();
  }
  return status;
}

}  // namespace vecgraph
