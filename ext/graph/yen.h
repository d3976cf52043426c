// Yen: the k cheapest paths from a node to another that visit no node twice, cheapest first.
//
// Each further path parts from one that is known already, at one of its nodes (Yen 1971; by
// Lawler's rule only where that was not tried before). Ties as in graph/route.h, so the order is
// total.
// Threads: as the links.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/route.h"

namespace vecgraph {

// `least`: what the cheapest path costs, but for rounding (graph/meet.h). Paths of more than `most`
// do not count.
Status ListCheapest(Links* links, RouteSearch* search, uint32_t source, uint64_t k, double least,
                    double most, std::vector<Route>* routes);

}  // namespace vecgraph
