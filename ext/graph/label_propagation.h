// Label propagation: every node takes the label that most of its neighbours have.
//
// At first each node is its own label. A round gives every node the label with the largest weight
// of edges to its neighbours, of several the smallest; a node without neighbours keeps its own.
// Synchronous: from the labels of the round before (the CDLP of Graphalytics); it may swing to and
// fro for ever. Asynchronous: one node after another in random order, from the labels as they are.
// O(nodes + edges) a round.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/direction.h"
#include "graph/graph.h"

namespace vecgraph {

struct PropagationOptions {
  uint64_t most_rounds = 10;
  bool synchronous = true;
  uint64_t seed = 0;                       // of the order, if not synchronous
  Direction direction = Direction::kBoth;  // the way of a label along edges
};

struct Propagation {
  std::vector<uint32_t> labels;  // by node: a node
  uint64_t rounds = 0;
  bool converged = false;  // the last round changed nothing
};

// An error: interrupted.
Status PropagateLabels(const Graph& graph, const PropagationOptions& options, const StopPoll& poll,
                       Propagation* result);

}  // namespace vecgraph
