// Catalog: what the names in an argument mean: tables and views, their columns, read-only queries.
// Threads: as the connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"

namespace vecgraph {

struct TableName {
  enum class Kind { kTable, kVirtual, kView };

  Kind kind = Kind::kTable;
  std::string schema;
  std::string name;  // as the schema spells it

  // "schema"."name", for SQL.
  std::string Quoted() const;
  // "aux.nodes", for messages.
  std::string Label() const { return (schema == "main" ? "" : schema + ".") + name; }
};

// Whether two names are the same to SQLite.
bool NamesMatch(std::string_view a, std::string_view b);

// Looks up the table or view `text` as SQLite does (temp, main, attached databases); "a.b" is a
// schema and a table unless a table has that name. An error lists where it looked.
Status FindTableName(sqlite3* db, std::string_view text, TableName* table);

// The names of its columns, also of hidden and generated ones.
Status ReadColumnNames(sqlite3* db, const TableName& table, std::vector<std::string>* columns);

// A name of the rowid that is no column's; empty if the table has no rowids.
Status FindRowidName(sqlite3* db, const TableName& table, const std::vector<std::string>& columns,
                     std::string* rowid);

// Whether a value of `column` is found by an index, compared byte for byte.
Status FindIndexOn(sqlite3* db, const TableName& table, std::string_view column, bool* indexed);

// Checks that `sql` is one statement that only reads; gives its text without the semicolon, and the
// names of its columns.
Status CheckQuery(sqlite3* db, std::string_view sql, std::string* text,
                  std::vector<std::string>* columns);

}  // namespace vecgraph
