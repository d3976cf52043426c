// db_health([profile [, full]])        what is wrong with the databases of this connection, and
// what
//                                      to do: a row per finding, worst first
// db_health_json([profile [, full]])   the same as one JSON object, for monitors
//
//   SELECT "check", status, value, advice FROM db_health WHERE status IN ('error', 'warn');
//
//   check      what was looked at; of an attached database with its name before
//   status     error, warn, info or ok
//   value      what was found
//   expected   what should be; NULL: nothing in particular
//   advice     what to do; NULL: nothing
//
// profile: the settings to compare with, 'amalfa' unless given. full: 1 reads every table whatever
// its size; otherwise a database above 64 MB is sampled, which its rows say. Neither writes, makes
// a checkpoint, or opens the file again. Interrupts and progress handlers work as in any query. Not
// INNOCUOUS, since it reads tables that its text does not name; db_health_json is DIRECTONLY.
#include <array>

#include "health/report.h"
#include "kernel/kernels.h"
#include "sqlapi/connection.h"
#include "sqlapi/db_arguments.h"
#include "sqlapi/db_rows.h"
#include "sqlapi/json_result.h"
#include "sqlapi/registry.h"
#include "store/migrations.h"

namespace vecgraph {
namespace {

// Reads the arguments that are given; a null pointer or NULL is none.
Status ReadOptions(const char* function, const Connection& connection, sqlite3_value* profile,
                   sqlite3_value* full, HealthOptions* options) {
  const auto given = [](sqlite3_value* value) {
    return value && sqlite3_value_type(value) != SQLITE_NULL;
  };
  Status status = given(profile) ? ReadProfile(function, profile, &options->profile)
                                 : FindProfile("amalfa", &options->profile);
  if (!status.ok()) return status;
  if (given(full)) {
    const int64_t number = sqlite3_value_int64(full);
    if (sqlite3_value_type(full) != SQLITE_INTEGER || number < 0 || number > 1) {
      return Status::Error(std::string(function) + ": full must be 0 or 1");
    }
    options->full = number == 1;
  }
  options->kernel = connection.kernel;
  for (const EmbeddedMigration& migration : EmbeddedMigrations()) {
    options->migrations.push_back({migration.name, migration.sha256});
  }
  return Status::Ok();
}

Cell AdviceOf(const Finding& finding) {
  return finding.advice.empty() ? Cell() : Cell(finding.advice);
}

struct HealthSpec {
  static constexpr const char* kSchema =
      "CREATE TABLE x(\"check\" TEXT, status TEXT, value, expected, advice TEXT, profile HIDDEN, "
      "full HIDDEN)";
  static constexpr int kColumns = 5;
  static constexpr size_t kArguments = 2;
  static constexpr double kCost = 1e6;

  static Status Fill(const EponymousTable& table, std::span<const Value> given,
                     std::vector<CellRow>* rows) {
    HealthOptions options;
    std::vector<Finding> findings;
    Status status = ReadOptions("db_health", *static_cast<Connection*>(table.user), given[0].get(),
                                given[1].get(), &options);
    if (status.ok()) status = Within("db_health", ReadHealth(table.db, options, &findings));
    for (Finding& finding : findings) {
      rows->push_back({std::move(finding.check), std::string(NameOf(finding.level)),
                       std::move(finding.value), std::move(finding.expected), AdviceOf(finding)});
    }
    return status;
  }
};

std::string ToJson(const HealthOptions& options, const std::vector<Finding>& findings) {
  const Level worst = findings.empty() ? Level::kOk : findings.front().level;
  std::array<int, 4> counts{};
  std::string checks;
  for (const Finding& finding : findings) {
    ++counts[static_cast<size_t>(finding.level)];
    if (!checks.empty()) checks += ',';
    checks.append("{\"check\":").append(JsonText(finding.check));
    checks.append(",\"status\":").append(JsonText(NameOf(finding.level)));
    checks.append(",\"value\":").append(JsonOf(finding.value));
    checks.append(",\"expected\":").append(JsonOf(finding.expected));
    checks.append(",\"advice\":").append(JsonOf(AdviceOf(finding))).append("}");
  }
  return std::string("{\"status\":\"") + NameOf(worst) +
         "\",\"profile\":" + JsonText(options.profile->name) +
         Format(",\"error\":%d,\"warn\":%d,\"info\":%d,\"ok\":%d", counts[0], counts[1], counts[2],
                counts[3]) +
         ",\"checks\":[" + checks + "]}";
}

void db_health_json(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  GuardFunction(ctx, [&]() -> Status {
    HealthOptions options;
    std::vector<Finding> findings;
    Status status = ReadOptions("db_health_json", ConnectionOf(ctx), argc > 0 ? argv[0] : nullptr,
                                argc > 1 ? argv[1] : nullptr, &options);
    if (status.ok()) {
      status =
          Within("db_health_json", ReadHealth(sqlite3_context_db_handle(ctx), options, &findings));
    }
    if (status.ok()) ResultJson(ctx, ToJson(options, findings));
    return status;
  });
}

constexpr FunctionDef Json(int args) {
  return {.name = "db_health_json",
          .args = args,
          .flags = kDirect | SQLITE_RESULT_SUBTYPE,
          .shared = false,
          .scalar = db_health_json};
}

constexpr std::array kFunctions{Json(0), Json(1), Json(2)};

}  // namespace

std::span<const FunctionDef> DbHealthFunctions() { return kFunctions; }

ModuleDef DbHealthModule() { return {"db_health", RowsTable<HealthSpec>::Module(), false}; }

}  // namespace vecgraph
