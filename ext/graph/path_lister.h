// ListPaths: all paths from a node, or to another, shortest first.
//
// A search in depth for the paths of one length, then of the next (iterative deepening): memory is
// that of one path, and what a cap leaves out are the longest. A search from the target says how
// far it is at least, so that a path which cannot end there is left. Paths come by length; of the
// same length, those that first go to a smaller node, or along a smaller edge.
// Threads: as the links.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/links.h"
#include "graph/meet.h"
#include "graph/route.h"
#include "graph/stop.h"

namespace vecgraph {

enum class PathMode : uint8_t {
  kTrail,    // no edge twice
  kWalk,     // anything
  kAcyclic,  // no node twice
  kSimple,   // no node twice, but the last may be the first; no edge twice
};

struct PathQuery {
  static constexpr uint64_t kMostHops = 1'000'000;

  uint32_t source = kNoNode;
  uint32_t target = kNoNode;  // kNoNode: any
  PathMode mode = PathMode::kTrail;
  uint64_t min_hops = 1;
  uint64_t max_hops = kMostHops;
  uint64_t max_paths = 1000;
};

// `from_target`: a search by number of links against their way, from the target; null if it is any
// node. REQUIRES: an edge has the same number from both of its ends if the mode forbids to use it
// twice. `*more`: there are paths beyond max_paths.
Status ListPaths(Links* links, CostSearch* from_target, const PathQuery& query, Stop* stop,
                 std::vector<Route>* routes, bool* more);

}  // namespace vecgraph
