// graph_leiden(edge_table [, resolution, seed, max_levels, weight_col, types, src_col, dst_col,
//              type_col, node_table, id_col, null_weight, simple, all_levels])
//
// Communities: groups of nodes with more edges within than chance would have it, by Leiden's
// method. Each is connected.
//
//   CREATE TABLE community AS SELECT node, community FROM graph_leiden('edges') WHERE seed = 42;
//   SELECT level, community, node FROM graph_leiden('edges') WHERE all_levels = 1;
//   -- and the smaller groups of which they are made
//
// Arguments and rows are those of graph_communities.h, the measure that is made as high as possible
// that of graph/modularity.h: edges count either way, parallel ones add, an edge from a node to
// itself is part of that node's weight.
#include "graph/leiden.h"

#include "sqlapi/graph_communities.h"

namespace vecgraph {
namespace {

Status RunLeiden(GraphCall* call) { return RunCommunities(call, Leiden); }

constexpr GraphFunction kLeiden = {
    "graph_leiden",
    "graph_leiden(edge_table [, resolution, seed, max_levels, weight_col, types, ...])",
    kCommunityColumns,
    3,
    kCommunityArguments,
    1,
    0,
    -1,
    100000,
    RunLeiden};

}  // namespace

ModuleDef GraphLeidenModule() { return GraphModule<kLeiden>(); }

}  // namespace vecgraph
