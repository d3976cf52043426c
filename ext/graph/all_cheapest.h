// ListAllCheapest: every path that costs as little as the cheapest.
//
// The links that cheapest paths use are few, and among them every path to the target is one
// (graph/path_lister.h lists them). Links that cost nothing may go in circles; a path visits no
// node twice. Threads: as the links.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/route.h"

namespace vecgraph {

// `least` as for ListCheapest(). At most `max_paths`, those with the fewest edges; `*more`: there
// are more.
Status ListAllCheapest(Links* links, RouteSearch* search, uint32_t source, uint32_t target,
                       double least, uint64_t max_paths, Stop* stop, std::vector<Route>* routes,
                       bool* more);

}  // namespace vecgraph
