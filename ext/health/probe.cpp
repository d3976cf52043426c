#include "health/probe.h"

#include <array>

#include "health/query.h"
#include "health/tune.h"

namespace vecgraph {
namespace {

Status WriteAndRead(sqlite3* db) {
  constexpr std::array kWrites{
      "CREATE TABLE IF NOT EXISTS main._health (id INTEGER PRIMARY KEY, ts TEXT)",
      "INSERT INTO main._health (ts) VALUES (datetime('now'))",
      "DELETE FROM main._health WHERE id NOT IN "
      "(SELECT id FROM main._health ORDER BY id DESC LIMIT 10)",
  };
  for (const char* sql : kWrites) {
    Status status = Run(db, sql);
    if (!status.ok()) return status;
  }
  int64_t fresh = 0;
  Status status =
      ReadInt(db, "SELECT max(ts) >= datetime('now', '-1 minute') FROM main._health", {}, &fresh);
  if (status.ok() && fresh == 0) return Status::Error("the row that was written did not come back");
  return status;
}

}  // namespace

Status Probe(sqlite3* db, std::string* journal_mode) {
  Cell mode;
  Status status = ReadPragma(db, "main", "journal_mode", &mode);
  if (!status.ok()) return status;
  *journal_mode = TextOf(mode);
  // IMMEDIATE waits for another writer; inside a transaction there is nothing to wait for.
  const bool outer = !sqlite3_get_autocommit(db);
  status = Run(db, outer ? "SAVEPOINT _health" : "BEGIN IMMEDIATE");
  if (!status.ok()) return status;
  status = WriteAndRead(db);
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
