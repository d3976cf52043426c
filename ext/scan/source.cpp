#include "scan/source.h"

#include <algorithm>
#include <vector>

#include "base/catalog.h"
#include "base/name.h"
#include "base/statement.h"

namespace vecgraph {
namespace {

// Finds `column` among `columns` and fixes its spelling.
Status FindColumn(const std::vector<TableColumn>& columns, std::string_view column,
                  Source* source) {
  std::string names;
  for (const TableColumn& candidate : columns) {
    if (SameName(candidate.name, column)) {
      source->column = candidate.name;
      return Status::Ok();
    }
    names += (names.empty() ? "" : ", ") + candidate.name;
  }
  const bool query = source->kind == Source::Kind::kQuery;
  return Status::Error(Format("%s has no column '%.*s' (it has %s)",
                              query ? "the query" : source->name.c_str(),
                              static_cast<int>(column.size()), column.data(), names.c_str()));
}

// Whether the columns of some key of the table are `column` alone.
Status IsUniqueKey(sqlite3* db, const TableName& table, std::string_view column, bool* unique) {
  std::vector<TableIndex> indexes;
  Status status = ReadIndexes(db, table, &indexes);
  for (const TableIndex& index : indexes) {
    if (index.unique && index.keys.size() == 1 && SameName(index.keys[0].column, column)) {
      *unique = true;
    }
  }
  return status;
}

Status FindKey(sqlite3* db, const TableName& table, const std::vector<TableColumn>& columns,
               Source* source) {
  const auto keys =
      std::count_if(columns.begin(), columns.end(), [](const TableColumn& c) { return c.key > 0; });
  const auto find = [&](auto&& test) {
    const auto it = std::find_if(columns.begin(), columns.end(), test);
    return it == columns.end() ? std::string() : it->name;
  };
  const auto is_sole_key = [&](const TableColumn& c) { return c.key > 0 && keys == 1; };
  const std::string id = find([](const TableColumn& c) { return SameName(c.name, "id"); });
  if (!id.empty()) {
    bool unique = false;
    for (const TableColumn& c : columns) unique = unique || (c.name == id && is_sole_key(c));
    Status status = unique ? Status::Ok() : IsUniqueKey(db, table, id, &unique);
    if (!status.ok()) return status;
    if (unique) source->id = id;
  }
  if (source->id.empty()) source->id = find(is_sole_key);
  return Status::Ok();
}

// The column that is called id, else the first.
std::string NamedId(const std::vector<TableColumn>& columns) {
  for (const TableColumn& c : columns) {
    if (SameName(c.name, "id")) return c.name;
  }
  return columns.front().name;
}

Source::Kind KindOf(const TableName& table) {
  if (table.kind == TableName::Kind::kView) return Source::Kind::kView;
  return table.kind == TableName::Kind::kVirtual ? Source::Kind::kVirtual : Source::Kind::kTable;
}

}  // namespace

std::string Source::Label() const {
  if (kind == Kind::kQuery) return "db_query(...)." + column;
  return (schema == "main" ? "" : schema + ".") + name + "." + column;
}

std::string Source::QuotedName() const { return QuoteName(schema) + "." + QuoteName(name); }

Status ResolveTable(sqlite3* db, std::string_view text, std::string_view column, Source* source) {
  *source = Source();
  TableName table;
  Status status = FindTableName(db, text, &table);
  if (!status.ok()) return status;
  source->kind = KindOf(table);
  source->schema = table.schema;
  source->name = table.name;
  std::vector<TableColumn> columns;
  status = ReadColumns(db, table, &columns);
  if (status.ok()) status = FindColumn(columns, column, source);
  if (!status.ok()) return status;
  if (source->kind != Source::Kind::kView) {
    status = FindRowidName(db, table, columns, &source->rowid);
    if (status.ok() && source->kind == Source::Kind::kTable) {
      status = FindKey(db, table, columns, source);
    }
    if (source->rowid.empty()) source->kind = Source::Kind::kKeyed;
  }
  if (source->rowid.empty() && source->id.empty()) source->id = NamedId(columns);
  return status;
}

Status ResolveQuery(sqlite3* db, std::string_view sql, std::string_view column, Source* source) {
  *source = Source();
  source->kind = Source::Kind::kQuery;
  source->name = sql;
  std::string text;
  std::vector<TableColumn> columns;
  Status status = CheckQuery(db, sql, &text, &columns);
  if (status.ok()) status = FindColumn(columns, column, source);
  if (status.ok()) source->id = NamedId(columns);
  return status;
}

}  // namespace vecgraph
