// Betweenness: the share of shortest paths between two others that pass through a node, summed over
// all pairs (Brandes 2001).
//
// The definition of networkx: parallel edges are one, the shortest; lengths are compared exactly;
// endpoints do not count. O(nodes * edges), with lengths O(nodes * edges * log nodes).
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace vecgraph {

struct BetweennessOptions {
  bool undirected = false;
  // Divide by the number of pairs that a path through a node could be between.
  bool normalized = true;
  // Only paths from so many nodes, chosen at random; the sums are scaled up to stand for all.
  uint32_t samples = UINT32_MAX;
  uint64_t seed = 0;
};

// By node; weights, if there are any, are lengths. REQUIRES: none is 0; samples > 1. An error:
// interrupted, or shortest paths of which there are more, or which are longer, than a double holds.
Status Betweenness(const Graph& graph, const BetweennessOptions& options, const StopPoll& poll,
                   std::vector<double>* scores);

}  // namespace vecgraph
