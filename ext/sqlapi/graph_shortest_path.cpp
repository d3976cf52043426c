// graph_shortest_path(edge_table, source, target [, weight_col, direction, max_depth, types,
//                     src_col, dst_col, type_col, edge_id_col, node_table, id_col, null_weight])
//
// One cheapest path from a node to another, a row for each of its nodes.
//
//   SELECT step, node, cost FROM graph_shortest_path('roads', 'home', 'work', 'km');
//   -- 0|home|0.0, then every place on the way, then work
//   SELECT group_concat(node, ' > ') FROM (SELECT node FROM
//     graph_shortest_path('edges', 'a', 'z') WHERE direction = 'both' ORDER BY step);
//   -- how two nodes hang together
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table, direction, types, src_col, dst_col, type_col, edge_id_col, node_table, id_col
//               as those of graph_bfs
//   source, target  one id each; NULL: no rows
//   weight_col, null_weight  as those of graph_distances; without, every edge costs 1
//   max_depth   only paths of at most so many edges; not with weight_col
//
// ROWS come by step, from 0 at the source. edge_id is the edge that leads to the node, NULL at the
// source; cost is that of the path so far. No rows: there is no path. One row: source is target. Of
// several cheapest paths one with the fewest edges is chosen, the same one each time.
//
// HOW IT WORKS: breadth first, or Dijkstra's algorithm if there are weights, until the target is
// reached; by index look-ups while few edges are touched, else on the whole graph in memory.
#include <algorithm>
#include <array>

#include "graph/bfs.h"
#include "graph/dijkstra.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kStep, kNode, kEdgeId, kCost };

class StepRows final : public GraphRows {
 public:
  std::vector<PathRow> rows;
  std::shared_ptr<const WalkIds> ids;

  size_t size() const override { return rows.size(); }
  void Column(sqlite3_context* ctx, size_t i, int column) const override {
    const PathRow& row = rows[i];
    switch (column) {
      case kStep:
        return sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(i));
      case kNode:
        return ids->id(row.node).Result(ctx);
      case kEdgeId:
        if (row.parent != kNoNode) ids->edge_id(row.edge).Result(ctx);
        return;
      default:
        return sqlite3_result_double(ctx, row.cost);
    }
  }
};

// Every edge costs 1.
template <class AnyWalk>
Status FindByHops(AnyWalk* walk, uint32_t source, uint32_t target, uint32_t depth,
                  const StopPoll& poll, std::vector<PathRow>* rows) {
  BfsLimits limits;
  limits.depth = depth;
  limits.target = target;
  std::vector<BfsRow> found;
  Status status = Bfs(walk, {source}, limits, poll, &found);
  for (const BfsRow& row : found) {
    rows->push_back({row.node, row.depth, row.parent, row.edge, static_cast<double>(row.depth)});
  }
  return status;
}

// Leaves the rows of the path alone, in its order; none if `target` was not reached.
void KeepPath(uint32_t target, std::vector<PathRow>* rows) {
  std::vector<PathRow> path;
  // A parent's row stands before those of its children.
  uint32_t wanted = target;
  for (size_t i = rows->size(); i-- > 0 && wanted != kNoNode;) {
    const PathRow& row = (*rows)[i];
    if (row.node != wanted) continue;
    path.push_back(row);
    wanted = row.parent;
  }
  std::reverse(path.begin(), path.end());
  *rows = std::move(path);
}

Status FindEnd(const ValueRef& id, auto* walk, uint32_t* node) {
  *node = kNoNode;
  return walk->Find(id, node);
}

Status RunShortestPath(GraphCall* call) {
  sqlite3_value* const source = call->Given("source");
  sqlite3_value* const target = call->Given("target");
  Direction direction = Direction::kOut;
  uint64_t depth = UINT32_MAX;
  Status status = call->ReadDirection(&direction);
  if (status.ok()) status = call->Count("max_depth", &depth);
  if (status.ok() && call->Given("max_depth") && call->Given("weight_col")) {
    status = Status::Error(
        "max_depth counts edges and weight_col adds costs: give one of the two; graph_distances "
        "has max_cost");
  }
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (!status.ok()) return status;
  auto rows = std::make_unique<StepRows>();
  status = call->Walk(
      &reader, direction,
      [&](auto* walk) {
        rows->rows.clear();
        if (!source || !target) return Status::Ok();
        PathLimits limits;
        uint32_t from = kNoNode;
        Status found = FindEnd(ValueRef::Of(source), walk, &from);
        if (found.ok()) found = FindEnd(ValueRef::Of(target), walk, &limits.target);
        if (!found.ok() || walk->gave_up() || from == kNoNode || limits.target == kNoNode) {
          return found;
        }
        found = call->Given("weight_col")
                    ? Dijkstra(walk, {from}, limits, reader.poll(), &rows->rows)
                    : FindByHops(walk, from, limits.target,
                                 static_cast<uint32_t>(std::min<uint64_t>(depth, UINT32_MAX)),
                                 reader.poll(), &rows->rows);
        if (found.ok()) KeepPath(limits.target, &rows->rows);
        return found;
      },
      &rows->ids);
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 14> kArguments = {
    "edge_table", "source",  "target",   "weight_col",  "direction",  "max_depth", "types",
    "src_col",    "dst_col", "type_col", "edge_id_col", "node_table", "id_col",    "null_weight"};

constexpr GraphFunction kShortestPath = {
    "graph_shortest_path",
    "graph_shortest_path(edge_table, source, target [, weight_col, direction, max_depth, ...])",
    "step INTEGER, node, edge_id, cost REAL",
    4,
    kArguments,
    3,
    kStep,
    -1,
    10,
    RunShortestPath};

}  // namespace

ModuleDef GraphShortestPathModule() { return GraphModule<kShortestPath>(); }

}  // namespace vecgraph
