// A checkpoint of the main database, with what it did.
//
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/sqlite.h"
#include "base/status.h"

namespace vecgraph {

struct Checkpointed {
  std::string journal_mode;
  bool busy = false;  // another connection kept it from finishing
  int log = -1;       // frames in the WAL; -1 if there is no WAL
  int checkpointed = -1;
  int64_t wal_before = -1;  // bytes; -1 if there is no WAL
  int64_t wal_after = -1;
  int64_t file_before = -1;
  int64_t file_after = -1;
};

// `mode` is passive, full, restart or truncate. Refused where SQLite would answer LOCKED: inside a
// transaction or while a statement of this connection reads.
Status Checkpoint(sqlite3* db, std::string_view mode, Checkpointed* result);

}  // namespace vecgraph
