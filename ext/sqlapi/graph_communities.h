// What graph_louvain and graph_leiden have in common: arguments and rows.
//
// ARGUMENTS of both, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   resolution  1: the larger, the smaller the communities; 0 or more
//   seed        0: another one looks at the nodes in another order, and may find other communities
//   max_levels  do not join communities to larger ones more often than that
//   weight_col, null_weight  as those of graph_distances; without, every edge weighs 1
//   types, src_col, dst_col, type_col  as those of graph_bfs
//   node_table, id_col  nodes that exist without an edge: each is a community
//   simple      1: without edges from a node to itself, and edges between the same two nodes as
//   one,
//               that of least weight
//   all_levels  1: the rows of every level, not of the last alone
//
// `community` is the smallest id in it. `level` is 1 for the communities that nodes make, 2 for
// those that these make, and so on; 0 if nothing joins.
// ROWS come by node, those of a node by level.
#pragma once

#include <array>

#include "graph/modularity.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {

inline constexpr std::array<const char*, 14> kCommunityArguments = {
    "edge_table", "resolution", "seed",       "max_levels", "weight_col",  "types",  "src_col",
    "dst_col",    "type_col",   "node_table", "id_col",     "null_weight", "simple", "all_levels"};

inline constexpr const char* kCommunityColumns = "node, community, level INTEGER";

using FindCommunities = Status (*)(const Graph&, const CommunityOptions&, const StopPoll&,
                                   CommunityLevels*);

Status RunCommunities(GraphCall* call, FindCommunities find);

}  // namespace vecgraph
