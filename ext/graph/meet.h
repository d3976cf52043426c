// CostSearch: what it costs to reach each node from one, nearest first, a node at a time. Meet: two
// of them, from the source and from the target, until they meet.
//
// What the search from the target knows is a lower bound for every node, and it guides the searches
// of graph/route.h: far nodes that are on no cheap path are never visited.
// Threads: as the links.
#pragma once

#include <cstdint>
#include <limits>
#include <queue>
#include <vector>

#include "graph/links.h"
#include "graph/places.h"
#include "graph/stop.h"

namespace vecgraph {

// Sums of the same weights in another order differ by less.
constexpr double kRoundingRoom = 1 + 1e-9;

class CostSearch {
 public:
  // `unit`: every link costs 1, whatever its weight. REQUIRES: `links` outlives it.
  CostSearch(Links* links, uint32_t root, bool unit);

  // Settles the next node; `*node` is kNoNode if there is none.
  Status Step(uint32_t* node);
  // Every node that is not settled costs at least so much; infinite when all are settled.
  double radius() const { return radius_; }
  // The least cost known so far; infinite if there is none.
  double Cost(uint32_t node) const {
    const uint32_t place = places_.Find(node);
    return place == Places::kNone ? kNever : best_[place].cost;
  }
  // Whether a path is known, if only of a cost beyond a double.
  bool Knows(uint32_t node) const { return places_.Find(node) != Places::kNone; }
  // Whether there are nodes of such a cost.
  bool overflown() const { return overflown_; }
  // A lower bound of the true cost.
  double AtLeast(uint32_t node) const {
    const uint32_t place = places_.Find(node);
    return place != Places::kNone && best_[place].settled ? best_[place].cost : radius_;
  }
  uint64_t steps() const { return steps_; }

  static constexpr double kNever = std::numeric_limits<double>::infinity();

 private:
  struct Best {
    double cost = kNever;
    bool settled = false;
  };
  struct Entry {
    double cost;
    uint32_t node;
    bool operator<(const Entry& other) const { return cost > other.cost; }  // the cheapest on top
  };

  void Push(const Entry& entry);
  bool Pop(Entry* entry);

  Links* links_;
  bool unit_;
  Places places_;
  std::vector<Best> best_;  // by place
  std::priority_queue<Entry> queue_;
  std::vector<Entry> line_;  // instead of the queue if all links cost the same
  size_t served_ = 0;
  double radius_ = 0;
  bool overflown_ = false;
  uint64_t steps_ = 0;
};

// Runs both searches until no path that the target's search does not bound can be the cheapest.
// `*cost`: what the cheapest path costs, but for rounding; infinite if there is none of at most
// `most`.
Status Meet(CostSearch* from_source, CostSearch* from_target, double most, Stop* stop,
            double* cost);

}  // namespace vecgraph
