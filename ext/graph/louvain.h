// Louvain (Blondel, Guillaume, Lambiotte, Lefebvre 2008): communities by moving nodes to where
// modularity rises most, then the same with the communities as nodes, until nothing moves. All that
// once more, from these communities on: a node may have moved before its neighbours did, and then
// only with its whole group.
#pragma once

#include "graph/modularity.h"

namespace vecgraph {

// An error: interrupted, or the weights sum to infinity.
Status Louvain(const Graph& graph, const CommunityOptions& options, const StopPoll& poll,
               CommunityLevels* levels);

}  // namespace vecgraph
