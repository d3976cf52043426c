#include "graph/components.h"

#include <algorithm>
#include <numeric>

#include "graph/stop.h"

namespace vecgraph {

namespace {

// Sets of nodes, each known by its smallest one: a parent is never larger than its child.
class Sets {
 public:
  explicit Sets(std::vector<uint32_t>* parent) : parent_(*parent) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }
  uint32_t Root(uint32_t node) {
    while (parent_[node] != node) {
      parent_[node] = parent_[parent_[node]];
      node = parent_[node];
    }
    return node;
  }
  // Of two roots; which is the root of both.
  uint32_t Unite(uint32_t a, uint32_t b) {
    const uint32_t least = std::min(a, b);
    parent_[a] = least;
    parent_[b] = least;
    return least;
  }
  // False: stop.
  bool UniteAll(uint32_t node, const Adjacency& list, uint32_t begin, uint32_t end, Stop* stop) {
    uint32_t own = Root(node);
    return stop->Each(begin, end, 4, [&](uint32_t i) { own = Unite(own, Root(list.nodes[i])); });
  }
  // A root that many nodes have, if one has.
  uint32_t Largest() {
    constexpr size_t kAsked = 1024;
    std::vector<uint32_t> roots;
    const size_t step = parent_.size() / kAsked + 1;
    for (size_t node = 0; node < parent_.size(); node += step) {
      roots.push_back(Root(static_cast<uint32_t>(node)));
    }
    std::sort(roots.begin(), roots.end());
    return roots[roots.size() / 2];  // that of most nodes, if most have one
  }

 private:
  std::vector<uint32_t>& parent_;
};

}  // namespace

// Afforest (Sutton, Ben-Nun, Barak 2018): a few edges of each node put most nodes into one
// component. Nodes that are in it then need not look at their other edges: an edge that leads out
// of it is one of the node at its other end, if that looks at edges both ways.
Status WeakComponents(const Graph& graph, const StopPoll& poll, std::vector<uint32_t>* component) {
  constexpr uint32_t kFew = 2;
  const uint32_t nodes = graph.size();
  component->resize(nodes);
  if (nodes == 0) return Status::Ok();
  Sets sets(component);
  Stop stop(poll);
  const auto few = [&](uint32_t node) {
    return std::min(graph.out.begin(node) + kFew, graph.out.end(node));
  };
  for (uint32_t u = 0; u < nodes; ++u) {
    if (!sets.UniteAll(u, graph.out, graph.out.begin(u), few(u), &stop) || stop.After(4)) {
      return stop.status();
    }
  }
  // To make lists of what enters would take longer than to look at all edges.
  const Adjacency* const in = graph.KnownIn();
  const uint32_t largest = sets.Largest();
  for (uint32_t u = 0; u < nodes; ++u) {
    if (stop.After(4)) return stop.status();
    if (in && sets.Root(u) == sets.Root(largest)) continue;
    if (!sets.UniteAll(u, graph.out, few(u), graph.out.end(u), &stop)) return stop.status();
    if (in && !sets.UniteAll(u, *in, in->begin(u), in->end(u), &stop)) return stop.status();
  }
  // In ascending order every parent is a root by the time it is asked.
  for (uint32_t& node : *component) {
    node = (*component)[node];
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
