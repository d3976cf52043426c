// graph_kcore(edge_table [, types, src_col, dst_col, type_col, node_table, id_col])
//
// How deep in the graph every node lies: the k-core is the largest part in which every node has at
// least k neighbours, and `core` is the largest k whose core the node is in.
//
//   SELECT node FROM graph_kcore('edges') WHERE core >= 5;
//   -- the 5-core: what is left when nodes with fewer than 5 neighbours are taken away, again and
//   -- again
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   types, src_col, dst_col, type_col, node_table, id_col  as those of graph_bfs
//
// Edges count whichever way they point, parallel ones once, from a node to itself not at all.
// ROWS come by node.
#include <array>

#include "graph/kcore.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kCore };

class CoreRows final : public GraphRows {
 public:
  std::shared_ptr<const Graph> graph;
  std::vector<uint32_t> cores;

  size_t size() const override { return cores.size(); }
  void Column(sqlite3_context* ctx, size_t node, int column) const override {
    if (column == kNode) return graph->ids[node].Result(ctx);
    sqlite3_result_int64(ctx, cores[node]);
  }
};

Status RunKcore(GraphCall* call) {
  auto rows = std::make_unique<CoreRows>();
  EdgeReader reader(call->db(), &call->connection()->graphs);
  Status status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph);
  if (status.ok()) status = CoreNumbers(*rows->graph, reader.poll(), &rows->cores);
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 7> kArguments = {"edge_table", "types",      "src_col", "dst_col",
                                                   "type_col",   "node_table", "id_col"};

constexpr GraphFunction kKcore = {
    "graph_kcore",
    "graph_kcore(edge_table [, types, src_col, dst_col, type_col, node_table, id_col])",
    "node, core INTEGER",
    2,
    kArguments,
    1,
    kNode,
    -1,
    100000,
    RunKcore};

}  // namespace

ModuleDef GraphKcoreModule() { return GraphModule<kKcore>(); }

}  // namespace vecgraph
