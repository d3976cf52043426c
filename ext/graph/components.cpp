#include "graph/components.h"

#include <algorithm>
#include <numeric>

#include "graph/stop.h"

namespace vecgraph {

Status WeakComponents(const Graph& graph, const StopPoll& poll, std::vector<uint32_t>* component) {
  // Union-find in which a parent is never larger than its child, so a root is the smallest node.
  std::vector<uint32_t>& parent = *component;
  parent.resize(graph.size());
  std::iota(parent.begin(), parent.end(), 0U);
  const auto root_of = [&](uint32_t node) {
    while (parent[node] != node) {
      parent[node] = parent[parent[node]];
      node = parent[node];
    }
    return node;
  };
  Stop stop(poll);
  for (uint32_t u = 0; u < graph.size(); ++u) {
    uint32_t own = root_of(u);
    const bool all = stop.Each(graph.out.begin(u), graph.out.end(u), 4, [&](uint32_t slot) {
      const uint32_t other = root_of(graph.out.nodes[slot]);
      const uint32_t least = std::min(own, other);
      parent[own] = least;
      parent[other] = least;
      own = least;
    });
    if (!all || stop.After(2)) return stop.status();
  }
  // In ascending order every parent is a root by the time it is asked.
  for (uint32_t& node : parent) {
    node = parent[node];
    if (stop.After(1)) return stop.status();
  }
  return Status::Ok();
}

// Tarjan's algorithm with a stack of its own.
Status StrongComponents(const Graph& graph, const StopPoll& poll,
                        std::vector<uint32_t>* component) {
  constexpr uint32_t kUnseen = UINT32_MAX;
  struct Frame {
    uint32_t node;
    uint32_t slot;  // the next edge to follow
  };
  const uint32_t nodes = graph.size();
  std::vector<uint32_t> order(nodes, kUnseen);  // when a node was first seen
  std::vector<uint32_t> low(nodes);             // the earliest open node that it reaches
  std::vector<uint32_t> open;                   // seen, and not yet in a component
  std::vector<Frame> stack;
  component->assign(nodes, kUnseen);
  Stop stop(poll);
  uint32_t seen = 0;
  const auto enter = [&](uint32_t node) {
    order[node] = low[node] = seen++;
    open.push_back(node);
    stack.push_back({node, graph.out.begin(node)});
  };
  for (uint32_t first = 0; first < nodes; ++first) {
    if (order[first] == kUnseen) enter(first);
    while (!stack.empty()) {
      if (stop.After(8)) return stop.status();
      Frame& frame = stack.back();
      const uint32_t node = frame.node;
      if (frame.slot < graph.out.end(node)) {
        const uint32_t next = graph.out.nodes[frame.slot++];
        if (order[next] == kUnseen) {
          enter(next);
        } else if ((*component)[next] == kUnseen) {
          low[node] = std::min(low[node], order[next]);
        }
        continue;
      }
      stack.pop_back();
      if (!stack.empty()) {
        uint32_t& above = low[stack.back().node];
        above = std::min(above, low[node]);
      }
      if (low[node] != order[node]) continue;
      // Everything opened since belongs to this node's component.
      auto from = open.end();
      uint32_t least = node;
      do {
        least = std::min(least, *--from);
      } while (*from != node);
      std::for_each(from, open.end(), [&](uint32_t member) { (*component)[member] = least; });
      open.erase(from, open.end());
    }
  }
  return stop.status();
}

}  // namespace vecgraph
