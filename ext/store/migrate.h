// The migration runner: brings the store in the main schema to a version, all or nothing.
//
// The ledger is the table _graph_migrations, a row per applied migration. Each migration writes its
// own row, so that the plain shell keeps the same ledger; the runner adds checksum and date.
// Errors are sentences without the name of the SQL function, which the caller puts before them.
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"

namespace vecgraph {

struct LedgerRow {
  std::string name;
  std::string sha256;  // empty: applied by the shell and not yet recorded
};

// What the ledger of the main schema says, by name; no rows if there is no ledger.
Status ReadLedger(sqlite3* db, std::vector<LedgerRow>* rows);

struct Migrated {
  std::vector<std::string_view> adopted;  // the files of sql/adopt that this run applied
  std::vector<std::string_view> applied;  // the migrations that this run applied
  int64_t version = 0;                    // the number of the last applied migration
  std::vector<std::string> notes;         // what somebody should look at; free of JSON's escapes
};

// Applies what is missing up to migration number `version`, after adopting tables of other
// programs, and fills in the checksums of what the shell applied. On failure nothing has changed
// and a transaction of the application is still open. REQUIRES: 1 <= version <=
// EmbeddedMigrations().size(), and called from within an SQL function.
Status Migrate(sqlite3* db, int64_t version, Migrated* result);

}  // namespace vecgraph
