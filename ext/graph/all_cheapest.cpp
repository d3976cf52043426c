#include "graph/all_cheapest.h"

#include <algorithm>

#include "graph/path_lister.h"

namespace vecgraph {
namespace {

// Links that are given; the edge of each is its number among other links.
class GivenLinks final : public Links {
 public:
  struct Given {
    uint32_t from;
    uint32_t to;
    uint32_t number;
    bool operator<(const Given& other) const {
      return from != other.from ? from < other.from : number < other.number;
    }
  };
  explicit GivenLinks(std::vector<Given> given) : Links(false), given_(std::move(given)) {
    std::sort(given_.begin(), given_.end());
  }

 private:
  Status Fetch(uint32_t node, std::vector<Link>* links) override {
    const auto first = std::lower_bound(given_.begin(), given_.end(), Given{node, 0, 0});
    for (auto at = first; at != given_.end() && at->from == node; ++at) {
      links->push_back({at->to, at->number, 1});
    }
    return Status::Ok();
  }

  std::vector<Given> given_;
};

}  // namespace

Status ListAllCheapest(Links* links, RouteSearch* search, uint32_t source, uint32_t target,
                       double least, uint64_t max_paths, Stop* stop, std::vector<Route>* routes,
                       bool* more) {
  *more = false;
  RouteSearch::Spur spur;
  spur.node = source;
  double cost = 0;
  Status status = search->Search(spur, least, false, &cost);
  if (!status.ok() || cost == CostSearch::kNever) return status;
  std::vector<RouteSearch::Tight> tight;
  status = search->ListTight(&tight);
  if (!status.ok()) return status;
  std::vector<GivenLinks::Given> forward;
  std::vector<GivenLinks::Given> backward;
  for (const auto& [from, number] : tight) {
    const uint32_t to = (*links)[number].node;
    forward.push_back({from, to, number});
    backward.push_back({to, from, number});
  }
  GivenLinks along(std::move(forward));
  GivenLinks against(std::move(backward));
  CostSearch from_target(&against, target, true);
  PathQuery query;
  query.source = source;
  query.target = target;
  query.mode = PathMode::kAcyclic;
  query.min_hops = 0;
  query.max_paths = max_paths;
  status = ListPaths(&along, &from_target, query, stop, routes, more);
  for (Route& route : *routes) {
    for (uint32_t& number : route) number = along[number].edge;
  }
  return status;
}

}  // namespace vecgraph
