// graph_ppr(edge_table, seeds [, damping, direction, weight_col, tol, max_iter, method, eps,
//           dangling, top_k, types, src_col, dst_col, type_col, node_table, id_col, null_weight,
//           on_max_iter, simple])
//
// Personalised PageRank: how near every node is to the seeds, by all paths at once. A walker who
// starts at a seed, follows edges at random, and now and then goes back, spends `score` of its time
// at a node.
//
//   SELECT node, score FROM graph_ppr('edges', '["bash"]') WHERE top_k = 10;
//   SELECT p.node, p.score FROM graph_ppr('edges', (SELECT json_group_object(id, score)
//     FROM vec_topk('nodes', 'embedding', :q, 20))) AS p ORDER BY p.rank LIMIT 10;
//   -- what hangs together with the 20 nearest nodes, nearer ones counting more
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   seeds       an id, a JSON array of ids or of {"id": ..., "weight": ...}, a JSON object
//               {id: weight}, or IN; those that the graph does not have are left out; NULL, or no
//               seed that it has: no rows. A key of an object is text; if no node has it and it is
//               the text of an integer, it means the integer
//   damping     the chance to follow an edge rather than go back: 0.85, from 0 to below 1
//   direction   both (default), out, in
//   weight_col, null_weight  edges are followed by weight; without, all alike. Sums as those of
//               graph_pagerank
//   tol, max_iter, on_max_iter  of the power iteration, as those of graph_pagerank
//   method      power: every node, scores sum to 1. push: only nodes near the seeds, in a time that
//               does not depend on the size of the graph; scores are too small by less than eps for
//               each edge that leaves a node, by last_missing of graph_stats in all. auto
//               (default): push if eps is given, else power
//   eps         1e-6; push follows at most 1 / (eps (1 - damping)) edges
//   dangling    where the score of a node that nothing leaves goes: teleport (default): back to the
//               seeds; uniform: to all nodes, which push cannot
//   top_k       so many rows, the best; `rank <= 10` in WHERE, or a LIMIT, is as good as top_k = 10
//   types, src_col, dst_col, type_col, node_table, id_col  as those of graph_bfs
//   simple      as that of graph_pagerank
//
// ROWS come by rank: the highest score first, the smallest id of equal ones. Nodes with score 0, as
// what the seeds do not reach, are left out.
#include <algorithm>
#include <array>

#include "graph/pagerank.h"
#include "graph/push.h"
#include "sqlapi/graph_function.h"
#include "sqlapi/graph_scores.h"

namespace vecgraph {
namespace {

using Scores = std::vector<std::pair<uint32_t, double>>;

// The seeds that the graph has, with their weights.
Status FindSeeds(const GraphCall& call, const std::shared_ptr<const Graph>& graph,
                 const StopPoll& poll, Scores* seeds) {
  Start start;
  std::vector<uint32_t> nodes;
  std::vector<double> weights;
  GraphWalk walk(graph, Direction::kOut);
  Status status = walk.Open(poll);
  if (status.ok()) status = call.ReadStart("seeds", &start);
  if (status.ok()) status = FindStart(start, &walk, poll, &nodes, &weights);
  for (size_t i = 0; status.ok() && i < nodes.size(); ++i) {
    if (weights[i] > 0) seeds->emplace_back(nodes[i], weights[i]);
  }
  // The order in which they are given must not show in the last bit.
  return status.ok() ? PolledSort(poll, seeds) : std::move(status);
}

Status ByPower(GraphCall* call, const PageRankOptions& options, const Graph& graph,
               const Scores& seeds, const StopPoll& poll, Scores* scores) {
  PageRankResult result;
  Status status = PageRank(graph, seeds, options, poll, &result);
  if (status.ok()) status = CheckConverged(call, options, result);
  for (uint32_t node = 0; status.ok() && node < result.scores.size(); ++node) {
    if (result.scores[node] > 0) scores->emplace_back(node, result.scores[node]);
  }
  return status;
}

Status RunPpr(GraphCall* call) {
  static constexpr const char* kMethods[] = {"auto", "power", "push"};
  static constexpr const char* kDanglings[] = {"teleport", "uniform"};
  PageRankOptions options;
  options.direction = Direction::kBoth;
  uint64_t top = 0;
  double eps = 1e-6;
  int method = 0;
  int dangling = 0;
  Status status = ReadRankOptions(call, &options, &top);
  if (status.ok()) status = call->Choice("method", kMethods, &method);
  if (status.ok()) status = call->Choice("dangling", kDanglings, &dangling);
  if (status.ok()) status = call->Real("eps", 1e-15, 1, &eps);
  options.uniform_dangling = dangling == 1;
  const bool push = method == 2 || (method == 0 && call->Given("eps"));
  if (status.ok() && push && dangling == 1) {
    status = Status::Error("dangling = 'uniform' needs method = 'power': push reaches few nodes");
  }
  auto rows = std::make_unique<ScoreRows>();
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  const bool cached = status.ok() && reader.cached();
  if (status.ok()) status = call->Load(&reader, &rows->graph, options.direction);
  Scores seeds;
  Scores scores;
  if (status.ok()) status = FindSeeds(*call, rows->graph, reader.poll(), &seeds);
  if (status.ok() && !seeds.empty()) {
    double missing = 0;
    status = push ? PushPageRank(*rows->graph, seeds, options.damping, eps, options.direction,
                                 reader.poll(), &scores, &missing)
                  : ByPower(call, options, *rows->graph, seeds, reader.poll(), &scores);
    if (push) {
      call->Report(cached ? "cache" : "load", static_cast<int64_t>(rows->graph->edges()), missing);
    }
  }
  if (status.ok()) status = rows->TakeBest(scores, top, reader.poll());
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 20> kArguments = {
    "edge_table", "seeds",      "damping",  "direction",   "weight_col",  "tol",     "max_iter",
    "method",     "eps",        "dangling", "top_k",       "types",       "src_col", "dst_col",
    "type_col",   "node_table", "id_col",   "null_weight", "on_max_iter", "simple"};

constexpr GraphFunction kPpr = {
    "graph_ppr",
    "graph_ppr(edge_table, seeds [, damping, direction, weight_col, tol, max_iter, method, ...])",
    "node, score REAL, rank INTEGER",
    3,
    kArguments,
    2,
    ScoreRows::kRank,
    ScoreRows::kScore,
    10000,
    RunPpr,
    {},
    ScoreRows::kBounds,
    true};

}  // namespace

ModuleDef GraphPprModule() { return GraphModule<kPpr>(); }

}  // namespace vecgraph
