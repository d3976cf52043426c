#include "base/catalog.h"

#include <algorithm>

#include "base/name.h"
#include "base/statement.h"

namespace vecgraph {
namespace {

// Runs `use` for each row of `sql`, with the texts bound.
template <class Use>
Status EachRow(sqlite3* db, const std::string& sql, std::initializer_list<std::string_view> texts,
               Use&& use) {
  Statement statement;
  Status status = statement.Prepare(db, sql);
  if (!status.ok()) return status;
  int index = 0;
  for (const std::string_view text : texts) statement.BindText(++index, text);
  int rc;
  while ((rc = statement.Step()) == SQLITE_ROW) use(statement);
  return rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

// PRAGMA "schema".name("argument"): cheaper than the table function of that name.
std::string PragmaOf(const TableName& table, const char* name, std::string_view argument) {
  return "PRAGMA " + QuoteName(table.schema) + "." + name + "(" + QuoteName(argument) + ")";
}

// The schemas in the order in which SQLite looks for a name.
Status ReadSchemas(sqlite3* db, std::vector<std::string>* schemas) {
  return EachRow(db, "PRAGMA database_list", {}, [&](const Statement& row) {
    const std::string name = row.Text(1);
    schemas->insert(name == "temp" ? schemas->begin() : schemas->end(), name);
  });
}

// Whether something was in the temporary database: then it has a file name, an empty one.
bool HasTemp(sqlite3* db) { return sqlite3_db_filename(db, "temp") != nullptr; }

// Leaves table->name empty if there is none. Asks the schema table: SQLite's own search tells
// neither a view from a table nor in which database it is.
Status FindInSchema(sqlite3* db, const std::string& schema, std::string_view name,
                    TableName* table) {
  const std::string master =
      schema == "temp" ? "sqlite_temp_master" : QuoteName(schema) + ".sqlite_master";
  return EachRow(db,
                 "SELECT name, type, substr(sql, 1, 14) = 'CREATE VIRTUAL' FROM " + master +
                     " WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE",
                 {name}, [&](const Statement& row) {
                   table->schema = schema;
                   table->name = row.Text(0);
                   table->kind = row.Text(1) == "view" ? TableName::Kind::kView
                                 : row.Int(2) != 0     ? TableName::Kind::kVirtual
                                                       : TableName::Kind::kTable;
                 });
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

std::string TableName::Quoted() const { return QuoteName(schema) + "." + QuoteName(name); }

Status FindTableName(sqlite3* db, std::string_view text, TableName* table) {
  *table = TableName();
  Status status;  // of what may be asked first, since most are there
  if (HasTemp(db)) status = FindInSchema(db, "temp", text, table);
  if (status.ok() && table->name.empty()) status = FindInSchema(db, "main", text, table);
  if (!status.ok() || !table->name.empty()) return status;
  std::vector<std::string> schemas;
  status = ReadSchemas(db, &schemas);
  for (const std::string& schema : schemas) {
    if (schema == "temp" || schema == "main") continue;
    if (status.ok() && table->name.empty()) status = FindInSchema(db, schema, text, table);
  }
  for (size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.', dot + 1)) {
    for (const std::string& schema : schemas) {
      if (status.ok() && table->name.empty() && SameName(schema, text.substr(0, dot))) {
        status = FindInSchema(db, schema, text.substr(dot + 1), table);
      }
    }
  }
  if (!status.ok() || !table->name.empty()) return status;
  std::string searched;
  for (const std::string& schema : schemas) searched += (searched.empty() ? "" : ", ") + schema;
  return Status::Error(Format("no table or view '%.*s' (looked in %s)",
                              static_cast<int>(text.size()), text.data(), searched.c_str()));
}

Status FindIndexedTable(sqlite3* db, std::string_view text, TableName* table,
                        std::vector<TableIndex>* indexes) {
  *table = TableName();
  indexes->clear();
  if (HasTemp(db) || text.find('\0') != std::string_view::npos) return Status::Ok();
  TableName guess;
  guess.schema = "main";
  guess.name = text;
  Status status = ListIndexes(db, guess, indexes);
  if (!indexes->empty()) *table = std::move(guess);
  return status;
}

Status ReadColumns(sqlite3* db, const TableName& table, std::vector<TableColumn>* columns) {
  int keys = 0;
  Status status =
      EachRow(db, PragmaOf(table, "table_xinfo", table.name), {}, [&](const Statement& row) {
        const auto key = static_cast<int>(row.Int(5));
        keys += key > 0 ? 1 : 0;
        columns->push_back({row.Text(1), key, key == 1 && SameName(row.Text(2), "INTEGER")});
      });
  for (TableColumn& column : *columns) column.is_rowid = column.is_rowid && keys == 1;
  return status;
}

Status FindColumn(sqlite3* db, const TableName& table, std::string_view name, bool* found,
                  bool* is_rowid) {
  int in_key = 0;
  *found = *is_rowid = false;
  if (name.find('\0') != std::string_view::npos) return Status::Ok();
  const int rc = sqlite3_table_column_metadata(db, table.schema.c_str(), table.name.c_str(),
                                               std::string(name).c_str(), nullptr, nullptr, nullptr,
                                               &in_key, nullptr);
  if (rc != SQLITE_OK && rc != SQLITE_ERROR) return DatabaseError(db, rc);
  *found = rc == SQLITE_OK;
  *is_rowid = *found && in_key != 0;
  return Status::Ok();
}

Status FindRowidName(sqlite3* db, const TableName& table, const std::vector<TableColumn>& columns,
                     std::string* rowid) {
  rowid->clear();
  if (table.kind == TableName::Kind::kView) return Status::Ok();
  for (const char* name : kRowidNames) {
    if (std::any_of(columns.begin(), columns.end(),
                    [&](const TableColumn& column) { return SameName(column.name, name); })) {
      continue;
    }
    // What SQLite knows in memory; preparing a statement to see whether it can be takes longer.
    const int rc = sqlite3_table_column_metadata(db, table.schema.c_str(), table.name.c_str(), name,
                                                 nullptr, nullptr, nullptr, nullptr, nullptr);
    if (rc == SQLITE_ERROR) return Status::Ok();  // WITHOUT ROWID
    if (rc != SQLITE_OK) return DatabaseError(db, rc);
    *rowid = name;
    return Status::Ok();
  }
  return Status::Ok();
}

Status ListIndexes(sqlite3* db, const TableName& table, std::vector<TableIndex>* indexes) {
  indexes->clear();
  Status status =
      EachRow(db, PragmaOf(table, "index_list", table.name), {}, [&](const Statement& row) {
        if (row.Int(4) != 0) return;
        indexes->push_back({row.Text(1), row.Int(2) != 0, row.Text(3) == "pk", {}, {}});
      });
  std::reverse(indexes->begin(), indexes->end());
  return status;
}

Status ReadIndex(sqlite3* db, const TableName& table, TableIndex* index) {
  return EachRow(db, PragmaOf(table, "index_xinfo", index->name), {}, [&](const Statement& row) {
    if (row.Int(5) != 0) {
      index->keys.push_back({row.Text(2), row.Text(4) == "BINARY"});
    } else if (std::string name = row.Text(2); !name.empty()) {
      index->others.push_back(std::move(name));
    }
  });
}

Status ReadIndexes(sqlite3* db, const TableName& table, std::vector<TableIndex>* indexes) {
  Status status = ListIndexes(db, table, indexes);
  for (TableIndex& index : *indexes) {
    if (status.ok()) status = ReadIndex(db, table, &index);
  }
  return status;
}

Status CheckQuery(sqlite3* db, std::string_view sql, std::string* text,
                  std::vector<TableColumn>* columns) {
  Statement statement;
  std::string_view tail;
  Status status = statement.Prepare(db, sql, 0, &tail);
  if (!status.ok()) return Status::Code(status.code(), "db_query: " + status.message());
  *text = sql.substr(0, sql.size() - tail.size());
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
  // What follows the statement's semicolon is in `tail`, so it can only be the last character.
  if (!text->empty() && text->back() == ';') text->pop_back();
  columns->clear();
  for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
    const char* name = sqlite3_column_name(statement.get(), i);
    if (!name) throw std::bad_alloc();
    columns->push_back({name, 0, false});
  }
  return Status::Ok();
}

}  // namespace vecgraph
