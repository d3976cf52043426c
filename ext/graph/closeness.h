// Closeness: how near all others are to a node.
//
// With r nodes that have a path to it, itself included, at distances whose sum is s, among n nodes:
//   (r - 1) / s * (r - 1) / (n - 1)
// the definition of networkx with the correction of Wasserman and Faust for parts of a graph; 0 if
// s is. O(nodes + edges) for 64 nodes at a time, as a rule; with lengths O((nodes + edges) log
// nodes) for each.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/direction.h"
#include "graph/graph.h"

namespace vecgraph {

// The closeness of each of `nodes`, along paths that go in this direction; weights, if there are
// any, are lengths. An error: interrupted, or a shortest path that is longer than a double holds.
Status Closeness(const Graph& graph, Direction direction, const std::vector<uint32_t>& nodes,
                 const StopPoll& poll, std::vector<double>* scores);

}  // namespace vecgraph
