// RouteRows: paths as rows, a row for each of their nodes; and what the functions that find
// cheapest paths have in common. Threads: as the connection.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "graph/meet.h"
#include "graph/route.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {

class RouteRows final : public GraphRows {
 public:
  enum Field { kPathId, kStep, kNode, kEdgeId, kCost };

  // `first`: the column that the function's first one is.
  explicit RouteRows(Field first) : first_(first) {}

  std::shared_ptr<const WalkIds> ids;

  void Clear() { rows_.clear(), paths_ = 0; }
  // Begins a path; then each link of it.
  void Begin(uint32_t source);
  void Add(const Link& link, double cost);

  size_t size() const override { return rows_.size(); }
  void Column(sqlite3_context* ctx, size_t i, int column) const override;

 private:
  struct Row {
    uint32_t path;
    uint32_t step;
    uint32_t node;
    uint32_t edge;
    double cost;
  };

  int first_;
  std::vector<Row> rows_;
  uint32_t paths_ = 0;
};

// What a function does with a source and a target that have been found. `least`: what the cheapest
// path costs, but for rounding; `most`: what max_depth allows. There is a path.
struct RouteTask {
  Links* links;
  RouteSearch* search;
  uint32_t source;
  uint32_t target;
  double least;
  double most;
  Stop* stop;
};
using ListRoutes = Status (*)(const RouteTask& task, uint64_t count, std::vector<Route>* routes,
                              bool* more);

// Runs a function of the arguments (edge_table, source, target, weight_col, direction, max_depth,
// ...) that lists `count` paths. Of a function for one path `list` is not asked where the edges are
// in memory and cost 1.
Status RunRoutes(GraphCall* call, RouteRows::Field first, uint64_t count, ListRoutes list);

}  // namespace vecgraph
