// graph_similarity(edge_table [, node_in, metric, top_k, direction, types, src_col, dst_col,
//                  type_col, node_table, id_col])
//
// Which nodes have the same neighbours: what is used together, who reads the same things.
//
//   SELECT other, score FROM graph_similarity('edges', 'curl', 'jaccard', 5);
//   -- the five nodes whose neighbours are most like those of curl
//   SELECT node, other FROM graph_similarity('edges') WHERE metric = 'common' AND score >= 10;
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   node_in     an id, a JSON array of ids, or IN; what the graph does not have is left out. Not
//               given: all nodes; NULL: none
//   metric      jaccard (default): the neighbours that both have, divided by those that either has
//               common: how many both have
//               adamic_adar: the sum over those that both have of 1 / ln(how many nodes have it)
//   top_k       so many rows for each node, the most similar; default: all
//   direction   both (default): neighbours whichever way an edge points; out: a node's targets; in:
//               its sources
//   types, src_col, dst_col, type_col, node_table, id_col  as those of graph_bfs
//
// Parallel edges count once, edges from a node to itself not at all. Pairs that share no neighbour
// are left out; a pair of wanted nodes comes twice, once for each. All pairs of a graph with a node
// of d neighbours are more than d * d rows: give node_in or top_k.
// ROWS come by node, score from the highest, other. A LIMIT ends the work.
#include <array>
#include <numeric>

#include "graph/similarity.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kOther, kScore };

class PairRows final : public GraphRows {
 public:
  std::shared_ptr<const Graph> graph;
  std::vector<SimilarPair> pairs;

  size_t size() const override { return pairs.size(); }
  void Column(sqlite3_context* ctx, size_t row, int column) const override {
    const SimilarPair& pair = pairs[row];
    if (column == kScore) return sqlite3_result_double(ctx, pair.score);
    graph->ids[column == kNode ? pair.node : pair.other].Result(ctx);
  }
};

Status RunSimilarity(GraphCall* call) {
  static constexpr const char* kMetrics[] = {"jaccard", "adamic_adar", "common"};
  SimilarityOptions options;
  int metric = 0;
  Status status = call->Choice("metric", kMetrics, &metric);
  if (status.ok()) status = call->Count("top_k", &options.top);
  if (status.ok()) status = call->ReadDirection(&options.direction);
  options.wanted = call->wanted();
  options.metric = static_cast<SimilarityMetric>(metric);
  auto rows = std::make_unique<PairRows>();
  std::vector<uint32_t> nodes;
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph);
  if (status.ok()) status = call->ReadNodeIn(rows->graph, reader.poll(), &nodes);
  if (status.ok()) {
    status = Similarity(*rows->graph, nodes, options, reader.poll(), &rows->pairs);
  }
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 11> kArguments = {
    "edge_table", "node_in", "metric",   "top_k",      "direction", "types",
    "src_col",    "dst_col", "type_col", "node_table", "id_col"};

constexpr GraphFunction kSimilarity = {
    "graph_similarity",
    "graph_similarity(edge_table [, node_in, metric, top_k, direction, types, src_col, ...])",
    "node, other, score REAL",
    3,
    kArguments,
    1,
    kNode,
    -1,
    100000,
    RunSimilarity,
    {},
    {},
    true};

}  // namespace

ModuleDef GraphSimilarityModule() { return GraphModule<kSimilarity>(); }

}  // namespace vecgraph
