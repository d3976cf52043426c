// graph_closeness(edge_table [, node_in, weight_col, direction, types, src_col, dst_col, type_col,
//                 node_table, id_col, null_weight, top_k])
//
// How near all others are to a node: high where everything is a few steps away.
//
//   SELECT rank, node, score FROM graph_closeness('edges') WHERE top_k = 10;
//   SELECT node, score FROM graph_closeness('roads', '["Rye", "Elm"]', 'km', 'both');
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   node_in     an id, a JSON array of ids, or IN; what the graph does not have is left out. Not
//               given: all nodes; NULL: none. 64 of them cost a pass over the graph, with
//               weight_col each does: for a large graph name the nodes
//   weight_col, null_weight  lengths of edges; without, each is 1. A shortest path that is longer
//               than a double holds is an error
//   direction   out (default): paths follow edges from source to target, and end at the node; in:
//               the other way, so they lead from the node along its edges; both: either way
//   types, src_col, dst_col, type_col, node_table, id_col  as those of graph_bfs
//   top_k       so many rows, the best; `rank <= 10` in WHERE, or a LIMIT, is as good as top_k = 10
//
// score: with r nodes that have a path to it, itself included, whose distances sum to s, among the
// n nodes of the graph, (r - 1) / s * (r - 1) / (n - 1): closeness_centrality of networkx, with the
// correction of Wasserman and Faust for graphs that do not hang together. 0 if s is.
// ROWS come by rank: the highest score first, the smallest id of equal ones.
#include <array>

#include "graph/closeness.h"
#include "sqlapi/graph_function.h"
#include "sqlapi/graph_scores.h"

namespace vecgraph {
namespace {

Status RunCloseness(GraphCall* call) {
  Direction direction = Direction::kOut;
  uint64_t top = 0;
  Status status = call->ReadDirection(&direction);
  if (status.ok()) status = ReadTop(*call, &top);
  auto rows = std::make_unique<ScoreRows>();
  std::vector<uint32_t> nodes;
  std::vector<double> scores;
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph);
  if (status.ok()) status = call->ReadNodeIn(rows->graph, reader.poll(), &nodes);
  if (status.ok()) status = Closeness(*rows->graph, direction, nodes, reader.poll(), &scores);
  if (!status.ok()) return status;
  std::vector<std::pair<uint32_t, double>> scored;
  scored.reserve(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) scored.emplace_back(nodes[i], scores[i]);
  status = rows->TakeBest(scored, top, reader.poll());
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 12> kArguments = {
    "edge_table", "node_in",  "weight_col", "direction", "types",       "src_col",
    "dst_col",    "type_col", "node_table", "id_col",    "null_weight", "top_k"};

constexpr GraphFunction kCloseness = {
    "graph_closeness",
    "graph_closeness(edge_table [, node_in, weight_col, direction, types, src_col, dst_col, ...])",
    "node, score REAL, rank INTEGER",
    3,
    kArguments,
    1,
    ScoreRows::kRank,
    ScoreRows::kScore,
    100000,
    RunCloseness,
    {},
    ScoreRows::kBounds,
    true};

}  // namespace

ModuleDef GraphClosenessModule() { return GraphModule<kCloseness>(); }

}  // namespace vecgraph
