// graph_bfs(edge_table, start [, max_depth, direction, types, max_nodes, max_fanout, src_col,
//           dst_col, type_col, edge_id_col, node_table, id_col])
//
// The nodes that can be reached from `start`, each once, with the least number of edges.
//
//   SELECT node, depth FROM graph_bfs('edges', 'bash', 2);
//   -- bash itself, depth 0; its targets, depth 1; theirs, depth 2
//   SELECT n.title, b.depth FROM graph_bfs('edges', '["a","b"]', 3, 'both') AS b
//   JOIN nodes AS n ON n.id = b.node ORDER BY b.depth;
//   -- from two nodes at once; root says which is nearer
//   SELECT node FROM graph_bfs('edges') WHERE start IN (SELECT id FROM seeds) AND max_nodes = 100;
//   -- one search from all of them (SQLite 3.38), the 100 nearest
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view ('edges', 'aux.edges'), or db_query('SELECT ...')
//   start       an id, a JSON array of ids, or IN; one that has no edge and is not in node_table is
//               left out; NULL: no rows
//   max_depth   how many edges away; NULL: any
//   direction   out (default), in, both
//   types       a JSON array: only edges whose type is one of these
//   max_nodes   at most so many rows, the roots included
//   max_fanout  at most so many neighbours of a node are followed, those with the smallest ids
//   src_col, dst_col, type_col, edge_id_col    columns of edge_table; default: source and target,
//               else src and dst; type; the rowid
//   node_table, id_col    nodes that exist without an edge; id_col: id
//
// ROWS come by depth, then root, then node. `depth <= 2` in WHERE is as good as max_depth = 2, and
// a LIMIT ends the search at the level that has enough. Of several roots at the same distance the
// smallest id is `root`, then the smallest parent is `parent`, then the smallest edge id is
// `edge_id`; parent and edge_id of a root are NULL.
//
// HOW IT WORKS: by index look-ups while few edges are touched, else on the whole graph in memory
// (graph/walk.h); the rows are the same.
#include <algorithm>
#include <array>

#include "graph/bfs.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kDepth, kParent, kEdgeId, kRoot };

class BfsRows final : public GraphRows {
 public:
  std::vector<BfsRow> rows;
  std::shared_ptr<const WalkIds> ids;

  size_t size() const override { return rows.size(); }
  void Column(sqlite3_context* ctx, size_t i, int column) const override {
    const BfsRow& row = rows[i];
    switch (column) {
      case kNode:
        return ids->id(row.node).Result(ctx);
      case kDepth:
        return sqlite3_result_int64(ctx, row.depth);
      case kParent:
        if (row.parent != kNoNode) ids->id(row.parent).Result(ctx);
        return;
      case kEdgeId:
        if (row.parent != kNoNode) ids->edge_id(row.edge).Result(ctx);
        return;
      default:
        return ids->id(row.root).Result(ctx);
    }
  }
};

Status RunBfs(GraphCall* call) {
  BfsLimits limits;
  uint64_t depth = UINT32_MAX;
  uint64_t fanout = UINT32_MAX;
  Direction direction = Direction::kOut;
  Status status = call->Count("max_depth", &depth);
  if (status.ok()) status = call->ReadDirection(&direction);
  if (status.ok()) status = call->Count("max_nodes", &limits.nodes);
  if (status.ok()) status = call->Count("max_fanout", &fanout);
  limits.depth = static_cast<uint32_t>(std::min<uint64_t>(depth, UINT32_MAX));
  limits.enough = call->wanted();
  limits.fanout = static_cast<uint32_t>(std::min<uint64_t>(fanout, UINT32_MAX));
  if (!status.ok()) return status;
  return call->WalkFromStart<BfsRows>(
      direction, [&](auto* walk, std::vector<uint32_t> roots, const StopPoll& poll, auto* rows) {
        return Bfs(walk, std::move(roots), limits, poll, rows);
      });
}

constexpr std::array<const char*, 13> kArguments = {
    "edge_table", "start",   "max_depth", "direction",   "types",      "max_nodes", "max_fanout",
    "src_col",    "dst_col", "type_col",  "edge_id_col", "node_table", "id_col"};

constexpr std::array<int, 3> kOrder = {kDepth, kRoot, kNode};
constexpr std::array<GraphBound, 1> kBounds = {{{kDepth, "max_depth"}}};

constexpr GraphFunction kBfs = {
    "graph_bfs",
    "graph_bfs(edge_table, start [, max_depth, direction, types, max_nodes, max_fanout, ...])",
    "node, depth INTEGER, parent, edge_id, root",
    5,
    kArguments,
    2,
    kDepth,
    -1,
    1000,
    RunBfs,
    kOrder,
    kBounds,
    true};

}  // namespace

ModuleDef GraphBfsModule() { return GraphModule<kBfs>(); }

}  // namespace vecgraph
