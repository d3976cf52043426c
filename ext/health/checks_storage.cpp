// Pages: size, free ones, filling, and whether they are sound.
#include <algorithm>
#include <array>

#include "health/check.h"
#include "health/stats.h"

namespace vecgraph {
namespace {

constexpr int64_t kNotable = 1 << 20;  // what is lost below that is not worth a word
constexpr int64_t kMostFree = 20;      // percent
constexpr int64_t kMostSparse = 40;

Status ReadNumber(Examined* at, const char* pragma, int64_t* value) {
  return ReadInt(at->db, "PRAGMA " + QuoteName(at->schema) + "." + pragma, {}, value);
}

Status CheckSize(Examined* at) {
  at->Add("size", Level::kOk, at->pages * at->page_size);
  at->Add("page_size", Level::kOk, at->page_size);
  return Status::Ok();
}

Status CheckHeader(Examined* at) {
  for (const char* pragma : {"schema_version", "user_version", "application_id"}) {
    int64_t value = 0;
    Status status = ReadNumber(at, pragma, &value);
    if (!status.ok()) return status;
    at->Add(pragma, Level::kOk, value);
  }
  Cell encoding;
  Status status = ReadCell(at->db, "PRAGMA " + QuoteName(at->schema) + ".encoding", {}, &encoding);
  if (!status.ok()) return status;
  const bool utf8 = TextOf(encoding) == "UTF-8";
  at->Add("encoding", utf8 ? Level::kOk : Level::kWarn, encoding, std::string("UTF-8"),
          utf8 ? ""
               : "every text is converted when it is read: write a new database with "
                 "PRAGMA encoding = 'UTF-8' and copy the rows");
  return Status::Ok();
}

Status CheckFreelist(Examined* at) {
  int64_t free = 0;
  Status status = ReadNumber(at, "freelist_count", &free);
  if (!status.ok()) return status;
  const bool much = free * 100 > at->pages * kMostFree && free * at->page_size >= kNotable;
  at->Add("freelist", much ? Level::kWarn : Level::kOk,
          Format("%lld of %lld pages are free", static_cast<long long>(free),
                 static_cast<long long>(at->pages)),
          std::string("at most 20 percent"),
          much ? "VACUUM gives them back, if they will not be filled again soon" : "");
  int64_t mode = 0;
  status = ReadNumber(at, "auto_vacuum", &mode);
  if (!status.ok()) return status;
  at->Add("auto_vacuum", Level::kOk, mode);
  return Status::Ok();
}

// Pages that a table or index would not need if its leaves were full. What a wide row leaves empty
// is not counted: no VACUUM mends that.
int64_t SparsePages(const TreePages& tree, int64_t page_size) {
  if (tree.leaf_cells == 0) return 0;
  const int64_t cell = tree.leaf_payload / tree.leaf_cells + 8;  // with its header and pointer
  const int64_t fit = std::max<int64_t>(1, (page_size - 8) / cell);
  return std::max<int64_t>(0, tree.leaves - (tree.leaf_cells + fit - 1) / fit);
}

Status CheckFragmentation(Examined* at) {
  if (!at->dbstat) return Status::Ok();
  std::map<std::string, TreePages> trees;
  Status status = ReadTrees(at->db, at->schema, &trees);
  if (!status.ok()) return status;
  int64_t sparse = 0;
  int64_t used = 0;
  for (const auto& [name, tree] : trees) {
    sparse += SparsePages(tree, at->page_size);
    used += tree.pages;
  }
  const bool much = sparse * 100 > used * kMostSparse && sparse * at->page_size >= kNotable;
  at->Add("fragmentation", much ? Level::kWarn : Level::kOk,
          Format("%lld of %lld pages could be saved", static_cast<long long>(sparse),
                 static_cast<long long>(used)),
          std::string("at most 40 percent"), much ? "VACUUM packs them" : "");
  return Status::Ok();
}

Status CheckIntegrity(Examined* at) {
  constexpr int kShown = 5;
  std::vector<std::string> faults;
  Status status = ForEachRow(
      at->db, "PRAGMA " + QuoteName(at->schema) + ".quick_check(" + std::to_string(kShown) + ")",
      {}, [&](const Statement& row) {
        if (row.Text(0) != "ok") faults.push_back(row.Text(0));
      });
  // A damaged root page ends the check itself.
  if (IsDamage(status.code())) {
    faults.push_back(status.message());
  } else if (!status.ok()) {
    return status;
  }
  std::string text;
  for (const std::string& fault : faults) text += (text.empty() ? "" : "\n") + fault;
  at->Add("integrity", faults.empty() ? Level::kOk : Level::kError,
          faults.empty() ? std::string("ok") : text, std::string("ok"),
          faults.empty()
              ? ""
              : "restore a backup, or save what can be read with .recover of the sqlite3 "
                "shell; a damaged index alone: REINDEX");
  return Status::Ok();
}

}  // namespace

std::span<const Check> StorageChecks() {
  static constexpr std::array kChecks{
      Check{"size", Scope::kRead, CheckSize},
      Check{"header", Scope::kRead, CheckHeader},
      Check{"freelist", Scope::kRead, CheckFreelist},
      Check{"integrity", Scope::kWhole, CheckIntegrity},
      Check{"fragmentation", Scope::kWhole, CheckFragmentation},
  };
  return kChecks;
}

}  // namespace vecgraph
