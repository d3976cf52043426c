// graph_pagerank(edge_table [, damping, tol, max_iter, weight_col, direction, dangling, node_table,
//                top_k, types, src_col, dst_col, type_col, id_col, null_weight, on_max_iter,
//                simple])
//
// How important every node is: what many important nodes point to.
//
//   SELECT rank, node, score FROM graph_pagerank('edges') WHERE top_k = 10;
//   -- the ten most important nodes
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   damping     the share of its score that a node passes on: 0.85, from 0 to below 1
//   tol         stop when the sum of all changes in a round is below it: 1e-10; 0: do max_iter
//               rounds of a plain power iteration
//   max_iter    200; where a power iteration is slow, faster rounds stand in for most of its own
//   weight_col, null_weight  a node's score is shared by weight; without, by edges. What leaves a
//               node must sum to 0 or from 1e-200 to 1e200
//   direction   out (default): score flows from source to target; in; both
//   dangling    where the score of a node that nothing leaves goes: uniform (default): to all;
//               teleport is the same here
//   node_table, id_col  nodes that exist without an edge
//   top_k       so many rows, the best; `rank <= 10` in WHERE, or a LIMIT, is as good as top_k = 10
//   types, src_col, dst_col, type_col  as those of graph_bfs
//   on_max_iter error (default): not to have converged within max_iter rounds is one; return: the
//               scores as they are then
//   simple      1: without edges from a node to itself, and parallel ones as one, that of least
//               weight; for direction = 'both' also an edge and one the other way. 0 (default)
//
// Parallel edges add. The scores sum to 1.
// ROWS come by rank: the highest score first, the smallest id of equal ones.
#include <algorithm>
#include <array>

#include "graph/pagerank.h"
#include "sqlapi/graph_function.h"
#include "sqlapi/graph_scores.h"

namespace vecgraph {
namespace {

Status RunPageRank(GraphCall* call) {
  PageRankOptions options;
  uint64_t top = 0;
  static constexpr const char* kDanglings[] = {"uniform", "teleport"};
  int dangling = 0;
  Status status = ReadRankOptions(call, &options, &top);
  if (status.ok()) status = call->Choice("dangling", kDanglings, &dangling);
  auto rows = std::make_unique<ScoreRows>();
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph, options.direction);
  PageRankResult result;
  if (status.ok()) status = PageRank(*rows->graph, {}, options, reader.poll(), &result);
  if (status.ok()) status = CheckConverged(call, options, result);
  if (status.ok()) status = rows->TakeBest(result.scores, top, reader.poll());
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 17> kArguments = {
    "edge_table", "damping",    "tol",         "max_iter",    "weight_col", "direction",
    "dangling",   "node_table", "top_k",       "types",       "src_col",    "dst_col",
    "type_col",   "id_col",     "null_weight", "on_max_iter", "simple"};

constexpr GraphFunction kPageRank = {
    "graph_pagerank",
    "graph_pagerank(edge_table [, damping, tol, max_iter, weight_col, direction, dangling, ...])",
    "node, score REAL, rank INTEGER",
    3,
    kArguments,
    1,
    ScoreRows::kRank,
    ScoreRows::kScore,
    100000,
    RunPageRank,
    {},
    ScoreRows::kBounds,
    true};

}  // namespace

ModuleDef GraphPageRankModule() { return GraphModule<kPageRank>(); }

}  // namespace vecgraph
