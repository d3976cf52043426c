// LoadGraph: reads all edges of a source into a Graph, in one pass.
//
// Rows without a source or a target are counted and left out. A weight must be a number that is
// finite and not negative; NULL is what `null_weight` says. An error names the row.
// Threads: as the connection.
#pragma once

#include "base/statement.h"
#include "graph/edge_source.h"
#include "graph/graph.h"

namespace vecgraph {

// A statement that has been stepped once: `code` is what that gave.
struct Stepped {
  Statement* statement = nullptr;
  int code = SQLITE_DONE;
};

// `edges` is of EdgeSource::ScanSql(), `nodes` of NodeSource::sql, or has no statement. Both are at
// their end afterwards, or where the error is.
Status LoadGraph(sqlite3* db, const EdgeSource& source, const NullWeight& null_weight,
                 Stepped edges, Stepped nodes, const StopPoll& poll, Graph* graph);

// The weight of an edge; `*skip`: it is to be left out. `number` is that of the row, from 1, for an
// edge without an id.
Status ReadWeight(const EdgeSource& source, const NullWeight& null_weight, sqlite3_value* value,
                  const ValueRef& edge_id, int64_t number, double* weight, bool* skip);

}  // namespace vecgraph
