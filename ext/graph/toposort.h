// Topological order: every node after all that point to it.
//
// The level of a node is the length of the longest path that ends there: 0 for one that nothing
// points to. O(nodes + edges), without recursion.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace vecgraph {

struct TopologicalOrder {
  std::vector<uint32_t> nodes;   // by level, then node
  std::vector<uint32_t> levels;  // by node
  // If there is no such order, a cycle: its nodes as its edges lead, from the smallest.
  std::vector<uint32_t> cycle;
};

// `reversed`: along edges from target to source. An error: interrupted.
Status SortTopologically(const Graph& graph, bool reversed, const StopPoll& poll,
                         TopologicalOrder* order);

}  // namespace vecgraph
