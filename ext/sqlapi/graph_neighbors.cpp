// graph_neighbors(edge_table, node_in [, direction, types, src_col, dst_col, weight_col, type_col,
//                 edge_id_col, null_weight])
//
// The edges of a node, one row each, with the node at the other end.
//
//   SELECT neighbor, way, type FROM graph_neighbors('edges', 'bash');
//   -- what bash points to (way 'out') and what points to it (way 'in')
//   SELECT n.id, e.neighbor FROM nodes AS n, graph_neighbors('edges', n.id, 'out') AS e;
//   -- for every row of another table
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table  name of a table or view, or db_query('SELECT ...')
//   node_in     an id, a JSON array of ids, or IN; NULL: no rows
//   direction   both (default), out, in
//   types, src_col, dst_col, type_col, edge_id_col  as those of graph_bfs
//   weight_col, null_weight  fill `weight`, which is NULL without
//
// ROWS come by node, neighbour, way (out before in), edge id. Parallel edges are rows of their own;
// an edge from a node to itself is one row with direction both.
//
// HOW IT WORKS: one look-up for each node and direction, by index where there is one; of several
// nodes in a table without, one pass over its edges. Nothing is kept in memory.
#include <array>

#include "graph/load.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {
namespace {

enum Column { kNode, kNeighbor, kEdgeId, kWay, kType, kWeight };

struct NeighborRow {
  size_t at = 0;  // the place of its values
  bool enters = false;
  bool weighted = false;
  double weight = 0;
};

class NeighborRows final : public GraphRows {
 public:
  std::vector<NeighborRow> rows;
  // By place: the same length each.
  ValueList nodes;
  ValueList neighbors;
  ValueList edge_ids;
  ValueList types;

  size_t size() const override { return rows.size(); }
  void Column(sqlite3_context* ctx, size_t i, int column) const override {
    const NeighborRow& row = rows[i];
    switch (column) {
      case kNode:
        return nodes[row.at].Result(ctx);
      case kNeighbor:
        return neighbors[row.at].Result(ctx);
      case kEdgeId:
        return edge_ids[row.at].Result(ctx);
      case kWay:
        return sqlite3_result_text(ctx, row.enters ? "in" : "out", -1, SQLITE_STATIC);
      case kType:
        return types[row.at].Result(ctx);
      default:
        if (row.weighted) sqlite3_result_double(ctx, row.weight);
    }
  }
};

// Looks up the edges of nodes, one way.
class Lookup {
 public:
  Lookup(sqlite3* db, const EdgeRequest& request, const EdgeSource& source, NeighborRows* rows)
      : db_(db), request_(request), source_(source), rows_(rows) {}

  // `all`: for AddAll(); else for Add().
  Status Open(Direction way, bool all) {
    enters_ = way == Direction::kIn;
    Status status = statement_.Prepare(db_, source_.LinksSql(way, !all));
    if (status.ok() && source_.types_given) statement_.BindText(2, *request_.types);
    return status;
  }

  Status Add(const ValueRef& id, bool with_loops) {
    id.Bind(&statement_, 1);
    // The column may have converted what was bound: '1' is not 1.
    return AddRows(with_loops, [&](const ValueRef& node) { return Compare(node, id) == 0; });
  }
  Status AddAll(const Interner& ids, bool with_loops) {
    return AddRows(with_loops,
                   [&](const ValueRef& node) { return ids.Find(node) != Interner::kNone; });
  }

 private:
  template <class Wanted>
  Status AddRows(bool with_loops, const Wanted& wanted) {
    int rc = SQLITE_OK;
    Status status;
    while (status.ok() && (rc = statement_.Step()) == SQLITE_ROW) {
      const ValueRef node = ValueRef::Of(sqlite3_column_value(statement_.get(), 0));
      if (wanted(node)) status = AddRow(node, with_loops);
    }
    statement_.Reset();
    if (!status.ok() || rc == SQLITE_DONE) return status;
    return DatabaseError(db_, rc, "reading " + source_.label);
  }

