// PushPageRank: personalised PageRank of the nodes near the seeds (Andersen, Chung, Lang).
//
// Score that has arrived at a node waits there until it is at least `eps` for each edge that leaves
// it; then the node keeps a part, 1 - d, and passes on the rest. What waits at the end is missing
// from the result. The edges that are followed are at most 1 / (eps (1 - d)), whatever the size of
// the graph: each costs the waiting score at least eps (1 - d). The first push of a graph in a
// direction makes an array by node, in a few nanoseconds for each; the graph keeps the last one.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "graph/direction.h"
#include "graph/graph.h"

namespace vecgraph {

// Gives (node, score) in any order; scores are too small by what waits, `*missing` in all. Score
// of a node that nothing leaves goes to the seeds. `seeds` are distinct, their weights positive.
// An error: interrupted, or CheckWeightSum() of a node that is visited.
Status PushPageRank(const Graph& graph, const std::vector<std::pair<uint32_t, double>>& seeds,
                    double damping, double eps, Direction direction, const StopPoll& poll,
                    std::vector<std::pair<uint32_t, double>>* scores, double* missing);

}  // namespace vecgraph
