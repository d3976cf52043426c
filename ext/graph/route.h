// RouteSearch: the cheapest path to a target, also if some nodes and links must not be used.
//
// Dijkstra's algorithm, which passes by every node from which the target is too far away to matter:
// a search from the target (graph/meet.h) says how far it is at least. Of several cheapest paths
// the one with the fewest edges counts, then the one that first goes to a smaller node, or along a
// smaller edge.
// Threads: as the links.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/links.h"
#include "graph/meet.h"
#include "graph/places.h"
#include "graph/stop.h"

namespace vecgraph {

using Route = std::vector<uint32_t>;  // the numbers of its links

class RouteSearch {
 public:
  // `bounds`, from the target, may be null. REQUIRES: all outlive it.
  RouteSearch(Links* links, const CostSearch* bounds, uint32_t target, bool unit, Stop* stop)
      : links_(links), bounds_(bounds), target_(target), unit_(unit), stop_(stop) {}

  // Where a search begins, and what it must not use.
  struct Spur {
    uint32_t node = kNoNode;
    double cost = 0;  // of the way there
    std::vector<uint32_t> banned_nodes;
    std::vector<uint32_t> banned_links;  // that leave the node
  };

  // Finds what it costs at least to reach nodes on paths from `spur` of at most `most`, until the
  // target's cost is known and every path of that cost can be told. `*cost`: infinite if there is
  // no path. `guess`: `most` is far too large; a search that runs straight at the target first
  // finds a better one.
  Status Search(const Spur& spur, double most, bool guess, double* cost);
  // Adds the path that counts. REQUIRES: Search() found one, from `spur`.
  Status Trace(const Spur& spur, Route* route);

  // The links that a cheapest path to some node may use, by the node that they leave. REQUIRES:
  // Search() from a spur without bans found a path.
  struct Tight {
    uint32_t from;
    uint32_t link;
  };
  Status ListTight(std::vector<Tight>* tight);

  // Whether a search found no path only because sums of costs passed what a double holds.
  bool too_far() const { return too_far_; }

  double CostOf(const Link& link) const { return unit_ ? 1 : link.weight; }

 private:
  struct Best {
    double cost = CostSearch::kNever;
    uint32_t hops = 0;
    bool banned = false;
  };
  struct Entry {
    double key;
    double cost;
    uint32_t hops;
    uint32_t node;
    bool operator<(const Entry& other) const {
      return key != other.key ? key > other.key : hops > other.hops;
    }
  };

  Status Run(const Spur& spur, double most, bool straight);
  // Whether a path leads to the target at all.
  Status Reach(const Spur& spur, bool* reached);
  Best& At(uint32_t node);
  double AtLeast(uint32_t node) const { return bounds_ ? bounds_->AtLeast(node) : 0; }

  Links* links_;
  const CostSearch* bounds_;
  uint32_t target_;
  bool unit_;
  Stop* stop_;
  Places places_;
  std::vector<Best> best_;          // by place
  bool overflown_ = false;          // in this run
  bool too_far_ = false;            // in some search
  uint32_t goal_ = 0;               // the target's place
  std::vector<uint32_t> expanded_;  // nodes in the order of their costs
};

}  // namespace vecgraph
