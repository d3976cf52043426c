// TopkFunction: a table function that searches one source, and the virtual table that vec_topk and
// vec_mmr are.
//
// HOW IT WORKS
//   xFilter does the whole search with one statement of its own, copies the results and resets the
//   statement (topk_search.h). Nothing is kept locked between rows. A search that the same
//   statement repeats (as the inner side of a join) is answered from the copy while the table is
//   unchanged.
//
// THE COLUMNS are id, score, distance, rank, then the arguments of topk_arguments.h, hidden, and of
// a diverse function mmr.
//
// THE PLAN is idxNum 1 when the statement reads the id column, else 0, and a string that names what
// xFilter receives, in order, separated by commas: argument names, then
//   "rowid in" / "id in"  the right side of an IN, taken whole (SQLite 3.38)
//   "rowid =" / "id ="    the same for older versions, which do not tell IN from =
//   "limit", "offset"     size the heap, never cut the result
// and ends in "; ordered" when the rows come in the order that the statement asks for.
// Threads: as the connection.
#pragma once

#include "sqlapi/registry.h"

namespace vecgraph {

struct TopkFunction {
  const char* name;
  const char* usage;
  bool is_diverse;  // picks by maximal marginal relevance, with the arguments for it
};

using TopkConnect = int (*)(sqlite3*, void*, int, const char* const*, sqlite3_vtab**, char**);
int ConnectTopk(const TopkFunction& function, sqlite3* db, void* user, sqlite3_vtab** out);
sqlite3_module TopkModuleOf(TopkConnect connect);

// The module of a function; its xConnect is the only callback that knows which it is.
template <const TopkFunction& function>
ModuleDef TopkModule() {
  static const sqlite3_module kModule =
      TopkModuleOf([](sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out,
                      char**) { return ConnectTopk(function, db, user, out); });
  return {function.name, &kModule, false};
}

}  // namespace vecgraph
