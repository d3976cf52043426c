// The store's own tables: the ledger of migrations and the history.
#include <algorithm>
#include <array>

#include "health/check.h"
#include "health/sample.h"

namespace vecgraph {
namespace {

constexpr int64_t kMuchHistory = 10;  // rows for each node and edge
constexpr int64_t kFewRows = 10000;

struct LedgerLine {
  std::string name;
  std::string sha256;
};

Status CheckMigrations(Examined* at) {
  if (at->schema != "main") return Status::Ok();
  const TableInfo* ledger = at->Table("_graph_migrations", {"name", "sha256"});
  if (!ledger) return Status::Ok();
  std::vector<LedgerLine> lines;
  Status status =
      ForEachRow(at->db, "SELECT name, sha256 FROM " + ledger->Quoted() + " ORDER BY name", {},
                 [&](const Statement& row) {
                   lines.push_back({row.Text(0), row.Text(1)});
                 });
  if (!status.ok()) return status;
  const std::vector<KnownMigration>& known = at->options->migrations;
  const auto find = [&](const std::string& name) {
    return std::ranges::find_if(known, [&](const KnownMigration& m) { return m.name == name; });
  };
  int64_t unknown = 0;
  std::string changed;
  for (const LedgerLine& line : lines) {
    const auto found = find(line.name);
    if (found == known.end()) {
      ++unknown;
    } else if (!line.sha256.empty() && line.sha256 != found->sha256) {
      changed += (changed.empty() ? "" : ", ") + line.name;
    }
  }
  const auto count = static_cast<int64_t>(lines.size());
  const int64_t missing = static_cast<int64_t>(known.size()) - (count - unknown);
  const std::string value = Format("%lld of %lld", static_cast<long long>(count - unknown),
                                   static_cast<long long>(known.size()));
  Level level = Level::kOk;
  std::string advice;
  if (!changed.empty()) {
    level = Level::kError;
    advice = "applied with another text than this library has: " + changed;
  } else if (unknown > 0) {
    level = Level::kWarn;
    advice = Format("%lld are of a newer vecgraph: load that one", static_cast<long long>(unknown));
  } else if (missing > 0) {
    level = Level::kWarn;
    advice = "SELECT graph_migrate() applies the rest, after a backup";
  }
  at->Add("migrations", level, value, {}, advice);
  return Status::Ok();
}

Status CheckHistory(Examined* at) {
  const TableInfo* history = at->Table("history", {"entity_type", "entity_id", "action"});
  if (!history) return Status::Ok();
  int64_t rows = 0;
  Status status = EstimateRows(at->db, *history, &rows);
  if (!status.ok()) return status;
  int64_t entities = 0;
  for (const char* name : {"nodes", "edges"}) {
    const TableInfo* table = at->Table(name, {});
    int64_t count = 0;
    if (table) status = EstimateRows(at->db, *table, &count);
    if (!status.ok()) return status;
    entities += std::max<int64_t>(0, count);
  }
  const bool much = rows > kFewRows && rows > kMuchHistory * entities;
  at->Add("history", much ? Level::kWarn : Level::kOk, rows,
          std::string("at most 10 for each node and edge"),
          much ? "history outgrows what it is the history of: prune the oldest rows" : "");
  return Status::Ok();
}

}  // namespace

std::span<const Check> StoreChecks() {
  static constexpr std::array kChecks{
      Check{"migrations", Scope::kRead, CheckMigrations},
      Check{"history", Scope::kRead, CheckHistory},
  };
  return kChecks;
}

}  // namespace vecgraph
