// db_probe()   writes a row and reads it back
//
//   SELECT db_probe();   -- {"status":"Healthy","mode":"wal"}
//
// The row goes into the table _health, which keeps the last ten. It writes, so it is DIRECTONLY.
#include "health/probe.h"

#include <array>

#include "health/cell.h"
#include "sqlapi/guard.h"
#include "sqlapi/json_result.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

void db_probe(sqlite3_context* ctx, int, sqlite3_value**) {
  GuardFunction(ctx, [&]() -> Status {
    std::string mode;
    Status status = Probe(sqlite3_context_db_handle(ctx), &mode);
    if (!status.ok()) return Within("db_probe", status);
    ResultJson(ctx, "{\"status\":\"Healthy\",\"mode\":" + JsonText(mode) + "}");
    return Status::Ok();
  });
}

constexpr std::array kFunctions{
    FunctionDef{.name = "db_probe",
                .args = 0,
                .flags = kDirect | SQLITE_RESULT_SUBTYPE,
                .shared = false,
                .scalar = db_probe},
};

}  // namespace

std::span<const FunctionDef> DbProbeFunctions() { return kFunctions; }

}  // namespace vecgraph
