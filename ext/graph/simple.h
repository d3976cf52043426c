// Simple graphs: without edges from a node to itself and without parallel ones.
//
// Of parallel edges the one with the least weight stays, of several the first; in a direction of
// `both` an edge and one the other way are parallel. O(nodes + edges).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "graph/direction.h"
#include "graph/graph.h"

namespace vecgraph {

// A neighbour is reached by an edge from the node, by one to it, or by both: bits.
enum NeighborWays : uint8_t { kLeaves = 1, kEnters = 2 };

// The distinct other nodes that edges in this direction lead to, ascending; the slot of the edge
// that stays if the graph has weights; `ways`, if wanted, of each. An error: interrupted, or more
// than can be numbered.
Status SimpleNeighbors(const Graph& graph, Direction direction, const StopPoll& poll,
                       Adjacency* neighbors, std::vector<uint8_t>* ways = nullptr);

// The graph with the edges that stay, without their ids; undirected: one edge for each pair of
// neighbours, from the smaller node to the larger. `simple` may hold `graph`.
Status SimpleGraph(const Graph& graph, bool undirected, const StopPoll& poll,
                   std::shared_ptr<const Graph>* simple);

}  // namespace vecgraph
