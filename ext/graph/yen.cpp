#include "graph/yen.h"

#include <algorithm>
#include <set>
#include <utility>

namespace vecgraph {
namespace {

struct Candidate {
  double cost = 0;
  Route route;
  size_t parts = 0;  // the step at which it leaves the path that it was made from

  bool Counts(double most) const { return cost <= most && cost < CostSearch::kNever; }
  bool operator<(const Candidate& other) const {
    if (cost != other.cost) return cost < other.cost;
    if (route.size() != other.route.size()) return route.size() < other.route.size();
    return route < other.route;
  }
};

// The searches for paths that leave `path` at step i, for every i from path.parts.
class Deviations {
 public:
  Deviations(Links* links, RouteSearch* search, uint32_t source)
      : links_(links), search_(search), source_(source) {}

  // Adds those among the `room` best.
  Status Add(const Candidate& path, const std::vector<Route>& known, uint64_t room, double most,
             std::set<Candidate>* candidates) {
    RouteSearch::Spur spur;
    spur.node = source_;
    for (size_t i = 0; i < path.route.size(); ++i) {
      if (i >= path.parts) {
        spur.banned_links.clear();
        for (const Route& route : known) {
          if (route.size() > i && std::equal(route.begin(), At(route, i), path.route.begin())) {
            spur.banned_links.push_back(route[i]);
          }
        }
        Status status = AddOne(spur, path, i, room, most, candidates);
        if (!status.ok()) return status;
      }
      const Link& link = (*links_)[path.route[i]];
      spur.banned_nodes.push_back(spur.node);
      spur.cost += search_->CostOf(link);
      spur.node = link.node;
    }
    return Status::Ok();
  }

 private:
  static Route::const_iterator At(const Route& route, size_t i) {
    return route.begin() + static_cast<ptrdiff_t>(i);
  }

  Status AddOne(const RouteSearch::Spur& spur, const Candidate& path, size_t i, uint64_t room,
                double most, std::set<Candidate>* candidates) {
    if (candidates->size() >= room) most = std::min(most, candidates->rbegin()->cost);
    Candidate found;
    Status status = search_->Search(spur, most, true, &found.cost);
    if (!status.ok() || !found.Counts(most)) return status;
    found.route.assign(path.route.begin(), At(path.route, i));
    found.parts = i;
    status = search_->Trace(spur, &found.route);
    if (!status.ok()) return status;
    candidates->insert(std::move(found));
    if (candidates->size() > room) candidates->erase(std::prev(candidates->end()));
    return status;
  }

  Links* links_;
  RouteSearch* search_;
  uint32_t source_;
};

}  // namespace

Status ListCheapest(Links* links, RouteSearch* search, uint32_t source, uint64_t k, double least,
                    double most, std::vector<Route>* routes) {
  Deviations deviations(links, search, source);
  std::set<Candidate> candidates;
  Candidate first;
  RouteSearch::Spur spur;
  spur.node = source;
  Status status = search->Search(spur, least, false, &first.cost);
  if (!status.ok() || !first.Counts(most)) return status;
  status = search->Trace(spur, &first.route);
  candidates.insert(std::move(first));
  while (status.ok() && !candidates.empty()) {
    const auto best = candidates.extract(candidates.begin());
    routes->push_back(best.value().route);
    const uint64_t room = k - routes->size();
    if (room == 0) break;
    status = deviations.Add(best.value(), *routes, room, most, &candidates);
  }
  return status;
}

}  // namespace vecgraph
