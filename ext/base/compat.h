// What SQLite newer than 3.34 adds, asked for at run time.
//
// The library is built against one header and loaded by many versions: a member of the API table
// that the host does not know lies outside its struct. Call nothing newer than 3.34 without one of
// these tests.
#pragma once

#include "base/sqlite.h"

#if SQLITE_VERSION_NUMBER < 3038000
#error "vecgraph is built against SQLite 3.38 or newer headers (it loads in 3.34 and newer)"
#endif

#ifndef SQLITE_RESULT_SUBTYPE  // 3.45; older versions ignore the bit
#define SQLITE_RESULT_SUBTYPE 0x001000000
#endif

namespace vecgraph {

constexpr int kLeastSqlite = 3034000;

// sqlite3_vtab_in, sqlite3_vtab_rhs_value and the LIMIT and OFFSET constraints.
inline bool HasVtabIn() { return sqlite3_libversion_number() >= 3038000; }

// sqlite3_total_changes64.
inline bool HasTotalChanges64() { return sqlite3_libversion_number() >= 3037000; }

}  // namespace vecgraph
