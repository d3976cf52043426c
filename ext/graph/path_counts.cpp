#include "graph/path_counts.h"

#include <algorithm>

namespace vecgraph {

Status PathCounts::From(uint32_t source, Stop* stop) {
  for (const uint32_t node : order_) {
    states_[node] = kUnreached;
    if (!settled_.empty()) settled_[node] = false;
  }
  order_.clear();
  states_[source] = {0, 1};
  if (lengths_.empty()) {
    order_.push_back(source);
    return BreadthFirst(stop);
  }
  settled_.resize(states_.size());
  heap_.push_back({0, source});
  return Dijkstra(stop);
}

Status PathCounts::BreadthFirst(Stop* stop) {
  for (size_t i = 0; i < order_.size(); ++i) {
    const uint32_t node = order_[i];
    const State own = states_[node];
    const bool all = stop->Each(neighbors_.begin(node), neighbors_.end(node), 2, [&](uint32_t k) {
      State& other = states_[neighbors_.nodes[k]];
      if (other.distance < 0) {
        other = {own.distance + 1, own.paths};
        order_.push_back(neighbors_.nodes[k]);
      } else if (other.distance > own.distance) {
        other.paths += own.paths;
      }
    });
    if (!all || stop->After(2)) return stop->status();
  }
  return Status::Ok();
}

Status PathCounts::Dijkstra(Stop* stop) {
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end());
    const uint32_t node = heap_.back().node;
    heap_.pop_back();
    if (settled_[node]) continue;
    settled_[node] = true;
    order_.push_back(node);
    const State own = states_[node];
    const bool all = stop->Each(neighbors_.begin(node), neighbors_.end(node), 8, [&](uint32_t k) {
      State& other = states_[neighbors_.nodes[k]];
      const double distance = own.distance + lengths_[k];
      if (other.distance < 0 || distance < other.distance) {
        other = {distance, own.paths};
        heap_.push_back({distance, neighbors_.nodes[k]});
        std::push_heap(heap_.begin(), heap_.end());
      } else if (distance == other.distance) {
        other.paths += own.paths;
      }
    });
    if (!all || stop->After(16)) return stop->status();
  }
  return Status::Ok();
}

}  // namespace vecgraph
