// graph_k_shortest_paths(edge_table, source, target [, weight_col, direction, max_depth, k, types,
//                        src_col, dst_col, type_col, edge_id_col, node_table, id_col, null_weight,
//                        simple])
//
// The k cheapest paths from a node to another, a row for each node of each.
//
//   SELECT path_id, node, cost FROM graph_k_shortest_paths('roads', 'home', 'work', 'km')
//   WHERE k = 3 AND simple = 1;
//   -- three ways to work that differ in the places on the way
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table, source, target, weight_col, direction, max_depth, types, src_col, dst_col,
//   type_col, edge_id_col, node_table, id_col, null_weight  as those of graph_shortest_path
//   k           how many paths (3)
//   simple      as that of graph_all_shortest_paths
//
// ROWS come by path_id, from 1, then step, from 0. Paths come by cost, then number of edges; of the
// same, those that first go to a smaller id, or along a smaller edge id: the first is the path of
// graph_shortest_path. No path visits a node twice. Fewer than k: there are no more.
//
// HOW IT WORKS: Yen's algorithm (graph/yen.h), each of its searches led by what the first one
// learnt about the way to the target. Every further path takes as many searches as it has edges.
#include <array>

#include "graph/yen.h"
#include "sqlapi/graph_routes.h"

namespace vecgraph {
namespace {

Status ListBest(const RouteTask& task, uint64_t count, std::vector<Route>* routes, bool*) {
  return ListCheapest(task.links, task.search, task.source, count, task.least, task.most, routes);
}

Status RunKShortestPaths(GraphCall* call) {
  uint64_t k = 3;
  Status status = call->Count("k", &k);
  return status.ok() ? RunRoutes(call, RouteRows::kPathId, k, ListBest) : std::move(status);
}

constexpr std::array<const char*, 16> kArguments = {
    "edge_table", "source", "target",      "weight_col", "direction", "max_depth",
    "k",          "types",  "src_col",     "dst_col",    "type_col",  "edge_id_col",
    "node_table", "id_col", "null_weight", "simple"};

constexpr std::array<int, 2> kOrder = {0, 1};  // path_id, step
constexpr std::array<GraphBound, 1> kBounds = {{{0, "k"}}};

constexpr GraphFunction kKShortestPaths = {
    "graph_k_shortest_paths",
    "graph_k_shortest_paths(edge_table, source, target [, weight_col, direction, max_depth, k, "
    "...])",
    "path_id INTEGER, step INTEGER, node, edge_id, cost REAL",
    5,
    kArguments,
    3,
    0,
    -1,
    50,
    RunKShortestPaths,
    kOrder,
    kBounds};

}  // namespace

ModuleDef GraphKShortestPathsModule() { return GraphModule<kKShortestPaths>(); }

}  // namespace vecgraph
