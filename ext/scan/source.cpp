#include "scan/source.h"

#include <algorithm>
#include <vector>

#include "base/name.h"
#include "base/statement.h"

namespace vecgraph {
namespace {

struct Column {
  std::string name;
  int key = 0;  // place in the primary key, from 1
};

// Reads the first column of all rows of `sql`, with `a` and `b` bound.
Status ReadTexts(sqlite3* db, std::string_view sql, std::string_view a, std::string_view b,
                 std::vector<std::string>* texts) {
  Statement statement;
  Status status = statement.Prepare(db, sql);
  if (!status.ok()) return status;
  if (sqlite3_bind_parameter_count(statement.get()) >= 1) statement.BindText(1, a);
  if (sqlite3_bind_parameter_count(statement.get()) >= 2) statement.BindText(2, b);
  int rc;
  while ((rc = statement.Step()) == SQLITE_ROW) texts->push_back(statement.Text(0));
  return rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

// The schemas in the order in which SQLite looks for a name.
Status ReadSchemas(sqlite3* db, std::vector<std::string>* schemas) {
  return ReadTexts(db,
                   "SELECT name FROM pragma_database_list "
                   "ORDER BY CASE name WHEN 'temp' THEN -1 ELSE seq END",
                   "", "", schemas);
}

// Finds a table or view in one schema; leaves source->name empty if there is none.
Status FindInSchema(sqlite3* db, const std::string& schema, std::string_view name, Source* source) {
  const std::string table =
      schema == "temp" ? "sqlite_temp_master" : QuoteName(schema) + ".sqlite_master";
  Statement statement;
  Status status = statement.Prepare(
      db, "SELECT name, type, substr(sql, 1, 14) = 'CREATE VIRTUAL' FROM " + table +
              " WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE");
  if (!status.ok()) return status;
  statement.BindText(1, name);
  const int rc = statement.Step();
  if (rc == SQLITE_DONE) return Status::Ok();
  if (rc != SQLITE_ROW) return DatabaseError(db, rc);
  source->schema = schema;
  source->name = statement.Text(0);
  source->kind = statement.Text(1) == "view" ? Source::Kind::kView
                 : statement.Int(2) != 0     ? Source::Kind::kVirtual
                                             : Source::Kind::kTable;
  return Status::Ok();
}

Status FindTable(sqlite3* db, std::string_view text, Source* source) {
  std::vector<std::string> schemas;
  Status status = ReadSchemas(db, &schemas);
  for (const std::string& schema : schemas) {
    if (status.ok() && source->name.empty()) status = FindInSchema(db, schema, text, source);
  }
  for (size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.', dot + 1)) {
    for (const std::string& schema : schemas) {
      if (status.ok() && source->name.empty() && SameName(schema, text.substr(0, dot))) {
        status = FindInSchema(db, schema, text.substr(dot + 1), source);
      }
    }
  }
  if (!status.ok() || !source->name.empty()) return status;
  std::string searched;
  for (const std::string& schema : schemas) searched += (searched.empty() ? "" : ", ") + schema;
  return Status::Error(Format("no table or view '%.*s' (looked in %s)",
                              static_cast<int>(text.size()), text.data(), searched.c_str()));
}

Status ReadColumns(sqlite3* db, const Source& source, std::vector<Column>* columns) {
  Statement statement;
  Status status =
      statement.Prepare(db, "SELECT name, pk FROM pragma_table_xinfo(?1, ?2) ORDER BY cid");
  if (!status.ok()) return status;
  statement.BindText(1, source.name);
  statement.BindText(2, source.schema);
  int rc;
  while ((rc = statement.Step()) == SQLITE_ROW) {
    columns->push_back({statement.Text(0), static_cast<int>(statement.Int(1))});
  }
  return rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

// Finds `column` among `columns` and fixes its spelling.
Status FindColumn(const std::vector<Column>& columns, std::string_view column, Source* source) {
  std::string names;
  for (const Column& candidate : columns) {
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
Status IsUniqueKey(sqlite3* db, const Source& source, std::string_view column, bool* unique) {
  std::vector<std::string> indexes;
  Status status = ReadTexts(db,
                            "SELECT name FROM pragma_index_list(?1, ?2) "
                            "WHERE \"unique\" AND NOT partial",
                            source.name, source.schema, &indexes);
  for (const std::string& index : indexes) {
    if (!status.ok()) break;
    std::vector<std::string> columns;  // an expression has an empty name
    status =
        ReadTexts(db, "SELECT name FROM pragma_index_info(?1, ?2)", index, source.schema, &columns);
    if (columns.size() == 1 && SameName(columns[0], column)) *unique = true;
  }
  return status;
}

// A name of the rowid that works: one that is no column's, of a table that has rowids.
Status FindRowid(sqlite3* db, const std::vector<Column>& columns, Source* source) {
  for (const char* alias : {"rowid", "_rowid_", "oid"}) {
    const bool shadowed = std::any_of(columns.begin(), columns.end(),
                                      [&](const Column& c) { return SameName(c.name, alias); });
    if (shadowed) continue;
    Statement probe;
    Status status =
        probe.Prepare(db, std::string("SELECT ") + alias + " FROM " + source->QuotedName());
    if (status.ok()) {
      source->rowid = alias;
    } else if (status.message() != std::string("no such column: ") + alias) {
      return status;  // denied, interrupted, out of memory: not a sign of WITHOUT ROWID
    }
    return Status::Ok();
  }
  return Status::Ok();
}

Status FindKey(sqlite3* db, const std::vector<Column>& columns, Source* source) {
  const auto keys =
      std::count_if(columns.begin(), columns.end(), [](const Column& c) { return c.key > 0; });
  const auto find = [&](auto&& test) {
    const auto it = std::find_if(columns.begin(), columns.end(), test);
    return it == columns.end() ? std::string() : it->name;
  };
  const auto is_sole_key = [&](const Column& c) { return c.key > 0 && keys == 1; };
  const std::string id = find([](const Column& c) { return SameName(c.name, "id"); });
  if (!id.empty()) {
    bool unique = false;
    for (const Column& c : columns) unique = unique || (c.name == id && is_sole_key(c));
    Status status = unique ? Status::Ok() : IsUniqueKey(db, *source, id, &unique);
    if (!status.ok()) return status;
    if (unique) source->id = id;
  }
  if (source->id.empty()) source->id = find(is_sole_key);
  return Status::Ok();
}

// The first keyword of a statement, after blanks and comments.
std::string_view FirstWord(std::string_view sql) {
  for (;;) {
    sql.remove_prefix(std::min(sql.find_first_not_of(" \t\r\n\f"), sql.size()));
    const bool line = sql.substr(0, 2) == "--";
    if (!line && sql.substr(0, 2) != "/*") break;
    const size_t end = line ? sql.find('\n') : sql.find("*/", 2);
    if (end == std::string_view::npos) return {};
    sql.remove_prefix(end + (line ? 1 : 2));
  }
  size_t length = 0;
  while (length < sql.size() && ((sql[length] | 32) >= 'a' && (sql[length] | 32) <= 'z')) ++length;
  return sql.substr(0, length);
}

}  // namespace

std::string Source::Label() const {
  if (kind == Kind::kQuery) return "db_query(...)." + column;
  return (schema == "main" ? "" : schema + ".") + name + "." + column;
}

std::string Source::QuotedName() const { return QuoteName(schema) + "." + QuoteName(name); }

Status ResolveTable(sqlite3* db, std::string_view text, std::string_view column, Source* source) {
  *source = Source();
  Status status = FindTable(db, text, source);
  if (!status.ok()) return status;
  std::vector<Column> columns;
  status = ReadColumns(db, *source, &columns);
  if (status.ok()) status = FindColumn(columns, column, source);
  if (!status.ok()) return status;
  if (source->kind == Source::Kind::kTable || source->kind == Source::Kind::kVirtual) {
    status = FindRowid(db, columns, source);
    if (status.ok() && source->kind == Source::Kind::kTable) status = FindKey(db, columns, source);
    if (source->rowid.empty()) source->kind = Source::Kind::kKeyed;
  }
  // Without a key the id is the column `id`, else the first one.
  if (source->rowid.empty() && source->id.empty()) {
    source->id = columns.front().name;
    for (const Column& c : columns) {
      if (SameName(c.name, "id")) source->id = c.name;
    }
  }
  return status;
}

Status ResolveQuery(sqlite3* db, std::string_view sql, std::string_view column, Source* source) {
  *source = Source();
  source->kind = Source::Kind::kQuery;
  source->name = sql;
  Statement statement;
  std::string_view tail;
  Status status = statement.Prepare(db, sql, 0, &tail);
  if (!status.ok()) return Status::Code(status.code(), "db_query: " + status.message());
  Statement rest;
  while (statement && !tail.empty()) {  // a tail of blanks and comments holds no statement
    status = rest.Prepare(db, tail, 0, &tail);
    if (!status.ok() || rest) return Status::Error("db_query: give one statement, not several");
  }
  if (!statement || sqlite3_column_count(statement.get()) == 0 ||
      !sqlite3_stmt_readonly(statement.get()) || sqlite3_stmt_isexplain(statement.get())) {
    return Status::Error("db_query: give one SELECT statement that only reads");
  }
  // A PRAGMA has columns and may count as reading while it changes a setting.
  const std::string_view word = FirstWord(sql);
  if (!SameName(word, "SELECT") && !SameName(word, "WITH") && !SameName(word, "VALUES")) {
    return Status::Error("db_query: the statement must begin with SELECT, WITH or VALUES");
  }
  if (sqlite3_bind_parameter_count(statement.get()) != 0) {
    return Status::Error("db_query: the query has a parameter; write its value into the text");
  }
  std::vector<Column> columns;
  for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
    const char* name = sqlite3_column_name(statement.get(), i);
    if (!name) throw std::bad_alloc();
    columns.push_back({name, 0});
  }
  status = FindColumn(columns, column, source);
  if (!status.ok()) return status;
  source->id = columns.front().name;
  for (const Column& c : columns) {
    if (SameName(c.name, "id")) source->id = c.name;
  }
  return Status::Ok();
}

}  // namespace vecgraph
