// graph_shortest_path(edge_table, source, target [, weight_col, direction, max_depth, types,
//                     src_col, dst_col, type_col, edge_id_col, node_table, id_col, null_weight])
//
// One cheapest path from a node to another, a row for each of its nodes.
//
//   SELECT step, node, cost FROM graph_shortest_path('roads', 'home', 'work', 'km');
//   -- 0|home|0.0, then every place on the way, then work
//   SELECT group_concat(node, ' > ') FROM (SELECT node FROM
//     graph_shortest_path('edges', 'a', 'z') WHERE direction = 'both' ORDER BY step);
//   -- how two nodes hang together
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table, direction, types, src_col, dst_col, type_col, edge_id_col, node_table, id_col
//               as those of graph_bfs
//   source, target  one id each; NULL: no rows
//   weight_col, null_weight  as those of graph_distances; without, every edge costs 1
//   max_depth   only paths of at most so many edges; not with weight_col
//
// ROWS come by step, from 0 at the source. edge_id is the edge that leads to the node, NULL at the
// source; cost is that of the path so far. No rows: there is no path. One row: source is target. Of
// several cheapest paths the one with the fewest edges is chosen, then the one that first goes to a
// smaller id, or along a smaller edge id. graph_k_shortest_paths goes on from there.
//
// HOW IT WORKS: from both ends at once, by number of edges or by cost, until the two searches meet;
// then from the source to the target among the nodes near a cheapest path (graph/route.h;
// graph/fewest_edges.h if the edges are in memory and cost 1). By index look-ups while few edges
// are touched, else on the whole graph in memory; the rows are the same.
#include <array>

#include "sqlapi/graph_routes.h"

namespace vecgraph {
namespace {

Status ListOne(const RouteTask& task, uint64_t, std::vector<Route>* routes, bool*) {
  RouteSearch::Spur spur;
  spur.node = task.source;
  double cost = 0;
  Status status = task.search->Search(spur, task.least, false, &cost);
  if (!status.ok() || cost == CostSearch::kNever) return status;
  routes->emplace_back();
  return task.search->Trace(spur, &routes->back());
}

Status RunShortestPath(GraphCall* call) { return RunRoutes(call, RouteRows::kStep, 1, ListOne); }

constexpr std::array<const char*, 14> kArguments = {
    "edge_table", "source",  "target",   "weight_col",  "direction",  "max_depth", "types",
    "src_col",    "dst_col", "type_col", "edge_id_col", "node_table", "id_col",    "null_weight"};

constexpr GraphFunction kShortestPath = {
    "graph_shortest_path",
    "graph_shortest_path(edge_table, source, target [, weight_col, direction, max_depth, ...])",
    "step INTEGER, node, edge_id, cost REAL",
    4,
    kArguments,
    3,
    0,
    -1,
    10,
    RunShortestPath};

}  // namespace

ModuleDef GraphShortestPathModule() { return GraphModule<kShortestPath>(); }

}  // namespace vecgraph
