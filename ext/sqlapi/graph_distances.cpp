// graph_distances(edge_table, start [, weight_col, max_cost, direction, types, src_col, dst_col,
//                 type_col, edge_id_col, node_table, id_col, null_weight])
//
// The nodes that can be reached from `start`, each at its least cost.
//
//   SELECT node, cost FROM graph_distances('roads', 'home', 'km') WHERE max_cost = 20;
//   -- every place within 20 km by road, home itself at 0
//   SELECT node, hops FROM graph_distances('edges', '["a","b"]');
//   -- without weight_col every edge costs 1; from the nearer of two nodes
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table, start, direction, types, src_col, dst_col, type_col, edge_id_col, node_table,
//   id_col      as those of graph_bfs
//   weight_col  the column with the cost of each edge: a finite number of 0 or more. That a node is
//               reached only at more than a double holds is an error
//   max_cost    only nodes at this cost or less
//   null_weight an edge whose weight is NULL: 'error' (default), 'skip', or a number
//
// ROWS come by cost, then hops, then node. `cost <= 20` in WHERE is as good as max_cost = 20, and a
// LIMIT ends the search. Of
// several paths of the same cost the one with the fewest edges counts, then the smallest parent,
// then the smallest edge id. parent and edge_id of a start are NULL.
//
// HOW IT WORKS: Dijkstra's algorithm (graph/dijkstra.h), by index look-ups while few edges are
// touched, else on the whole graph in memory; the rows are the same.
#include <array>

#include "graph/dijkstra.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kCost, kHops, kParent, kEdgeId };

class DistanceRows final : public GraphRows {
 public:
  std::vector<PathRow> rows;
  std::shared_ptr<const WalkIds> ids;

  size_t size() const override { return rows.size(); }
  void Column(sqlite3_context* ctx, size_t i, int column) const override {
    const PathRow& row = rows[i];
    switch (column) {
      case kNode:
        return ids->id(row.node).Result(ctx);
      case kCost:
        return sqlite3_result_double(ctx, row.cost);
      case kHops:
        return sqlite3_result_int64(ctx, row.hops);
      case kParent:
        if (row.parent != kNoNode) ids->id(row.parent).Result(ctx);
        return;
      default:
        if (row.parent != kNoNode) ids->edge_id(row.edge).Result(ctx);
    }
  }
};

Status RunDistances(GraphCall* call) {
  PathLimits limits;
  limits.rows = call->wanted();
  Direction direction = Direction::kOut;
  Status status = call->Real("max_cost", 0, limits.cost, &limits.cost);
  if (status.ok()) status = call->ReadDirection(&direction);
  if (!status.ok()) return status;
  return call->WalkFromStart<DistanceRows>(
      direction, [&](auto* walk, const std::vector<uint32_t>& roots, const StopPoll& poll,
                     auto* rows) { return Dijkstra(walk, roots, limits, poll, rows); });
}

constexpr std::array<const char*, 13> kArguments = {
    "edge_table", "start",    "weight_col",  "max_cost",   "direction", "types",      "src_col",
    "dst_col",    "type_col", "edge_id_col", "node_table", "id_col",    "null_weight"};

constexpr std::array<int, 3> kOrder = {kCost, kHops, kNode};
constexpr std::array<GraphBound, 1> kBounds = {{{kCost, "max_cost"}}};

constexpr GraphFunction kDistances = {
    "graph_distances",
    "graph_distances(edge_table, start [, weight_col, max_cost, direction, types, ...])",
    "node, cost REAL, hops INTEGER, parent, edge_id",
    5,
    kArguments,
    2,
    kCost,
    -1,
    1000,
    RunDistances,
    kOrder,
    kBounds,
    true};

}  // namespace

ModuleDef GraphDistancesModule() { return GraphModule<kDistances>(); }

}  // namespace vecgraph
