// graph_stats(edge_table [, weight_col, types, src_col, dst_col, type_col, node_table, id_col,
//             null_weight])
//
// One row about a graph, and about what the graph function before this one did.
//
//   SELECT nodes, edges, dangling, bytes, cached FROM graph_stats('edges');
//   SELECT last_function, last_reader, last_edges FROM graph_stats('edges');
//   -- graph_bfs|lookup|57: the search before touched 57 edges, found by index
//
// COLUMNS
//   nodes, edges         the edges with a source and a target
//   self_loops           edges from a node to itself
//   parallel_edges       edges beyond the first from one node to another
//   dangling             nodes that nothing leaves
//   sources              nodes that nothing enters
//   max_in, max_out      the largest degrees
//   phantoms             endpoints that node_table does not have; NULL without node_table
//   skipped_null         rows without a source or a target
//   skipped_weight       edges left out by null_weight = 'skip'
//   bytes                of memory, with what calls have added: lists of what enters; 16 bytes for
//                        each node by a graph_ppr that pushes. A weight takes 4 bytes if a float
//                        holds every weight exactly, else 8
//   cached               1: this call found the graph in memory
//   build_ms             what reading it took
//   last_function, last_reader, last_edges, last_missing, last_converged, last_cut
//                        the call before on this connection: its name; lookup (by index), cache (in
//                        memory), load (read for it) or kept (the rows of an equal call that the
//                        same statement made before); edges touched; score that graph_ppr left
//                        undistributed; 1 if it settled within max_iter rounds, NULL if it has
//                        none; 1 if max_paths left out paths. NULL if there was no call before
#include <algorithm>
#include <array>

#include "graph/stop.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column {
  kNodes,
  kEdges,
  kSelfLoops,
  kParallelEdges,
  kDangling,
  kSources,
  kMaxIn,
  kMaxOut,
  kPhantoms,
  kSkippedNull,
  kSkippedWeight,
  kBytes,
  kCached,
  kBuildMs,
  kLastFunction,
  kLastReader,
  kLastEdges,
  kLastMissing,
  kLastConverged,
  kLastCut,
};

class StatsRow final : public GraphRows {
 public:
  std::array<int64_t, kBuildMs> counts{};
  bool has_node_table = false;
  double build_ms = 0;
  GraphReport last;

  size_t size() const override { return 1; }
  void Column(sqlite3_context* ctx, size_t, int column) const override {
    if (column == kPhantoms && !has_node_table) return;
    if (column < kBuildMs) {
      return sqlite3_result_int64(ctx, counts[static_cast<size_t>(column)]);
    }
    if (column == kBuildMs) return sqlite3_result_double(ctx, build_ms);
    if (!last.function) return;
    switch (column) {
      case kLastFunction:
        return sqlite3_result_text(ctx, last.function, -1, SQLITE_STATIC);
      case kLastReader:
        return sqlite3_result_text(ctx, last.reader, -1, SQLITE_STATIC);
      case kLastEdges:
        return sqlite3_result_int64(ctx, last.edges);
      case kLastMissing:
        return sqlite3_result_double(ctx, last.missing);
      case kLastConverged:
        if (last.converged) sqlite3_result_int(ctx, *last.converged ? 1 : 0);
        return;
      default:
        return sqlite3_result_int(ctx, last.cut ? 1 : 0);
    }
  }
};

Status Count(const Graph& graph, const StopPoll& poll, std::array<int64_t, kBuildMs>* counts) {
  const Adjacency* in = nullptr;
  Status status = graph.In(poll, &in);
  if (!status.ok()) return status;
  Stop stop(poll);
  auto& c = *counts;
  const Adjacency& out = graph.out;
  c[kNodes] = graph.size();
  c[kEdges] = static_cast<int64_t>(graph.edges());
  for (uint32_t u = 0; u < graph.size(); ++u) {
    c[kDangling] += out.degree(u) == 0 ? 1 : 0;
    c[kSources] += in->degree(u) == 0 ? 1 : 0;
    c[kMaxOut] = std::max<int64_t>(c[kMaxOut], out.degree(u));
    c[kMaxIn] = std::max<int64_t>(c[kMaxIn], in->degree(u));
    for (uint32_t slot = out.begin(u); slot < out.end(u); ++slot) {
      c[kSelfLoops] += out.nodes[slot] == u ? 1 : 0;
      c[kParallelEdges] += slot > out.begin(u) && out.nodes[slot] == out.nodes[slot - 1] ? 1 : 0;
    }
    if (stop.After(4 + 2 * uint64_t{out.degree(u)})) return stop.status();
  }
  c[kPhantoms] = graph.phantoms;
  c[kSkippedNull] = graph.skipped_null;
  c[kSkippedWeight] = graph.skipped_weight;
  c[kBytes] = graph.bytes();
  return status;
}

Status RunStats(GraphCall* call) {
  auto row = std::make_unique<StatsRow>();
  row->last = call->connection()->last_graph;
  std::shared_ptr<const Graph> graph;
  EdgeReader reader(call->db(), &call->connection()->graphs);
  Status status = call->Open(&reader);
  row->counts[kCached] = reader.cached() ? 1 : 0;
  if (status.ok()) status = call->Load(&reader, &graph);
  call->connection()->last_graph = row->last;
  call->NotRepeatable();
  if (status.ok()) status = Count(*graph, reader.poll(), &row->counts);
  if (!status.ok()) return status;
  row->has_node_table = call->Given("node_table") != nullptr;
  row->build_ms = graph->milliseconds;
  call->rows = std::move(row);
  return status;
}

constexpr std::array<const char*, 9> kArguments = {"edge_table", "weight_col", "types",
                                                   "src_col",    "dst_col",    "type_col",
                                                   "node_table", "id_col",     "null_weight"};

constexpr GraphFunction kStats = {
    "graph_stats",
    "graph_stats(edge_table [, weight_col, types, src_col, dst_col, type_col, node_table, ...])",
    "nodes INTEGER, edges INTEGER, self_loops INTEGER, parallel_edges INTEGER, dangling INTEGER, "
    "sources INTEGER, max_in INTEGER, max_out INTEGER, phantoms INTEGER, skipped_null INTEGER, "
    "skipped_weight INTEGER, bytes INTEGER, cached INTEGER, build_ms REAL, last_function TEXT, "
    "last_reader TEXT, last_edges INTEGER, last_missing REAL, last_converged INTEGER, "
    "last_cut INTEGER",
    kLastCut + 1,
    kArguments,
    1,
    -1,
    -1,
    1,
    RunStats};

}  // namespace

ModuleDef GraphStatsModule() { return GraphModule<kStats>(); }

}  // namespace vecgraph
