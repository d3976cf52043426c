// graph_toposort(edge_table [, direction, types, src_col, dst_col, type_col, node_table, id_col,
//                simple])
//
// An order in which every node comes after all that point to it, as of tasks and what they wait
// for.
//
//   SELECT node, level FROM graph_toposort('edges');
//   SELECT level, count(*) FROM graph_toposort('needs', 'in') GROUP BY level;
//   -- of edges from a package to what it needs: what can be built at once, round after round
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   direction   out (default): a source comes before its targets; in: after them
//   types, src_col, dst_col, type_col, node_table, id_col  as those of graph_bfs
//   simple      1: edges from a node to itself are left out; 0 (default): they are cycles
//
// level is the length of the longest path that ends at the node, 0 if nothing points to it. Edges
// that make a cycle are an error that shows one: SELECT node, component FROM
// graph_components('edges', 'strong') WHERE size > 1 shows all nodes on cycles.
// ROWS come by level, then node, which is such an order.
#include <array>

#include "graph/toposort.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kLevel };

class OrderRows final : public GraphRows {
 public:
  std::shared_ptr<const Graph> graph;
  TopologicalOrder order;

  size_t size() const override { return order.nodes.size(); }
  void Column(sqlite3_context* ctx, size_t row, int column) const override {
    const uint32_t node = order.nodes[row];
    if (column == kNode) return graph->ids[node].Result(ctx);
    sqlite3_result_int64(ctx, order.levels[node]);
  }
};

Status CycleError(const Graph& graph, const std::vector<uint32_t>& cycle) {
  constexpr size_t kMost = 8;
  if (cycle.size() == 1) {
    return Status::Error(Format("an edge leads from %s to itself; simple = 1 leaves such edges out",
                                graph.ids[cycle[0]].Label().c_str()));
  }
  std::string shown;
  for (size_t i = 0; i < cycle.size() && i < kMost; ++i) {
    shown += graph.ids[cycle[i]].Label() + " -> ";
  }
  if (cycle.size() > kMost) shown += Format("(%zu more) -> ", cycle.size() - kMost);
  shown += graph.ids[cycle[0]].Label();
  return Status::Error(
      Format("the edges make a cycle: %s; graph_components(..., 'strong') shows what is on cycles",
             shown.c_str()));
}

Status RunToposort(GraphCall* call) {
  Direction direction = Direction::kOut;
  auto rows = std::make_unique<OrderRows>();
  Status status = call->ReadDirection(&direction);
  if (status.ok() && direction == Direction::kBoth) {
    status = Status::Error("direction must be 'out' or 'in': either way every edge is a cycle");
  }
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph);
  if (status.ok()) {
    status =
        SortTopologically(*rows->graph, direction == Direction::kIn, reader.poll(), &rows->order);
  }
  if (!status.ok()) return status;
  if (!rows->order.cycle.empty()) return CycleError(*rows->graph, rows->order.cycle);
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 9> kArguments = {"edge_table", "direction", "types",
                                                   "src_col",    "dst_col",   "type_col",
                                                   "node_table", "id_col",    "simple"};

constexpr GraphFunction kToposort = {
    "graph_toposort",
    "graph_toposort(edge_table [, direction, types, src_col, dst_col, type_col, node_table, ...])",
    "node, level INTEGER",
    2,
    kArguments,
    1,
    kLevel,
    -1,
    100000,
    RunToposort};

}  // namespace

ModuleDef GraphToposortModule() { return GraphModule<kToposort>(); }

}  // namespace vecgraph
