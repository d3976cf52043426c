// db_checkpoint(mode)   copies the WAL of the main database into its file
//
//   SELECT db_checkpoint('truncate');
//
// mode: passive (copies what it can, waits for nobody), full, restart, truncate (waits for readers
// and empties the WAL). The JSON says what SQLite said (busy, log, checkpointed; -1: no WAL) and
// the bytes of both files before and after. It writes, so it is DIRECTONLY.
#include "health/checkpoint.h"

#include <array>

#include "health/cell.h"
#include "sqlapi/db_arguments.h"
#include "sqlapi/guard.h"
#include "sqlapi/json_result.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

std::string ToJson(const Checkpointed& done) {
  const auto field = [](const char* name, int64_t value) {
    return ",\"" + std::string(name) + "\":" + std::to_string(value);
  };
  return "{\"journal_mode\":" + JsonText(done.journal_mode) + field("busy", done.busy ? 1 : 0) +
         field("log", done.log) + field("checkpointed", done.checkpointed) +
         field("wal_before", done.wal_before) + field("wal_after", done.wal_after) +
         field("file_before", done.file_before) + field("file_after", done.file_after) + "}";
}

void db_checkpoint(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&]() -> Status {
    std::string mode;
    Status status = ReadWord("db_checkpoint", "the mode", argv[0], &mode);
    if (!status.ok()) return status;
    Checkpointed done;
    status = Checkpoint(sqlite3_context_db_handle(ctx), mode, &done);
    if (!status.ok()) return Within("db_checkpoint", status);
    ResultJson(ctx, ToJson(done));
    return Status::Ok();
  });
}

constexpr int kFlags = kDirect | SQLITE_RESULT_SUBTYPE;

constexpr std::array kFunctions{
    FunctionDef{.name = "db_checkpoint",
                .args = 1,
                .flags = kFlags,
                .shared = false,
                .scalar = db_checkpoint},
};

}  // namespace

std::span<const FunctionDef> DbCheckpointFunctions() { return kFunctions; }

}  // namespace vecgraph
