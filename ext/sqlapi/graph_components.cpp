// graph_components(edge_table [, kind, node_table, types, src_col, dst_col, type_col, id_col])
//
// Which nodes hang together: every node with the smallest id of its component and the size of that.
//
//   SELECT component, count(*) FROM graph_components('edges') GROUP BY component;
//   -- the islands of the graph
//   SELECT component, node FROM graph_components('edges', 'strong') WHERE size > 1;
//   -- the nodes on a cycle
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   kind        weak (default): by any path, whichever way its edges point; strong: there and back
//   node_table, id_col  nodes that exist without an edge; id_col: id
//   types, src_col, dst_col, type_col  as those of graph_bfs
//
// ROWS come by node.
#include <array>

#include "graph/components.h"
#include "graph/stop.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kComponent, kSize };

class ComponentRows final : public GraphRows {
 public:
  std::shared_ptr<const Graph> graph;
  std::vector<uint32_t> component;
  std::vector<uint32_t> sizes;  // by component

  size_t size() const override { return component.size(); }
  void Column(sqlite3_context* ctx, size_t node, int column) const override {
    switch (column) {
      case kNode:
        return graph->ids[node].Result(ctx);
      case kComponent:
        return graph->ids[component[node]].Result(ctx);
      default:
        return sqlite3_result_int64(ctx, sizes[component[node]]);
    }
  }
};

Status RunComponents(GraphCall* call) {
  static constexpr const char* kKinds[] = {"weak", "strong"};
  int kind = 0;
  auto rows = std::make_unique<ComponentRows>();
  Status status = call->Choice("kind", kKinds, &kind);
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph);
  if (!status.ok()) return status;
  status = kind == 0 ? WeakComponents(*rows->graph, reader.poll(), &rows->component)
                     : StrongComponents(*rows->graph, reader.poll(), &rows->component);
  if (!status.ok()) return status;
  rows->sizes.assign(rows->component.size(), 0);
  Stop stop(reader.poll());
  for (const uint32_t component : rows->component) {
    ++rows->sizes[component];
    if (stop.After(2)) return stop.status();
  }
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 8> kArguments = {"edge_table", "kind",    "node_table", "types",
                                                   "src_col",    "dst_col", "type_col",   "id_col"};

constexpr GraphFunction kComponents = {
    "graph_components",
    "graph_components(edge_table [, kind, node_table, types, src_col, dst_col, type_col, id_col])",
    "node, component, size INTEGER",
    3,
    kArguments,
    1,
    kNode,
    -1,
    100000,
    RunComponents};

}  // namespace

ModuleDef GraphComponentsModule() { return GraphModule<kComponents>(); }

}  // namespace vecgraph
