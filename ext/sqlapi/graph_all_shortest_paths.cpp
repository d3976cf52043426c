// graph_all_shortest_paths(edge_table, source, target [, weight_col, direction, max_depth,
//                          max_paths, types, src_col, dst_col, type_col, edge_id_col, node_table,
//                          id_col, null_weight, simple])
//
// Every cheapest path from a node to another, a row for each node of each.
//
//   SELECT path_id, step, node FROM graph_all_shortest_paths('edges', 'a', 'z');
//   SELECT count(DISTINCT path_id) FROM graph_all_shortest_paths('roads', 'home', 'work', 'km');
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table, source, target, weight_col, direction, max_depth, types, src_col, dst_col,
//   type_col, edge_id_col, node_table, id_col, null_weight  as those of graph_shortest_path
//   max_paths   at most so many paths (1000); last_cut of graph_stats is 1 if there are more
//   simple      0 (default): each of several parallel edges makes a path of its own; 1: of parallel
//               edges only the cheapest counts, then the smallest id
//
// ROWS come by path_id, from 1, then step, from 0. Paths come by number of edges; of the same
// number, those that first go to a smaller id, or along a smaller edge id: the first is the path of
// graph_shortest_path. No path visits a node twice, also where edges cost nothing. edge_id and cost
// are those of graph_shortest_path.
//
// HOW IT WORKS: as graph_shortest_path; then all ways through the edges that cheapest paths use
// (graph/all_cheapest.h).
#include <array>

#include "graph/all_cheapest.h"
#include "sqlapi/graph_routes.h"

namespace vecgraph {
namespace {

Status ListAll(const RouteTask& task, uint64_t count, std::vector<Route>* routes, bool* more) {
  return ListAllCheapest(task.links, task.search, task.source, task.target, task.least, count,
                         task.stop, routes, more);
}

Status RunAllShortestPaths(GraphCall* call) {
  uint64_t count = 1000;
  Status status = call->Count("max_paths", &count);
  return status.ok() ? RunRoutes(call, RouteRows::kPathId, count, ListAll) : std::move(status);
}

constexpr std::array<const char*, 16> kArguments = {
    "edge_table", "source", "target",      "weight_col", "direction", "max_depth",
    "max_paths",  "types",  "src_col",     "dst_col",    "type_col",  "edge_id_col",
    "node_table", "id_col", "null_weight", "simple"};

constexpr std::array<int, 2> kOrder = {0, 1};  // path_id, step
constexpr std::array<GraphBound, 1> kBounds = {{{0, "max_paths"}}};

constexpr GraphFunction kAllShortestPaths = {
    "graph_all_shortest_paths",
    "graph_all_shortest_paths(edge_table, source, target [, weight_col, direction, max_depth, "
    "max_paths, ...])",
    "path_id INTEGER, step INTEGER, node, edge_id, cost REAL",
    5,
    kArguments,
    3,
    0,
    -1,
    50,
    RunAllShortestPaths,
    kOrder,
    kBounds};

}  // namespace

ModuleDef GraphAllShortestPathsModule() { return GraphModule<kAllShortestPaths>(); }

}  // namespace vecgraph
