// graph_label_propagation(edge_table [, max_iter, mode, seed, direction, types, weight_col,
//                         src_col, dst_col, type_col, node_table, id_col, null_weight,
//                         on_max_iter, simple])
//
// Communities, fast: every node takes the label that most of its neighbours have, again and again.
//
//   SELECT community, count(*) FROM graph_label_propagation('edges') GROUP BY 1 ORDER BY 2 DESC;
//   SELECT node, community FROM graph_label_propagation('edges', 100, 'async', 1);
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   max_iter    at most so many rounds: 10
//   mode        sync (default): all nodes at once, from the labels of the round before: CDLP, as
//               Graphalytics defines it. It may swing to and fro for ever, on a path or a tree for
//               one. async: one node after another in random order, which settles
//   seed        of that order: 0; the same seed gives the same rows
//   direction   both (default): from all neighbours, from one that is joined both ways twice; out:
//   a
//               label goes from source to target; in: the other way
//   weight_col, null_weight  edges count by weight; without, each is 1
//   types, src_col, dst_col, type_col, node_table, id_col  as those of graph_bfs
//   on_max_iter return (default): the labels as they are after max_iter rounds; error: not to have
//               settled by then is one. last_converged of graph_stats says whether it had
//   simple      as that of graph_pagerank
//
// community is the id of a node: at first every node's label is its own id. Of labels that are as
// frequent the smallest is taken. Parallel edges add.
// ROWS come by node.
#include <array>

#include "graph/label_propagation.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kCommunity };

class LabelRows final : public GraphRows {
 public:
  std::shared_ptr<const Graph> graph;
  Propagation result;

  size_t size() const override { return result.labels.size(); }
  void Column(sqlite3_context* ctx, size_t node, int column) const override {
    graph->ids[column == kNode ? node : result.labels[node]].Result(ctx);
  }
};

Status RunPropagation(GraphCall* call) {
  static constexpr const char* kModes[] = {"sync", "async"};
  static constexpr const char* kWords[] = {"return", "error"};
  PropagationOptions options;
  int mode = 0;
  int on_max_iter = 0;
  auto rows = std::make_unique<LabelRows>();
  Status status = call->Count("max_iter", &options.most_rounds);
  if (status.ok()) status = call->Choice("mode", kModes, &mode);
  if (status.ok()) status = call->Count("seed", &options.seed);
  if (status.ok()) status = call->ReadDirection(&options.direction);
  if (status.ok()) status = call->Choice("on_max_iter", kWords, &on_max_iter);
  options.synchronous = mode == 0;
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph, options.direction);
  if (status.ok()) status = PropagateLabels(*rows->graph, options, reader.poll(), &rows->result);
  if (!status.ok()) return status;
  call->ReportConverged(rows->result.converged);
  if (on_max_iter == 1 && !rows->result.converged) {
    return Status::Error(
        Format("after max_iter = %llu rounds labels still change; give a larger max_iter, mode = "
               "'async', or on_max_iter = 'return'",
               static_cast<unsigned long long>(options.most_rounds)));
  }
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 15> kArguments = {
    "edge_table", "max_iter",   "mode",        "seed",        "direction",
    "types",      "weight_col", "src_col",     "dst_col",     "type_col",
    "node_table", "id_col",     "null_weight", "on_max_iter", "simple"};

constexpr GraphFunction kPropagation = {"graph_label_propagation",
                                        "graph_label_propagation(edge_table [, max_iter, mode, "
                                        "seed, direction, types, weight_col, ...])",
                                        "node, community",
                                        2,
                                        kArguments,
                                        1,
                                        kNode,
                                        -1,
                                        100000,
                                        RunPropagation};

}  // namespace

ModuleDef GraphLabelPropagationModule() { return GraphModule<kPropagation>(); }

}  // namespace vecgraph
