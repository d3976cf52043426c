// graph_betweenness(edge_table [, samples, seed, normalized, weight_col, direction, types, src_col,
//                   dst_col, type_col, node_table, id_col, null_weight, top_k])
//
// What lies between others: the share of shortest paths that pass through a node.
//
//   SELECT rank, node, score FROM graph_betweenness('edges') WHERE top_k = 10;
//   SELECT node, score FROM graph_betweenness('edges', 200, 1) WHERE top_k = 10;
//   -- an estimate from the paths of 200 nodes
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   samples     2 or more: only the paths from so many nodes, drawn at random, scaled up to stand
//               for all; default, or as many as there are: exact, which takes a pass over the graph
//               for every node
//   seed        of the draw: 0; the same seed gives the same rows
//   normalized  1 (default): divided by the number of pairs of other nodes, so from 0 to 1; 0: the
//               sum, with direction = 'both' over each pair once
//   weight_col, null_weight  lengths of edges, above 0; without, each is 1. A shortest path that is
//               longer than a double holds is an error
//   direction   out (default): paths follow edges from source to target; in: the other way, which
//               gives the same; both: either way
//   types, src_col, dst_col, type_col, node_table, id_col  as those of graph_bfs
//   top_k       so many rows, the best; `rank <= 10` in WHERE, or a LIMIT, is as good as top_k = 10
//
// score is betweenness_centrality of networkx: the sum over pairs of others of the share of their
// shortest paths that the node is on. Of parallel edges the shortest counts. Lengths of paths are
// compared exactly: 0.1 + 0.2 is longer than 0.3.
// ROWS come by rank: the highest score first, the smallest id of equal ones.
#include <algorithm>
#include <array>

#include "graph/betweenness.h"
#include "sqlapi/graph_function.h"
#include "sqlapi/graph_scores.h"

namespace vecgraph {
namespace {

// Around edges of length 0 paths could go any number of times.
Status CheckLengths(const Graph& graph) {
  uint32_t slot = 0;
  while (slot < graph.weights.size() && graph.weights[slot] != 0) ++slot;
  if (slot == graph.weights.size()) return Status::Ok();
  const auto next = std::upper_bound(graph.out.starts.begin(), graph.out.starts.end(), slot);
  const auto source = static_cast<size_t>(next - graph.out.starts.begin()) - 1;
  return Status::Error(
      Format("weight_col: the edge %s from %s to %s has length 0; lengths must be above 0",
             graph.edge_id(slot).Label().c_str(), graph.ids[source].Label().c_str(),
             graph.ids[graph.out.nodes[slot]].Label().c_str()));
}

Status RunBetweenness(GraphCall* call) {
  BetweennessOptions options;
  Direction direction = Direction::kOut;
  uint64_t samples = UINT32_MAX;
  uint64_t top = 0;
  Status status = call->Count("samples", &samples);
  if (status.ok() && samples < 2) {
    status =
        Status::Error(Format("samples must be 2 or more, found %d", static_cast<int>(samples)));
  }
  if (status.ok()) status = call->Count("seed", &options.seed);
  if (status.ok()) status = call->Flag("normalized", &options.normalized);
  if (status.ok()) status = call->ReadDirection(&direction);
  if (status.ok()) status = ReadTop(*call, &top);
  options.undirected = direction == Direction::kBoth;
  options.samples = static_cast<uint32_t>(std::min<uint64_t>(samples, UINT32_MAX));
  auto rows = std::make_unique<ScoreRows>();
  std::vector<double> scores;
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph);
  if (status.ok()) status = CheckLengths(*rows->graph);
  if (status.ok()) status = Betweenness(*rows->graph, options, reader.poll(), &scores);
  if (status.ok()) status = rows->TakeBest(scores, top, reader.poll());
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 14> kArguments = {
    "edge_table", "samples", "seed",     "normalized", "weight_col", "direction",   "types",
    "src_col",    "dst_col", "type_col", "node_table", "id_col",     "null_weight", "top_k"};

constexpr GraphFunction kBetweenness = {"graph_betweenness",
                                        "graph_betweenness(edge_table [, samples, seed, "
                                        "normalized, weight_col, direction, types, ...])",
                                        "node, score REAL, rank INTEGER",
                                        3,
                                        kArguments,
                                        1,
                                        ScoreRows::kRank,
                                        ScoreRows::kScore,
                                        100000,
                                        RunBetweenness,
                                        {},
                                        ScoreRows::kBounds,
                                        true};

}  // namespace

ModuleDef GraphBetweennessModule() { return GraphModule<kBetweenness>(); }

}  // namespace vecgraph
