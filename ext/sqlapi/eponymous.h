// EponymousTable: the part of a read-only table function that is the same for all small ones.
//
// `Cursor` is a default constructible struct derived from sqlite3_vtab_cursor. The table keeps the
// user data of its module.
// Threads: as the connection.
#pragma once

#include <new>

#include "base/sqlite.h"

namespace vecgraph {

struct EponymousTable : sqlite3_vtab {
  sqlite3* db = nullptr;
  void* user = nullptr;
};

// For xConnect: declares `schema` and makes the table.
inline int ConnectEponymous(sqlite3* db, void* user, const char* schema, sqlite3_vtab** out) {
  const int rc = sqlite3_declare_vtab(db, schema);
  if (rc != SQLITE_OK) return rc;
  auto* table = new (std::nothrow) EponymousTable();
  if (!table) return SQLITE_NOMEM;
  table->db = db;
  table->user = user;
  *out = table;
  return SQLITE_OK;
}

inline int DisconnectEponymous(sqlite3_vtab* table) {
  delete static_cast<EponymousTable*>(table);
  return SQLITE_OK;
}

template <class Cursor>
int OpenCursor(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
  auto* cursor = new (std::nothrow) Cursor();
  if (!cursor) return SQLITE_NOMEM;
  *out = cursor;
  return SQLITE_OK;
}

template <class Cursor>
int CloseCursor(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

}  // namespace vecgraph
