// Components: which nodes hang together. A component is known by its smallest node.
//
// Weak: by any path, whichever way its edges point. Strong: there and back. Both O(nodes + edges),
// without recursion.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace vecgraph {

// The smallest node of the component of each node. An error: interrupted.
Status WeakComponents(const Graph& graph, const StopPoll& poll, std::vector<uint32_t>* component);
Status StrongComponents(const Graph& graph, const StopPoll& poll, std::vector<uint32_t>* component);
// The nodes by strong component, a component after all that it leads to, with where each begins
// and, last, where they end. Within a component, too, most nodes come after what they lead to.
Status StrongOrder(const Graph& graph, const StopPoll& poll, std::vector<uint32_t>* nodes,
                   std::vector<uint32_t>* starts);

}  // namespace vecgraph
