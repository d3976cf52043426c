#include "health/checkpoint.h"

#include <array>
#include <utility>

#include "base/name.h"
#include "health/file.h"
#include "health/query.h"
#include "health/tune.h"

namespace vecgraph {
namespace {

Status FindMode(std::string_view name, int* mode) {
  constexpr std::array<std::pair<std::string_view, int>, 4> kModes{{
      {"passive", SQLITE_CHECKPOINT_PASSIVE},
      {"full", SQLITE_CHECKPOINT_FULL},
      {"restart", SQLITE_CHECKPOINT_RESTART},
      {"truncate", SQLITE_CHECKPOINT_TRUNCATE},
  }};
  for (const auto& [text, value] : kModes) {
    if (!SameName(text, name)) continue;
    *mode = value;
    return Status::Ok();
  }
  return Status::Error(Format("no mode '%.*s' (there are passive, full, restart, truncate)",
                              static_cast<int>(name.size()), name.data()));
}

}  // namespace

Status Checkpoint(sqlite3* db, std::string_view mode_name, Checkpointed* result) {
  int mode = 0;
  Status status = FindMode(mode_name, &mode);
  if (status.ok()) status = CheckIdle(db, "SELECT db_checkpoint(mode)");
  if (!status.ok()) return status;
  // SQLite would try to write and call it an I/O error.
  if (sqlite3_db_readonly(db, "main") == 1) {
    return Status::Code(SQLITE_READONLY,
                        "this connection is read-only: a connection that writes must do it");
  }
  // Reading the schema opens the WAL, so that its size can be asked for.
  Cell cell;
  status = ReadPragma(db, "main", "schema_version", &cell);
  if (status.ok()) status = ReadPragma(db, "main", "journal_mode", &cell);
  if (!status.ok()) return status;
  result->journal_mode = TextOf(cell);
  const bool wal = result->journal_mode == "wal";
  result->file_before = LookAtFile(db, "main").bytes;
  if (wal) result->wal_before = WalBytes(db, "main");
  const int rc = sqlite3_wal_checkpoint_v2(db, "main", mode, &result->log, &result->checkpointed);
  // As the pragma does: busy is an answer.
  result->busy = (rc & 0xff) == SQLITE_BUSY;
  if (rc != SQLITE_OK && !result->busy) return DatabaseError(db, rc);
  result->file_after = LookAtFile(db, "main").bytes;
  if (wal) result->wal_after = WalBytes(db, "main");
  return Status::Ok();
}

}  // namespace vecgraph
