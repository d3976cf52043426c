#include "sqlapi/graph_routes.h"

#include <algorithm>

namespace vecgraph {
namespace {

struct Ends {
  sqlite3_value* source = nullptr;
  sqlite3_value* target = nullptr;
};

struct RouteOptions {
  uint64_t count = 0;
  double most = CostSearch::kNever;  // what max_depth allows
  bool unit = false;
  bool simple = false;
};

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
  WalkLinks<AnyWalk, false> links(walk, options.simple);
  WalkLinks<AnyWalk, true> back(walk, options.simple);
  CostSearch from_source(&links, source, options.unit);
  CostSearch from_target(&back, target, options.unit);
  double least = options.most;
  if (status.ok() && both_ways) {
    status = Meet(&from_source, &from_target, options.most, &stop, &least);
    if (status.ok() && least == CostSearch::kNever) return status;
  }
  if (!status.ok()) return status;
  RouteSearch search(&links, both_ways ? &from_target : nullptr, target, options.unit, &stop);
  std::vector<Route> routes;
  status = list({&links, &search, source, target, least, options.most, &stop}, options.count,
                &routes, more);
  for (const Route& route : routes) rows->Add(links, route, source, options.unit);
  return status;
}

}  // namespace

void RouteRows::Add(const Links& links, const Route& route, uint32_t source, bool unit) {
  ++paths_;
  Row row{paths_, 0, source, 0, 0};
  rows_.push_back(row);
  for (const uint32_t number : route) {
    const Link& link = links[number];
    row = {paths_, row.step + 1, link.node, link.edge, row.cost + (unit ? 1 : link.weight)};
    rows_.push_back(row);
  }
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
