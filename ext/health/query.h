// Reading a database with SQL: a statement, its text parameters, and what to do with each row.
//
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/sqlite.h"
#include "base/statement.h"
#include "base/status.h"
#include "health/cell.h"

namespace vecgraph {

// Calls `row(statement)` for each row of `sql`, in which ?1, ?2 ... are `parameters`.
template <class Row>
Status ForEachRow(sqlite3* db, std::string_view sql,
                  std::initializer_list<std::string_view> parameters, Row&& row) {
  Statement statement;
  Status status = statement.Prepare(db, sql);
  if (!status.ok()) return status;
  int index = 0;
  for (const std::string_view parameter : parameters) statement.BindText(++index, parameter);
  int rc = SQLITE_OK;
  while ((rc = statement.Step()) == SQLITE_ROW) row(statement);
  return rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

// The first column of the first row of `sql`; nothing if there is no row.
inline Status ReadCell(sqlite3* db, std::string_view sql,
                       std::initializer_list<std::string_view> parameters, Cell* cell) {
  *cell = {};
  bool first = true;
  return ForEachRow(db, sql, parameters, [&](const Statement& row) {
    if (first) *cell = CellOf(row.get(), 0);
    first = false;
  });
}

// The same as an integer; 0 if there is none.
inline Status ReadInt(sqlite3* db, std::string_view sql,
                      std::initializer_list<std::string_view> parameters, int64_t* value) {
  Cell cell;
  Status status = ReadCell(db, sql, parameters, &cell);
  const auto* number = std::get_if<int64_t>(&cell);
  *value = number ? *number : 0;
  return status;
}

// Runs a statement for its effect.
inline Status Run(sqlite3* db, std::string_view sql) {
  return ForEachRow(db, sql, {}, [](const Statement&) {});
}

// Whether `status` must end all work: nothing else may be said when memory runs out or the caller
// has asked to stop.
inline bool MustStop(const Status& status) {
  const int code = status.code() & 0xff;
  return code == SQLITE_NOMEM || code == SQLITE_INTERRUPT;
}

}  // namespace vecgraph
