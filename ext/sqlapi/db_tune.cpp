// db_tune(profile)         makes the settings of a profile, in the right order
// db_tune_check(profile)   compares the connection with a profile and changes nothing
//
//   SELECT db_tune('amalfa');
//   SELECT pragma, expected, actual, ok FROM db_tune_check('amalfa');
//
// db_tune returns a JSON array of {pragma, requested, actual, persistent, ok}, where `actual` is
// read back, and `error` where SQLite refused a setting. It is a scalar function that must be
// called without FROM: a table function holds a read transaction, in which the journal mode cannot
// change. DIRECTONLY, since it changes the connection.
#include <array>

#include "health/tune.h"
#include "sqlapi/db_arguments.h"
#include "sqlapi/db_rows.h"
#include "sqlapi/json_result.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

std::string ToJson(const std::vector<Tuned>& tuned) {
  std::string json = "[";
  for (const Tuned& one : tuned) {
    if (json.size() > 1) json += ',';
    json += "{\"pragma\":" + JsonText(one.setting->pragma) +
            ",\"requested\":" + JsonOf(one.setting->value()) + ",\"actual\":" + JsonOf(one.actual) +
            ",\"persistent\":" + (one.setting->persistent() ? "true" : "false") +
            ",\"ok\":" + (one.ok ? "true" : "false");
    if (!one.error.empty()) json += ",\"error\":" + JsonText(one.error);
    json += '}';
  }
  return json + "]";
}

void db_tune(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&]() -> Status {
    const Profile* profile = nullptr;
    Status status = ReadProfile("db_tune", argv[0], &profile);
    if (!status.ok()) return status;
    std::vector<Tuned> tuned;
    status = Tune(sqlite3_context_db_handle(ctx), *profile, &tuned);
    if (!status.ok()) return Within("db_tune", status);
    ResultJson(ctx, ToJson(tuned));
    return Status::Ok();
  });
}

struct TuneCheckSpec {
  static constexpr const char* kSchema =
      "CREATE TABLE x(pragma TEXT, expected, actual, ok INTEGER, profile HIDDEN)";
  static constexpr int kColumns = 4;
  static constexpr size_t kArguments = 1;
  static constexpr double kCost = 50;

  static Status Fill(const EponymousTable& table, std::span<const Value> given,
                     std::vector<CellRow>* rows) {
    if (!given[0]) {
      return Status::Error("db_tune_check: name a profile, as in db_tune_check('amalfa')");
    }
    const Profile* profile = nullptr;
    Status status = ReadProfile("db_tune_check", given[0].get(), &profile);
    if (!status.ok()) return status;
    std::vector<Tuned> tuned;
    status = CheckTuning(table.db, *profile, &tuned);
    if (!status.ok()) return Within("db_tune_check", status);
    for (const Tuned& one : tuned) {
      rows->push_back({std::string(one.setting->pragma), one.setting->value(),
                       one.error.empty() ? one.actual : Cell(one.error), int64_t{one.ok}});
    }
    return Status::Ok();
  }
};

constexpr std::array kFunctions{
    FunctionDef{.name = "db_tune",
                .args = 1,
                .flags = kDirect | SQLITE_RESULT_SUBTYPE,
                .shared = false,
                .scalar = db_tune},
};

}  // namespace

std::span<const FunctionDef> DbTuneFunctions() { return kFunctions; }

ModuleDef DbTuneCheckModule() {
  return {"db_tune_check", RowsTable<TuneCheckSpec>::Module(), false};
}

}  // namespace vecgraph
