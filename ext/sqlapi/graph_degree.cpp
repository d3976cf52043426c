// graph_degree(edge_table [, weight_col, types, src_col, dst_col, type_col, node_table, id_col,
//              null_weight, simple])
//
// How many edges every node has.
//
//   SELECT node, in_degree FROM graph_degree('edges') ORDER BY in_degree DESC LIMIT 10;
//   -- what most others point to
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   weight_col, null_weight  as those of graph_distances
//   types, src_col, dst_col, type_col, node_table, id_col  as those of graph_bfs
//   simple      1: without edges from a node to itself, and parallel ones as one, that of least
//               weight; 0 (default)
//
// degree is in_degree + out_degree: an edge from a node to itself counts in both. Parallel edges
// all count. in_weight and out_weight are sums of weight_col, of 1 for each edge without it.
// ROWS come by node.
#include <array>

#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kInDegree, kOutDegree, kDegree, kInWeight, kOutWeight };

class DegreeRows final : public GraphRows {
 public:
  std::shared_ptr<const Graph> graph;
  const Adjacency* in = nullptr;

  size_t size() const override { return graph->size(); }
  void Column(sqlite3_context* ctx, size_t row, int column) const override {
    const auto node = static_cast<uint32_t>(row);
    const Adjacency& out = graph->out;
    double sum = 0;
    switch (column) {
      case kNode:
        return graph->ids[node].Result(ctx);
      case kInDegree:
        return sqlite3_result_int64(ctx, in->degree(node));
      case kOutDegree:
        return sqlite3_result_int64(ctx, out.degree(node));
      case kDegree:
        return sqlite3_result_int64(ctx, int64_t{in->degree(node)} + out.degree(node));
      case kInWeight:
        for (uint32_t i = in->begin(node); i < in->end(node); ++i) {
          sum += graph->weight(in->slots[i]);
        }
        return sqlite3_result_double(ctx, sum);
      default:
        for (uint32_t slot = out.begin(node); slot < out.end(node); ++slot) {
          sum += graph->weight(slot);
        }
        return sqlite3_result_double(ctx, sum);
    }
  }
};

Status RunDegree(GraphCall* call) {
  auto rows = std::make_unique<DegreeRows>();
  EdgeReader reader(call->db(), &call->connection()->graphs);
  Status status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph);
  if (status.ok()) status = rows->graph->In(reader.poll(), &rows->in);
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 10> kArguments = {
    "edge_table", "weight_col", "types",  "src_col",     "dst_col",
    "type_col",   "node_table", "id_col", "null_weight", "simple"};

constexpr GraphFunction kDegreeFunction = {
    "graph_degree",
    "graph_degree(edge_table [, weight_col, types, src_col, dst_col, type_col, node_table, ...])",
    "node, in_degree INTEGER, out_degree INTEGER, degree INTEGER, in_weight REAL, out_weight REAL",
    6,
    kArguments,
    1,
    kNode,
    -1,
    100000,
    RunDegree};

}  // namespace

ModuleDef GraphDegreeModule() { return GraphModule<kDegreeFunction>(); }

}  // namespace vecgraph
