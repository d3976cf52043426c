// graph_triangles(edge_table [, direction, types, src_col, dst_col, type_col, node_table, id_col])
//
// How closely the neighbours of every node are knit.
//
//   SELECT sum(triangles) / 3, avg(clustering) FROM graph_triangles('edges');
//   -- the triangles of the graph, and the average clustering coefficient
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   direction   both (default): clustering is the share of pairs of neighbours that are neighbours:
//               2 * triangles / (degree * (degree - 1)), that of networkx. out, in: edges from one
//               neighbour to another, of the degree * (degree - 1) that could be, that of
//               Graphalytics
//   types, src_col, dst_col, type_col, node_table, id_col  as those of graph_bfs
//
// degree is the number of neighbours, triangles that of pairs of them that are neighbours. Edges
// make neighbours whichever way they point, parallel ones once, from a node to itself not.
// clustering is 0 with fewer than two neighbours.
// ROWS come by node.
#include <array>

#include "graph/triangles.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kTriangles, kDegree, kClustering };

class TriangleRows final : public GraphRows {
 public:
  std::shared_ptr<const Graph> graph;
  TriangleCounts counts;

  size_t size() const override { return counts.degrees.size(); }
  void Column(sqlite3_context* ctx, size_t node, int column) const override {
    switch (column) {
      case kNode:
        return graph->ids[node].Result(ctx);
      case kTriangles:
        return sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(counts.triangles[node]));
      case kDegree:
        return sqlite3_result_int64(ctx, counts.degrees[node]);
      default:
        return sqlite3_result_double(ctx, Clustering(node));
    }
  }

 private:
  double Clustering(size_t node) const {
    const double degree = counts.degrees[node];
    const auto joined =
        static_cast<double>(counts.arcs.empty() ? 2 * counts.triangles[node] : counts.arcs[node]);
    return degree < 2 ? 0 : joined / (degree * (degree - 1));
  }
};

Status RunTriangles(GraphCall* call) {
  Direction direction = Direction::kBoth;
  auto rows = std::make_unique<TriangleRows>();
  Status status = call->ReadDirection(&direction);
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph);
  if (status.ok()) {
    status =
        CountTriangles(*rows->graph, direction != Direction::kBoth, reader.poll(), &rows->counts);
  }
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 8> kArguments = {
    "edge_table", "direction", "types", "src_col", "dst_col", "type_col", "node_table", "id_col"};

constexpr GraphFunction kTrianglesFunction = {
    "graph_triangles",
    "graph_triangles(edge_table [, direction, types, src_col, dst_col, type_col, node_table, ...])",
    "node, triangles INTEGER, degree INTEGER, clustering REAL",
    4,
    kArguments,
    1,
    kNode,
    -1,
    100000,
    RunTriangles};

}  // namespace

ModuleDef GraphTrianglesModule() { return GraphModule<kTrianglesFunction>(); }

}  // namespace vecgraph
