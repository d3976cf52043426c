// Leiden (Traag, Waltman, van Eck 2019): Louvain whose communities are connected.
//
// Nodes move as in Louvain. Then each community is built anew from single nodes that join what they
// are well connected to, within it; these parts are the nodes of the next round, which begins with
// the communities that the moves made. Passes over all that are repeated while any node moves.
#pragma once

#include "graph/modularity.h"

namespace vecgraph {

// The last level are the communities; a level before holds the parts of which the next is made.
// All are connected. An error: interrupted, or the weights sum to infinity.
Status Leiden(const Graph& graph, const CommunityOptions& options, const StopPoll& poll,
              CommunityLevels* levels);

}  // namespace vecgraph
