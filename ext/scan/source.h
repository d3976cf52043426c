// Source: where vectors are read from, with its name looked up once and then fixed.
#pragma once

#include <string>
#include <string_view>

#include "base/sqlite.h"
#include "base/status.h"

namespace vecgraph {

struct Source {
  enum class Kind {
    kTable,    // rows have a rowid that finds them again
    kKeyed,    // WITHOUT ROWID, or all names of the rowid are taken by columns
    kVirtual,  // a virtual table with rowids: scanned, never looked up row by row
    kView,
    kQuery,  // db_query('SELECT ...')
  };

  Kind kind = Kind::kTable;
  std::string schema;  // not for kQuery
  std::string name;    // as the schema spells it; the text of a kQuery
  std::string column;  // the vectors, as the source spells it
  std::string id;      // the column that is `id`; empty: the rowid is
  std::string rowid;   // a name of the rowid that no column shadows; empty for the last three

  // The result row's rowid is the table's, so that a restriction by rowid means something.
  bool has_rowid() const { return !rowid.empty(); }
  // "nodes.embedding", for messages.
  std::string Label() const;
  // "schema"."name", for SQL.
  std::string QuotedName() const;
};

// Looks up the table or view `text` as SQLite does (temp, main, attached databases); "a.b" is a
// schema and a table unless a table has that name. An error lists what there is.
Status ResolveTable(sqlite3* db, std::string_view text, std::string_view column, Source* source);

// Checks that `sql` is one statement that only reads, with a column `column`.
Status ResolveQuery(sqlite3* db, std::string_view sql, std::string_view column, Source* source);

}  // namespace vecgraph
