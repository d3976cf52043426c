// Core numbers: the largest k such that a node belongs to a part of the graph in which every node
// has at least k neighbours.
//
// Neighbours are counted once, whichever way and however many their edges are. O(nodes + edges)
// (Batagelj, Zaversnik 2003): the node with the fewest neighbours is taken away, again and again.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace vecgraph {

// By node. An error: interrupted.
Status CoreNumbers(const Graph& graph, const StopPoll& poll, std::vector<uint32_t>* cores);

}  // namespace vecgraph
