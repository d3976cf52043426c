// Connection: what the library keeps per database connection.
//
// It holds no statements but those of the cache, which is emptied when the last virtual table that
// uses it is disconnected: SQLite does that before it closes the connection. Every registered
// function and module holds one reference; the last destructor frees it. Threads: used only while
// its connection is in use.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "base/sqlite.h"
#include "base/workers.h"
#include "graph/graph_cache.h"
#include "kernel/kernels.h"
#include "scan/search.h"
#include "scan/table_cache.h"
#include "vector/vector.h"

namespace vecgraph {

// The last text that was parsed into a vector, so that a JSON query that is not a constant of the
// statement (a subquery, a joined column) is parsed once per distinct value in a row.
struct ParsedText {
  ElementType type = ElementType::kFloat32;
  std::string text;
  std::shared_ptr<const Vector> vector;
};

// What the last graph function of a connection did.
struct GraphReport {
  const char* function = nullptr;  // null: there was none
  const char* reader = "";         // lookup, cache, load
  int64_t edges = 0;               // touched by look-ups, or of the graph
  double missing = 0;              // score that push left undistributed
  std::optional<bool> converged;   // of a function that works in rounds
  bool cut = false;                // there are more rows than the call allowed
};

struct Connection {
  sqlite3* db = nullptr;
  const KernelTable* kernel = nullptr;  // never null
  int threads = DefaultThreads();
  TableCache cache;
  GraphCache graphs{&cache.memory()};
  GraphReport last_graph;
  SearchReport last_scan;
  int search_depth = 0;  // searches that run inside one another, through views and queries
  std::array<ParsedText, 2> parsed;  // by argument: first and second vector
  int references = 0;
};

inline Connection& ConnectionOf(sqlite3_context* ctx) {
  return *static_cast<Connection*>(sqlite3_user_data(ctx));
}

}  // namespace vecgraph
