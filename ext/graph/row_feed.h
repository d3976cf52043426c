// FeedRows: hands every row of a query to a sink, without a step for each.
//
// An aggregate function of our own, which SQLite calls with each row's values, saves what stepping
// a statement and asking for its columns costs: 40 % of reading a table of integers. Nobody else
// can use it: it works only with the pointer that this file binds.
// Threads: as the connection.
#pragma once

#include <string>

#include "base/statement.h"

namespace vecgraph {

class RowSink {
 public:
  RowSink() = default;
  RowSink(const RowSink&) = delete;
  RowSink& operator=(const RowSink&) = delete;
  // What it returns ends the reading if it is an error. May throw std::bad_alloc.
  virtual Status Row(sqlite3_value** values) = 0;

 protected:
  ~RowSink() = default;
};

// The function's name; its first argument is the pointer.
inline constexpr const char* kRowFeed = "vecgraph_rows";

// Makes the function known to a connection. REQUIRES: once for each.
Status CreateRowFeed(sqlite3* db);

// Runs `statement`, "SELECT vecgraph_rows(?1, ...) FROM ...". `what` is being done, for messages;
// an error of the sink is returned as it is.
Status FeedRows(Statement* statement, const std::string& what, RowSink* sink);

}  // namespace vecgraph
