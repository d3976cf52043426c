#include "health/embedding_column.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/name.h"
#include "base/value.h"
#include "health/sample.h"

namespace vecgraph {
namespace {

constexpr int64_t kRowsToLookAt = 64;

bool IsUsualFloat(float value) {
  const float size = std::abs(value);
  return size == 0 || !std::isfinite(value) || (size >= 1e-12F && size <= 1e12F);
}

// How many of the floats of a blob are of a usual size; one that holds no whole floats has none.
void CountFloats(std::string_view blob, int64_t* usual, int64_t* all) {
  const size_t floats = blob.size() / sizeof(float);
  *all += static_cast<int64_t>(floats) + 1;
  if (blob.size() % sizeof(float) != 0) return;
  ++*usual;
  for (size_t i = 0; i < floats; ++i) {
    float value;
    std::memcpy(&value, blob.data() + i * sizeof value, sizeof value);
    *usual += IsUsualFloat(value) ? 1 : 0;
  }
}

}  // namespace

Status ListEmbeddingColumns(const Examined& at, std::vector<EmbeddingColumn>* columns) {
  for (const TableInfo& table : at.tables) {
    for (const std::string& name : table.embeddings) columns->push_back({&table, name, {}, 0});
  }
  const TableInfo* models =
      at.Table("embedding_models", {"table_name", "column_name", "model", "dims"});
  if (!models) return Status::Ok();
  return ForEachRow(
      at.db,
      "SELECT table_name, column_name, model, dims FROM " + models->Quoted() +
          " WHERE typeof(dims) = 'integer' AND dims > 0",
      {}, [&](const Statement& row) {
        const TableInfo* const table = at.Table(row.Text(0), {});
        if (!table) return;
        const auto spelled = std::ranges::find_if(
            table->columns, [&](const std::string& other) { return SameName(other, row.Text(1)); });
        if (spelled == table->columns.end()) return;
        auto column = std::ranges::find_if(*columns, [&](const EmbeddingColumn& other) {
          return other.table == table && other.name == *spelled;
        });
        if (column == columns->end()) {
          column = columns->insert(column, {table, *spelled, {}, 0});
        }
        column->model = row.Text(2);
        column->dims = row.Int(3);
      });
}

Source WholeColumn(const EmbeddingColumn& column) {
  Source source;
  source.kind = column.table->rowid.empty() ? Source::Kind::kKeyed : Source::Kind::kTable;
  source.schema = column.table->schema;
  source.name = column.table->name;
  source.column = column.name;
  source.rowid = column.table->rowid;
  if (source.rowid.empty()) source.id = column.name;  // it must have one, and none is asked for
  return source;
}

Status SampledColumn(sqlite3* db, const EmbeddingColumn& column, int64_t most, Source* source) {
  const TableInfo& table = *column.table;
  std::string rows = " LIMIT " + std::to_string(most);
  if (!table.rowid.empty()) {
    std::vector<int64_t> rowids;
    int64_t count = 0;
    Status status = SampleRows(db, table, "NULL", &count,
                               [&](const Statement& row) { rowids.push_back(row.Int(0)); });
    if (!status.ok()) return status;
    const auto room = static_cast<size_t>(std::max<int64_t>(1, most));
    const size_t step = std::max<size_t>(1, (rowids.size() + room - 1) / room);
    std::string list;
    for (size_t i = 0; i < rowids.size(); i += step) {
      if (!list.empty()) list += ',';
      list += std::to_string(rowids[i]);
    }
    rows = " WHERE " + table.rowid + " IN (" + list + ")";
  }
  *source = Source();
  source->kind = Source::Kind::kQuery;
  source->name = "SELECT " + QuoteName(column.name) + " AS e FROM " + table.Quoted() + rows;
  source->column = std::string(1, 'e');
  source->id = source->column;
  return Status::Ok();
}

Status LooksLikeFloats(sqlite3* db, const EmbeddingColumn& column, bool* floats) {
  Source source;
  Status status = SampledColumn(db, column, kRowsToLookAt, &source);
  int64_t usual = 0;
  int64_t all = 0;
  if (status.ok()) {
    status = ForEachRow(db, source.name, {}, [&](const Statement& row) {
      sqlite3_value* const value = sqlite3_column_value(row.get(), 0);
      if (sqlite3_value_type(value) == SQLITE_BLOB) CountFloats(BlobOf(value), &usual, &all);
    });
  }
  *floats = 2 * usual >= all;
  return status;
}

}  // namespace vecgraph
