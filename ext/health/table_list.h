// The ordinary tables of a database, as far as the health functions need to know them.
//
// Threads: as the connection.
#pragma once

#include <string>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"

namespace vecgraph {

struct TableInfo {
  std::string schema;
  std::string name;
  std::string rowid;  // a name of the rowid that no column shadows; empty: WITHOUT ROWID, or none
  bool has_rowid = true;
  bool has_primary_key = false;
  std::vector<std::string> columns;
  std::vector<std::string> embeddings;  // the columns that hold vectors, by type and name

  // "schema"."name", for SQL.
  std::string Quoted() const;
  bool HasColumns(std::initializer_list<std::string_view> names) const;
};

// main, temp and what is attached, in SQLite's order.
Status ListSchemas(sqlite3* db, std::vector<std::string>* schemas);

// The tables with rows of their own: no views, virtual tables and tables of SQLite itself.
Status ListTables(sqlite3* db, const std::string& schema, std::vector<TableInfo>* tables);

// Whether a column of this type and name holds vectors: a BLOB named embedding, vector, vec or emb,
// or so at the end, as body_vector.
bool IsEmbeddingColumn(std::string_view type, std::string_view name);

}  // namespace vecgraph
