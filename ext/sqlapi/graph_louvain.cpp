// graph_louvain(edge_table [, resolution, seed, max_levels, weight_col, types, src_col, dst_col,
//               type_col, node_table, id_col, null_weight, simple, all_levels])
//
// Communities: groups of nodes with more edges within than chance would have it, by Louvain's
// method. graph_leiden finds better ones; this one is there to compare with.
//
//   SELECT community, count(*) FROM graph_louvain('edges') GROUP BY community ORDER BY 2 DESC;
//   -- the groups that the nodes form, the largest first
//
// Arguments and rows are those of graph_communities.h, the measure that is made as high as possible
// that of graph/modularity.h: edges count either way, parallel ones add, an edge from a node to
// itself is part of that node's weight. A community may be of parts that no edge connects.
// A level ends with a turn that moves no more than one node in 64: more of them hardly gain. After
// the last level all is done once more from its communities on, unless max_levels is reached;
// earlier levels are divided by what comes out, so they lie within it.
#include "graph/louvain.h"

#include "sqlapi/graph_communities.h"

namespace vecgraph {
namespace {

Status RunLouvain(GraphCall* call) { return RunCommunities(call, Louvain); }

constexpr GraphFunction kLouvain = {
    "graph_louvain",
    "graph_louvain(edge_table [, resolution, seed, max_levels, weight_col, types, ...])",
    kCommunityColumns,
    3,
    kCommunityArguments,
    1,
    0,
    -1,
    100000,
    RunLouvain};

}  // namespace

ModuleDef GraphLouvainModule() { return GraphModule<kLouvain>(); }

}  // namespace vecgraph
