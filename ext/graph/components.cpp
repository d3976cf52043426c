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

namespace {

// Tarjan's algorithm with a stack of its own. use(first, last) gets the nodes of each component, in
// the order in which they were left; a component comes after all that it leads to.
template <class Use>
Status EachStrong(const Graph& graph, const StopPoll& poll, Use&& use) {
  constexpr uint32_t kUnseen = UINT32_MAX;
  constexpr uint32_t kDone = UINT32_MAX - 1;
  struct Frame {
    uint32_t node;
    uint32_t slot;  // the next edge to follow
    size_t left;    // how many had been left before it
  };
  const uint32_t nodes = graph.size();
  std::vector<uint32_t> order(nodes, kUnseen);  // when a node was first seen; kDone: it was used
  std::vector<uint32_t> low(nodes);             // the earliest node, not used, that it reaches
  std::vector<uint32_t> left;                   // and not used
  std::vector<Frame> stack;
  Stop stop(poll);
  uint32_t seen = 0;
  const auto enter = [&](uint32_t node) {
    order[node] = low[node] = seen++;
    stack.push_back({node, graph.out.begin(node), left.size()});
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
        } else if (order[next] != kDone) {
          low[node] = std::min(low[node], order[next]);
        }
        continue;
      }
      const auto since = static_cast<ptrdiff_t>(frame.left);
      stack.pop_back();
      if (!stack.empty()) {
        uint32_t& above = low[stack.back().node];
        above = std::min(above, low[node]);
      }
      left.push_back(node);
      if (low[node] != order[node]) continue;
      // What was left since it was met belongs to its component.
      const auto from = left.begin() + since;
      std::for_each(from, left.end(), [&](uint32_t member) { order[member] = kDone; });
      use(from, left.end());
      left.erase(from, left.end());
    }
  }
  return stop.status();
}

}  // namespace

Status StrongComponents(const Graph& graph, const StopPoll& poll,
                        std::vector<uint32_t>* component) {
  component->resize(graph.size());
  return EachStrong(graph, poll, [&](auto first, auto last) {
    const uint32_t least = *std::min_element(first, last);
    std::for_each(first, last, [&](uint32_t member) { (*component)[member] = least; });
  });
}

Status StrongOrder(const Graph& graph, const StopPoll& poll, std::vector<uint32_t>* nodes,
                   std::vector<uint32_t>* starts) {
  nodes->clear();
  nodes->reserve(graph.size());
  starts->assign(1, 0);
  return EachStrong(graph, poll, [&](auto first, auto last) {
    nodes->insert(nodes->end(), first, last);
    starts->push_back(static_cast<uint32_t>(nodes->size()));
  });
}

}  // namespace vecgraph