  Status AddRow(const ValueRef& node, bool with_loops) {
    sqlite3_stmt* const row = statement_.get();
    const ValueRef neighbor = ValueRef::Of(sqlite3_column_value(row, 1));
    if (neighbor.is_null()) return Status::Ok();
    if (!with_loops && Compare(node, neighbor) == 0) return Status::Ok();
    const ValueRef edge_id = ValueRef::Of(sqlite3_column_value(row, 2));
    NeighborRow added{rows_->nodes.size(), enters_, !source_.weight.empty(), 0};
    if (added.weighted) {
      bool skip = false;
      Status status = ReadWeight(source_, request_.null_weight, sqlite3_column_value(row, 3),
                                 edge_id, static_cast<int64_t>(added.at) + 1, &added.weight, &skip);
      if (!status.ok() || skip) return status;
    }
    rows_->nodes.Append(node);
    rows_->neighbors.Append(neighbor);
    rows_->edge_ids.Append(edge_id);
    rows_->types.Append(ValueRef::Of(sqlite3_column_value(row, 4)));
    rows_->rows.push_back(added);
    return Status::Ok();
  }

  sqlite3* db_;
  const EdgeRequest& request_;
  const EdgeSource& source_;
  NeighborRows* rows_;
  Statement statement_;
  bool enters_ = false;
};

// By node, neighbour, way, edge id.
Status SortRows(const StopPoll& poll, NeighborRows* all) {
  return PolledSort(poll, &all->rows, [&](const NeighborRow& a, const NeighborRow& b) {
    int order = Compare(all->nodes[a.at], all->nodes[b.at]);
    if (order == 0) order = Compare(all->neighbors[a.at], all->neighbors[b.at]);
    if (order == 0 && a.enters != b.enters) return b.enters;
    if (order == 0) order = Compare(all->edge_ids[a.at], all->edge_ids[b.at]);
    return order != 0 ? order < 0 : a.at < b.at;
  });
}

// The ids of `start`, each once; of a key that may mean an integer both.
Status FindDistinct(const Start& start, const StopPoll& poll, Interner* distinct) {
  Stop stop(poll);
  for (size_t i = 0; i < start.ids.size(); ++i) {
    if (stop.After(32)) return stop.status();
    uint32_t number = 0;
    Status status = distinct->Add(start.ids[i], poll, &number);
    int64_t integer = 0;
    if (status.ok() && start.keys[i] && ReadIntegerKey(start.ids[i].bytes, &integer)) {
      status = distinct->Add(ValueRef::Integer(integer), poll, &number);
    }
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

Status RunNeighbors(GraphCall* call) {
  Direction direction = Direction::kBoth;
  Start start;
  EdgeRequest request;
  EdgeSource source;
  Status status = call->ReadDirection(&direction);
  if (status.ok()) status = call->ReadStart("node_in", &start);
  if (status.ok()) status = call->ReadRequest(&request);
  if (status.ok()) status = ResolveEdges(call->db(), request, &source);
  if (!status.ok()) return status;
  InterruptPoll interrupt;
  const StopPoll poll = [&] { return interrupt.PollOn(call->db()); };
  Interner distinct;
  status = FindDistinct(start, poll, &distinct);
  if (!status.ok()) return status;
  auto rows = std::make_unique<NeighborRows>();
  for (const Direction way : {Direction::kOut, Direction::kIn}) {
    if (direction != way && direction != Direction::kBoth) continue;
    Lookup lookup(call->db(), request, source, rows.get());
    const bool all = source.is_plain && !source.IsIndexed(way) && distinct.size() > 1;
    status = lookup.Open(way, all);
    const bool with_loops = way == Direction::kOut || direction == Direction::kIn;
    if (status.ok() && all) status = lookup.AddAll(distinct, with_loops);
    for (size_t i = 0; status.ok() && !all && i < distinct.size(); ++i) {
      status = lookup.Add(distinct.values()[i], with_loops);
    }
    if (!status.ok()) return status;
  }
  status = SortRows(poll, rows.get());
  if (!status.ok()) return status;
  call->Report("lookup", static_cast<int64_t>(rows->size()));
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 10> kArguments = {
    "edge_table", "node_in",    "direction", "types",       "src_col",
    "dst_col",    "weight_col", "type_col",  "edge_id_col", "null_weight"};

constexpr std::array<int, 2> kOrder = {kNode, kNeighbor};

constexpr GraphFunction kNeighbors = {
    "graph_neighbors",
    "graph_neighbors(edge_table, node_in [, direction, types, src_col, dst_col, weight_col, ...])",
    "node, neighbor, edge_id, way TEXT, type, weight REAL",
    6,
    kArguments,
    2,
    kNode,
    -1,
    20,
    RunNeighbors,
    kOrder};

}  // namespace

ModuleDef GraphNeighborsModule() { return GraphModule<kNeighbors>(); }

}  // namespace vecgraph
