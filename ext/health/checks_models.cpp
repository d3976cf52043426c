// What migration 0011_embeddings records: which model made the vectors of a column, and what each
// vector of a node was made from.
#include <array>

#include "health/check.h"

namespace vecgraph {
namespace {

const TableInfo* ModelsOf(const Examined& at) {
  return at.Table("embedding_models", {"table_name", "column_name", "model", "dims"});
}

Status CheckModels(Examined* at) {
  const TableInfo* models = ModelsOf(*at);
  if (!models) return Status::Ok();
  std::string missing;
  int64_t rows = 0;
  Status status = ForEachRow(at->db,
                             "SELECT m.table_name || '.' || m.column_name, EXISTS (SELECT 1 FROM "
                             "pragma_table_xinfo(m.table_name, ?1) AS c WHERE lower(c.name) = "
                             "lower(m.column_name)) FROM " +
                                 models->Quoted() + " AS m ORDER BY 1",
                             {at->schema}, [&](const Statement& row) {
                               ++rows;
                               if (row.Int(1) == 0)
                                 missing += (missing.empty() ? "" : ", ") + row.Text(0);
                             });
  if (!status.ok() || rows == 0) return status;
  if (missing.empty()) {
    at->Add("embedding_models", Level::kOk, rows);
  } else {
    at->Add("embedding_models", Level::kWarn, missing, std::string("columns that there are"),
            "this table names columns that are not there: UPDATE or DELETE these rows");
  }
  return Status::Ok();
}

// Counts with the rules of the view nodes_to_embed, which a stranger's schema could have replaced.
Status CheckStale(Examined* at) {
  const TableInfo* models = ModelsOf(*at);
  const TableInfo* made = at->Table("node_embeddings", {"node_id", "model", "hash"});
  const TableInfo* nodes = at->Table("nodes", {"id", "hash", "embedding"});
  if (!models || !made || !nodes) return Status::Ok();
  int64_t by_model = 0;
  int64_t by_content = 0;
  Status status = ForEachRow(
      at->db,
      "WITH m(model) AS (SELECT max(model) FROM " + models->Quoted() +
          " WHERE lower(table_name) = 'nodes' AND lower(column_name) = 'embedding') "
          "SELECT ifnull(sum(e.model <> m.model), 0), "
          "ifnull(sum((e.model <> m.model) IS NOT 1 AND e.hash IS NOT n.hash), 0) FROM " +
          made->Quoted() + " AS e JOIN " + nodes->Quoted() +
          " AS n ON n.id = e.node_id CROSS JOIN m WHERE n.embedding IS NOT NULL",
      {}, [&](const Statement& row) {
        by_model = row.Int(0);
        by_content = row.Int(1);
      });
  if (!status.ok()) return status;
  const Level level = by_model > 0 ? Level::kWarn : by_content > 0 ? Level::kInfo : Level::kOk;
  at->Add("stale_embeddings", level,
          Format("%lld by another model, %lld from another text", static_cast<long long>(by_model),
                 static_cast<long long>(by_content)),
          std::string("0"),
          level == Level::kOk ? "" : "SELECT * FROM nodes_to_embed lists them: embed them again");
  return Status::Ok();
}

}  // namespace

std::span<const Check> ModelChecks() {
  static constexpr std::array kChecks{
      Check{"embedding_models", Scope::kRead, CheckModels},
      Check{"stale_embeddings", Scope::kWhole, CheckStale},
  };
  return kChecks;
}

}  // namespace vecgraph
