// Depth: counts the searches that run inside one another. A view may search itself, without end.
// Threads: as the connection.
#pragma once

#include "sqlapi/connection.h"

namespace vecgraph {

constexpr const char* kTooDeep =
    "more than 10 searches inside one another; does a view search itself?";

class Depth {
 public:
  explicit Depth(Connection* connection) : connection_(connection) { ++connection_->search_depth; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;
  ~Depth() { --connection_->search_depth; }

  bool TooDeep() const { return connection_->search_depth > 10; }

 private:
  Connection* connection_;
};

}  // namespace vecgraph
