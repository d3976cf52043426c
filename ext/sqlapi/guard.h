// The wall between C++ and SQLite: no exception crosses it, every failure becomes an SQL error.
//
// Use one Guard around the body of every callback:
//   void vec_norm(sqlite3_context* ctx, int, sqlite3_value** argv) {
//     GuardFunction(ctx, [&] { ...; return Status::Ok(); });
//   }
// Threads: as the connection.
#pragma once

#include <new>
#include <utility>

#include "base/sqlite.h"
#include "base/status.h"
#include "base/utf8.h"

namespace vecgraph {

// Makes `status` the error of an SQL function. REQUIRES: !status.ok().
inline void ResultError(sqlite3_context* ctx, const Status& status) {
  const std::string message = ValidUtf8(status.message());
  sqlite3_result_error(ctx, message.data(), static_cast<int>(message.size()));
  if (status.code() != SQLITE_ERROR) sqlite3_result_error_code(ctx, status.code());
}

// Runs the body of a scalar or aggregate callback: a callable that returns Status.
template <class Body>
void GuardFunction(sqlite3_context* ctx, Body&& body) noexcept {
  try {
    const Status status = body();
    if (!status.ok()) ResultError(ctx, status);
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(ctx);
  } catch (...) {
    sqlite3_result_error(ctx, "vecgraph: internal error", -1);
  }
}

// Makes `status` the error of a virtual table and returns its code.
inline int TableError(sqlite3_vtab* table, const Status& status) {
  sqlite3_free(table->zErrMsg);
  table->zErrMsg = sqlite3_mprintf("%s", ValidUtf8(status.message()).c_str());
  return status.code();
}

// Runs the body of a virtual table callback: a callable that returns Status.
template <class Body>
int GuardTable(sqlite3_vtab* table, Body&& body) noexcept {
  try {
    const Status status = body();
    return status.ok() ? SQLITE_OK : TableError(table, status);
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  } catch (...) {
    return SQLITE_ERROR;
  }
}

}  // namespace vecgraph
