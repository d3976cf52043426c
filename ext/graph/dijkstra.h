// Dijkstra: the nodes that can be reached, each at its least cost, cheapest first.
//
// Among paths of the same cost the one with the fewest edges counts, then the smallest parent, then
// the first of parallel edges. Weights are not negative (graph/load.h). Rows come by cost, hops,
// node. O((nodes + edges) log nodes) of what is reached.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <queue>
#include <vector>

#include "graph/stop.h"
#include "graph/too_far.h"
#include "graph/walk.h"

namespace vecgraph {

struct PathRow {
  uint32_t node;
  uint32_t hops;
  uint32_t parent;  // kNoNode: a root
  uint32_t edge;
  double cost;
};

struct PathLimits {
  double cost = std::numeric_limits<double>::infinity();
  uint64_t rows = UINT64_MAX;
};

// `roots` are distinct. An error: interrupted, or a node that costs too much for a double was next.
// The caller asks a LookupWalk whether it gave up.
template <class Walk>
Status Dijkstra(Walk* walk, const std::vector<uint32_t>& roots, const PathLimits& limits,
                const StopPoll& poll, std::vector<PathRow>* rows) {
  struct Best {
    double cost = std::numeric_limits<double>::infinity();
    uint32_t hops = UINT32_MAX;  // so that a path of infinite cost is better than none
    uint32_t parent = kNoNode;
    uint32_t edge = 0;
    bool settled = false;
  };
  struct Entry {
    double cost;
    uint32_t hops;
    uint32_t node;
  };
  const auto later = [&](const Entry& a, const Entry& b) {
    if (a.cost != b.cost) return a.cost > b.cost;
    return a.hops != b.hops ? a.hops > b.hops : walk->Before(b.node, a.node);
  };
  Stop stop(poll);
  std::vector<Best> best(walk->size());
  std::priority_queue<Entry, std::vector<Entry>, decltype(later)> queue(later);
  for (const uint32_t root : roots) {
    best[root].cost = 0;
    best[root].hops = 0;
    queue.push({0, 0, root});
    if (stop.After(32)) return stop.status();
  }
  while (!queue.empty()) {
    const Entry entry = queue.top();
    queue.pop();
    const Best own = best[entry.node];
    if (own.settled) continue;  // an entry that a better one has replaced
    if (std::isinf(own.cost)) return TooFar(walk->id(entry.node));
    best[entry.node].settled = true;
    rows->push_back({entry.node, own.hops, own.parent, own.edge, own.cost});
    if (rows->size() >= limits.rows) break;
    Status status = walk->Visit(entry.node, [&](const Link& link) {
      if (link.node >= best.size()) best.resize(std::max(walk->size(), link.node + size_t{1}));
      Best& known = best[link.node];
      if (stop.After(8)) return false;
      const double cost = own.cost + link.weight;
      if (known.settled || !(cost <= limits.cost)) return true;
      const uint32_t hops = own.hops + 1;
      const bool same = cost == known.cost && hops == known.hops;
      if (same ? !walk->Before(entry.node, known.parent)
               : !(cost < known.cost || (cost == known.cost && hops < known.hops))) {
        return true;
      }
      known.cost = cost;
      known.hops = hops;
      known.parent = entry.node;
      known.edge = link.edge;
      if (!same) queue.push({cost, hops, link.node});
      return true;
    });
    if (!status.ok() || walk->gave_up()) return status;
    if (stop.After(16)) return stop.status();
  }
  return stop.status();
}

}  // namespace vecgraph
