// LoadGraph: reads all edges of a source into a Graph, in one pass.
//
// Rows without a source or a target are counted and left out. A weight must be a number that is
// finite and not negative; NULL is what `null_weight` says. An error names the row.
// Threads: as the connection.
#pragma once

#include <string>

#include "graph/edge_source.h"
#include "graph/graph.h"

namespace vecgraph {

// `types` is what EdgeRequest has, `largest_rowid` about how many edges there are, or 0. REQUIRES:
// CreateRowFeed().
Status LoadGraph(sqlite3* db, const EdgeSource& source, const NodeSource& nodes,
                 const std::string& types, const NullWeight& null_weight, int64_t largest_rowid,
                 const StopPoll& poll, Graph* graph);

// The weight of an edge; `*skip`: it is to be left out. `number` is that of the row, from 1, for an
// edge without an id.
Status ReadWeight(const EdgeSource& source, const NullWeight& null_weight, sqlite3_value* value,
                  const ValueRef& edge_id, int64_t number, double* weight, bool* skip);

}  // namespace vecgraph
