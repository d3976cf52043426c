// graph_migrate([version]): applies the embedded migrations to the main schema.
//
//   SELECT graph_migrate();   -- {"applied":["0001_graph","0002_history"],"version":2}
//
// Tables of another program that it adopts add "adopted", the files of sql/adopt; what somebody
// should look at afterwards is in "notes", as sentences.
// `version` is the number of the last migration to apply; without it all are. It writes, so it is
// DIRECTONLY: no view or trigger of a database can call it. How it works: store/migrate.h.

#include <string>

#include "base/compat.h"
#include "base/sqlite.h"
#include "base/status.h"
#include "sqlapi/guard.h"
#include "sqlapi/json_result.h"
#include "sqlapi/registry.h"
#include "store/migrate.h"
#include "store/migrations.h"

namespace vecgraph {
namespace {

Status CheckVersion(sqlite3_value* value, int64_t last) {
  const bool integer = sqlite3_value_type(value) == SQLITE_INTEGER;
  const int64_t version = integer ? sqlite3_value_int64(value) : 0;
  if (version >= 1 && version <= last) return Status::Ok();
  const std::string text = integer ? std::to_string(version) : "something else";
  return Status::Error(Format("graph_migrate: version must be an integer from 1 to %lld, not %s",
                              static_cast<long long>(last), text.c_str()));
}

// Adds "key":["...",...]; the texts hold nothing that JSON would escape.
template <typename Texts>
void AppendList(const char* key, const Texts& texts, std::string* json) {
  json->append("\"").append(key).append("\":[");
  for (const auto& text : texts) {
    if (json->back() != '[') json->append(",");
    json->append("\"").append(text).append("\"");
  }
  json->append("]");
}

std::string ToJson(const Migrated& migrated) {
  std::string json = "{";
  if (!migrated.adopted.empty()) {
    AppendList("adopted", migrated.adopted, &json);
    json += ',';
  }
  AppendList("applied", migrated.applied, &json);
  json.append(",\"version\":").append(std::to_string(migrated.version));
  if (!migrated.notes.empty()) {
    json += ',';
    AppendList("notes", migrated.notes, &json);
  }
  return json + "}";
}

void graph_migrate(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  GuardFunction(ctx, [&]() -> Status {
    int64_t version = static_cast<int64_t>(EmbeddedMigrations().size());
    if (argc == 1) {
      Status status = CheckVersion(argv[0], version);
      if (!status.ok()) return status;
      version = sqlite3_value_int64(argv[0]);
    }
    Migrated migrated;
    const Status status = Migrate(sqlite3_context_db_handle(ctx), version, &migrated);
    if (!status.ok()) return Within("graph_migrate", status);
    ResultJson(ctx, ToJson(migrated));
    return Status::Ok();
  });
}

constexpr int kFlags = kDirect | SQLITE_RESULT_SUBTYPE;

constexpr FunctionDef kFunctions[] = {
    {.name = "graph_migrate", .args = 0, .flags = kFlags, .shared = false, .scalar = graph_migrate},
    {.name = "graph_migrate", .args = 1, .flags = kFlags, .shared = false, .scalar = graph_migrate},
};

}  // namespace

std::span<const FunctionDef> GraphMigrateFunctions() { return kFunctions; }

}  // namespace vecgraph
