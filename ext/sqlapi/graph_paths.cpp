// graph_paths(edge_table, source [, target, min_hops, max_hops, mode, max_paths, direction, types,
//             src_col, dst_col, type_col, edge_id_col, node_table, id_col, simple])
//
// The paths from a node, all of them or those to another, a row each.
//
//   SELECT length, nodes FROM graph_paths('edges', 'a', 'z') WHERE max_hops = 4;
//   SELECT e.value, count(*) FROM graph_paths('edges', 'a', 'z', 1, 4) AS p,
//     json_each(p.edges) AS e GROUP BY 1 ORDER BY 2 DESC;
//   -- the edges that most ways use
//   SELECT nodes FROM graph_paths('edges', 'a', 'a') WHERE mode = 'simple';
//   -- the cycles through a
//
// ARGUMENTS, by position or by name in WHERE
//   edge_table, direction, types, src_col, dst_col, type_col, edge_id_col, node_table, id_col
//               as those of graph_bfs
//   source      one id; NULL: no rows
//   target      one id; NULL: paths to any node
//   min_hops, max_hops  how many edges a path has: from 1, to any number (1,000,000)
//   mode        trail (default): no edge twice; acyclic: no node twice; simple: no node twice, but
//               the last may be the first; walk: anything
//   max_paths   at most so many paths (1000), the shortest; last_cut of graph_stats is 1 if there
//               are more
//   simple      0 (default): each of several parallel edges makes a path of its own; 1: the one
//               with the smallest id stands for all, and edges from a node to itself are left out
//
// ROWS come by length, the number of edges; of the same length, those that first go to a smaller
// id, or along a smaller edge id. path_id counts from 1. nodes and edges are JSON arrays of ids,
// nodes one longer. A LIMIT is as good as max_paths. JSON has no blobs: one becomes the text that
// hex() gives; a real is written so that it reads back the same.
//
// HOW IT WORKS: for each length a search in depth, which a search from the target keeps on paths
// that can still end there (graph/path_lister.h). The number of paths grows with every edge: give
// max_hops. By index look-ups while few edges are touched, else on the whole graph in memory.
#include <algorithm>
#include <array>

#include "base/json_text.h"
#include "graph/path_lister.h"
#include "sqlapi/graph_function.h"
#include "sqlapi/json_result.h"

namespace vecgraph {
namespace {

enum Column { kPathId, kLength, kNodes, kEdges };

void AppendJson(const ValueRef& id, std::string* json) {
  switch (id.type) {
    case SQLITE_INTEGER:
      *json += std::to_string(id.integer);
      break;
    case SQLITE_FLOAT:
      *json += JsonReal(id.real);
      break;
    case SQLITE_TEXT:
      *json += JsonQuote(id.bytes);
      break;
    case SQLITE_BLOB:
      *json += '"';
      for (const unsigned char byte : id.bytes) *json += Format("%02X", byte);
      *json += '"';
      break;
    default:
      *json += "null";
  }
}

class PathRows final : public GraphRows {
 public:
  struct Step {
    uint32_t node;
    uint32_t edge;  // that led to it
  };
  std::vector<Step> steps;
  std::vector<size_t> ends;  // of each path in `steps`
  std::shared_ptr<const WalkIds> ids;

  size_t size() const override { return ends.size(); }
  void Column(sqlite3_context* ctx, size_t i, int column) const override {
    const size_t begin = i == 0 ? 0 : ends[i - 1];
    if (column == kPathId) return sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(i) + 1);
    if (column == kLength) {
      return sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(ends[i] - begin) - 1);
    }
    std::string json = "[";
    const size_t first = begin + (column == kEdges ? 1 : 0);
    for (size_t s = first; s < ends[i]; ++s) {
      if (s > first) json += ',';
      AppendJson(column == kEdges ? ids->edge_id(steps[s].edge) : ids->id(steps[s].node), &json);
    }
    ResultJson(ctx, json + "]");
  }
};

struct PathOptions {
  PathQuery query;
  sqlite3_value* source = nullptr;
  sqlite3_value* target = nullptr;
  bool simple = false;
  bool number_by_id = false;  // look-ups know an edge from both of its ends by its id
};

