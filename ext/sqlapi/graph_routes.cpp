#include "sqlapi/graph_routes.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "graph/fewest_edges.h"
#include "graph/too_far.h"

namespace vecgraph {
namespace {

struct Ends {
  sqlite3_value* source = nullptr;
  sqlite3_value* target = nullptr;
};

struct RouteOptions {
  bool one = false;  // path
  uint64_t count = 0;
  double most = CostSearch::kNever;  // what max_depth allows
  bool unit = false;
  bool simple = false;
};

Status FindOne(GraphWalk* walk, uint32_t source, uint32_t target, const RouteOptions& options,
               Stop* stop, RouteRows* rows) {
  const auto most = static_cast<uint32_t>(std::min<double>(options.most, UINT32_MAX));
  std::vector<Link> path;
  bool found = false;
  Status status = FindFewestEdges(walk, source, target, most, stop, &path, &found);
  if (!status.ok() || !found) return status;
  rows->Begin(source);
  for (const Link& link : path) rows->Add(link, 1);
  return status;
}

template <class AnyWalk>
Status FindRoutes(AnyWalk* walk, const Ends& ends, const RouteOptions& options,
                  const StopPoll& poll, ListRoutes list, RouteRows* rows, bool* more) {
  uint32_t source = kNoNode;
  uint32_t target = kNoNode;
  Status status = walk->Find(ValueRef::Of(ends.source), &source);
  if (status.ok()) status = walk->Find(ValueRef::Of(ends.target), &target);
  if (!status.ok() || walk->gave_up() || source == kNoNode || target == kNoNode) return status;
  const bool both_ways = walk->CanGoBack();
  if (both_ways) status = walk->OpenBack(poll);
  Stop stop(poll);
  if constexpr (std::is_same_v<AnyWalk, GraphWalk>) {
    if (status.ok() && options.one && options.unit) {
      return FindOne(walk, source, target, options, &stop, rows);
    }
  }
  WalkLinks<AnyWalk, false> links(walk, options.simple);
  WalkLinks<AnyWalk, true> back(walk, options.simple);
  CostSearch from_source(&links, source, options.unit);
  CostSearch from_target(&back, target, options.unit);
  double least = options.most;
  if (status.ok() && both_ways) {
    status = Meet(&from_source, &from_target, options.most, &stop, &least);
    if (status.ok() && least == CostSearch::kNever) {
      const bool met = from_source.Knows(target) || from_target.Knows(source);
      return met && options.most == CostSearch::kNever ? TooFar(walk->id(target))
                                                       : std::move(status);
    }
  }
  if (!status.ok()) return status;
  RouteSearch search(&links, both_ways ? &from_target : nullptr, target, options.unit, &stop);
  std::vector<Route> routes;
  status = list({&links, &search, source, target, least, options.most, &stop}, options.count,
                &routes, more);
  // A path that costs too much for a double would be among the first ones.
  if (status.ok() && search.too_far() && routes.size() < options.count) {
    return TooFar(walk->id(target));
  }
  for (const Route& route : routes) {
    rows->Begin(source);
    for (const uint32_t number : route) {
      rows->Add(links[number], options.unit ? 1 : links[number].weight);
    }
  }
  return status;
}

}  // namespace

void RouteRows::Begin(uint32_t source) { rows_.push_back({++paths_, 0, source, 0, 0}); }

void RouteRows::Add(const Link& link, double cost) {
  const Row& last = rows_.back();
  rows_.push_back({paths_, last.step + 1, link.node, link.edge, last.cost + cost});
}

void RouteRows::Column(sqlite3_context* ctx, size_t i, int column) const {
  const Row& row = rows_[i];
  switch (column + first_) {
    case kPathId:
      return sqlite3_result_int64(ctx, row.path);
    case kStep:
      return sqlite3_result_int64(ctx, row.step);
    case kNode:
      return ids->id(row.node).Result(ctx);
    case kEdgeId:
      if (row.step > 0) ids->edge_id(row.edge).Result(ctx);
      return;
    default:
      return sqlite3_result_double(ctx, row.cost);
  }
}

Status RunRoutes(GraphCall* call, RouteRows::Field first, uint64_t count, ListRoutes list) {
  const Ends ends{call->Given("source"), call->Given("target")};
  Direction direction = Direction::kOut;
  RouteOptions options;
  options.count = count;
  options.one = first == RouteRows::kStep;
  options.unit = call->Given("weight_col") == nullptr;
  uint64_t depth = UINT32_MAX;
  Status status = call->ReadDirection(&direction);
  if (status.ok()) status = call->Count("max_depth", &depth);
  if (status.ok()) status = call->Flag("simple", &options.simple);
  if (status.ok() && call->Given("max_depth") && !options.unit) {
    status = Status::Error(
        "max_depth counts edges and weight_col adds costs: give one of the two; graph_distances "
        "has max_cost");
  }
  if (call->Given("max_depth")) options.most = static_cast<double>(depth);
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (!status.ok()) return status;
  auto rows = std::make_unique<RouteRows>(first);
  bool more = false;
  status = call->Walk(
      &reader, direction,
      [&](auto* walk) {
        rows->Clear();
        if (!ends.source || !ends.target || options.count == 0) return Status::Ok();
        return FindRoutes(walk, ends, options, reader.poll(), list, rows.get(), &more);
      },
      &rows->ids);
  call->ReportCut(more);
  call->rows = std::move(rows);
  return status;
}

}  // namespace vecgraph
