// What our functions hand to our table functions behind SQL's back: typed pointers, which SQL sees
// as NULL, cannot forge and cannot store.
#pragma once

#include "base/id_set.h"
#include "base/sqlite.h"
#include "base/value.h"

namespace vecgraph {

inline constexpr char kRowidsPointer[] = "vecgraph_rowids";  // an IdSet, from vec_ids()
inline constexpr char kQueryPointer[] = "vecgraph_query";    // a C string, from db_query()

inline const IdSet* RowidsOf(sqlite3_value* value) {
  return static_cast<const IdSet*>(sqlite3_value_pointer(value, kRowidsPointer));
}

inline const char* QueryOf(sqlite3_value* value) {
  return static_cast<const char*>(sqlite3_value_pointer(value, kQueryPointer));
}

}  // namespace vecgraph