template <class AnyWalk>
Status FindPaths(AnyWalk* walk, PathOptions options, const StopPoll& poll, PathRows* rows,
                 bool* more) {
  PathQuery& query = options.query;
  Status status = walk->Find(ValueRef::Of(options.source), &query.source);
  if (status.ok() && options.target) {
    status = walk->Find(ValueRef::Of(options.target), &query.target);
  }
  if (!status.ok() || walk->gave_up() || query.source == kNoNode ||
      (options.target && query.target == kNoNode)) {
    return status;
  }
  Stop stop(poll);
  WalkLinks<AnyWalk, false> links(walk, options.simple);
  WalkLinks<AnyWalk, true> back(walk, options.simple);
  if (options.number_by_id) links.NumberById();
  std::unique_ptr<CostSearch> from_target;
  if (options.target) {
    status = walk->OpenBack(poll);
    if (!status.ok()) return status;
    from_target = std::make_unique<CostSearch>(&back, query.target, true);
  }
  std::vector<Route> routes;
  status = ListPaths(&links, from_target.get(), query, &stop, &routes, more);
  for (const Route& route : routes) {
    rows->steps.push_back({query.source, 0});
    for (const uint32_t number : route) {
      rows->steps.push_back({links[number].node, links[number].edge});
    }
    rows->ends.push_back(rows->steps.size());
  }
  return status;
}

Status ReadOptions(GraphCall* call, Direction* direction, PathOptions* options) {
  static constexpr const char* kModes[] = {"trail", "walk", "acyclic", "simple"};
  PathQuery& query = options->query;
  int mode = 0;
  options->source = call->Given("source");
  options->target = call->Given("target");
  Status status = call->Count("min_hops", &query.min_hops);
  if (status.ok()) status = call->Count("max_hops", &query.max_hops);
  if (status.ok()) status = call->Choice("mode", kModes, &mode);
  if (status.ok()) status = call->Count("max_paths", &query.max_paths);
  if (status.ok()) status = call->ReadDirection(direction);
  if (status.ok()) status = call->Flag("simple", &options->simple);
  if (!status.ok()) return status;
  query.mode = static_cast<PathMode>(mode);
  query.max_paths = std::min(query.max_paths, call->wanted());
  query.max_hops = std::min(query.max_hops, PathQuery::kMostHops);
  if (query.min_hops > PathQuery::kMostHops) {
    return Status::Error(Format("min_hops must be at most %llu",
                                static_cast<unsigned long long>(PathQuery::kMostHops)));
  }
  return status;
}

Status RunPaths(GraphCall* call) {
  Direction direction = Direction::kOut;
  PathOptions options;
  EdgeReader reader(call->db(), &call->connection()->graphs);
  Status status = ReadOptions(call, &direction, &options);
  if (status.ok()) status = call->Open(&reader);
  if (!status.ok()) return status;
  auto rows = std::make_unique<PathRows>();
  bool more = false;
  const EdgeSource& source = reader.source();
  const bool has_rowid = !source.rowid.empty() && source.edge_id == source.rowid;
  options.number_by_id = direction == Direction::kBoth && has_rowid;
  const bool may_look_up = (direction != Direction::kBoth || has_rowid) &&
                           (options.target == nullptr || source.IsIndexed(Direction::kBoth));
  status = call->Walk(
      &reader, direction,
      [&](auto* walk) {
        rows->steps.clear();
        rows->ends.clear();
        if (!options.source) return Status::Ok();
        return FindPaths(walk, options, reader.poll(), rows.get(), &more);
      },
      &rows->ids, may_look_up);
  call->ReportCut(more);
  call->rows = std::move(rows);
  return status;
}

constexpr std::array<const char*, 16> kArguments = {
    "edge_table",  "source",     "target", "min_hops", "max_hops", "mode",
    "max_paths",   "direction",  "types",  "src_col",  "dst_col",  "type_col",
    "edge_id_col", "node_table", "id_col", "simple"};

constexpr std::array<GraphBound, 2> kBounds = {{{kPathId, "max_paths"}, {kLength, "max_hops"}}};

constexpr GraphFunction kPaths = {"graph_paths",
                                  "graph_paths(edge_table, source [, target, min_hops, max_hops, "
                                  "mode, max_paths, direction, ...])",
                                  "path_id INTEGER, length INTEGER, nodes TEXT, edges TEXT",
                                  4,
                                  kArguments,
                                  2,
                                  kPathId,
                                  -1,
                                  100,
                                  RunPaths,
                                  {},
                                  kBounds,
                                  true};

}  // namespace

ModuleDef GraphPathsModule() { return GraphModule<kPaths>(); }

}  // namespace vecgraph
