#include "health/table_list.h"

#include <algorithm>
#include <array>

#include "base/name.h"
#include "health/query.h"

namespace vecgraph {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), LowerAscii);
  return lower;
}

Status ReadColumns(sqlite3* db, TableInfo* table) {
  Status status =
      ForEachRow(db, "SELECT name, type, pk FROM pragma_table_xinfo(?1, ?2) ORDER BY cid",
                 {table->name, table->schema}, [&](const Statement& row) {
                   table->columns.push_back(row.Text(0));
                   if (row.Int(2) > 0) table->has_primary_key = true;
                   if (IsEmbeddingColumn(row.Text(1), row.Text(0))) {
                     table->embeddings.push_back(row.Text(0));
                   }
                 });
  if (!status.ok() || !table->has_rowid) return status;
  for (const char* alias : kRowidNames) {
    if (table->HasColumns({alias})) continue;
    table->rowid = alias;
    break;
  }
  return status;
}

}  // namespace

std::string TableInfo::Quoted() const { return QuoteName(schema) + "." + QuoteName(name); }

bool TableInfo::HasColumns(std::initializer_list<std::string_view> names) const {
  return std::ranges::all_of(names, [&](std::string_view name) {
    return std::ranges::any_of(columns,
                               [&](const std::string& column) { return SameName(column, name); });
  });
}

bool IsEmbeddingColumn(std::string_view type, std::string_view name) {
  if (!type.empty() && Lower(type).find("blob") == std::string::npos) return false;
  constexpr std::array<std::string_view, 4> kNames{"embedding", "vector", "vec", "emb"};
  const std::string lower = Lower(name);
  return std::ranges::any_of(kNames, [&](std::string_view word) {
    if (!lower.ends_with(word)) return false;
    const size_t before = lower.size() - word.size();
    return before == 0 || lower[before - 1] == '_';
  });
}

Status ListSchemas(sqlite3* db, std::vector<std::string>* schemas) {
  return ForEachRow(db, "SELECT name FROM pragma_database_list ORDER BY seq", {},
                    [&](const Statement& row) { schemas->push_back(row.Text(0)); });
}

Status ListTables(sqlite3* db, const std::string& schema, std::vector<TableInfo>* tables) {
  const std::string master = QuoteName(schema) + ".sqlite_master";
  // The index of a primary key that is in no schema row is the table itself: WITHOUT ROWID. The
  // comparisons are none that an application can redefine, as it can LIKE.
  const std::string sql =
      "SELECT m.name, EXISTS (SELECT 1 FROM pragma_index_list(m.name, ?1) AS l WHERE l.origin = "
      "'pk' AND NOT EXISTS (SELECT 1 FROM " +
      master +
      " AS i WHERE i.type = 'index' AND i.name = l.name)) "
      "FROM " +
      master +
      " AS m WHERE m.type = 'table' AND m.rootpage > 0 AND substr(m.name, 1, 7) <> 'sqlite_' "
      "ORDER BY m.name";
  Status status = ForEachRow(db, sql, {schema}, [&](const Statement& row) {
    TableInfo& table = tables->emplace_back();
    table.schema = schema;
    table.name = row.Text(0);
    table.has_rowid = row.Int(1) == 0;
  });
  for (TableInfo& table : *tables) {
    if (status.ok()) status = ReadColumns(db, &table);
  }
  return status;
}

}  // namespace vecgraph
