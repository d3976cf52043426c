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

struct TableColumn {
  std::string name;
  int key = 0;            // place in the primary key, from 1
  bool is_rowid = false;  // INTEGER PRIMARY KEY, if the table has rowids
};

struct TableIndex {
  struct Key {
    std::string column;  // empty: an expression
    bool binary;         // compared byte for byte
  };

  std::string name;
  bool unique;
  bool is_primary_key;  // then that is not the rowid
  std::vector<Key> keys;
  std::vector<std::string> others;  // columns that each entry has besides, but for the rowid
};

// Looks up the table or view `text` as SQLite does (temp, main, attached databases); "a.b" is a
// schema and a table unless a table has that name. An error lists where it looked.
Status FindTableName(sqlite3* db, std::string_view text, TableName* table);

// The same for a table of the main database that has indexes, and these as ListIndexes() gives
// them. A question less: what has an index is a table. Leaves table->name empty if FindTableName()
// has to say what `text` is. The name is spelled as in `text`.
Status FindIndexedTable(sqlite3* db, std::string_view text, TableName* table,
                        std::vector<TableIndex>* indexes);

// Its columns, also hidden and generated ones.
Status ReadColumns(sqlite3* db, const TableName& table, std::vector<TableColumn>* columns);

// The same of one column, as SQLite knows it in memory: reading them all takes ten times as long.
// REQUIRES: no index of the table is its primary key, so a column in that is the rowid, and so is
// what has a name of the rowid unless there is such a column.
Status FindColumn(sqlite3* db, const TableName& table, std::string_view name, bool* found,
                  bool* is_rowid);

// A name of the rowid that is no column's; empty if the table has no rowids.
Status FindRowidName(sqlite3* db, const TableName& table, const std::vector<TableColumn>& columns,
                     std::string* rowid);

// Its indexes but those of a part of the rows, the oldest first, without what is in them.
Status ListIndexes(sqlite3* db, const TableName& table, std::vector<TableIndex>* indexes);
// What is in one.
Status ReadIndex(sqlite3* db, const TableName& table, TableIndex* index);
// Both.
Status ReadIndexes(sqlite3* db, const TableName& table, std::vector<TableIndex>* indexes);

// Checks that `sql` is one statement that only reads; gives its text without the semicolon, and its
// columns.
Status CheckQuery(sqlite3* db, std::string_view sql, std::string* text,
                  std::vector<TableColumn>* columns);

}  // namespace vecgraph
