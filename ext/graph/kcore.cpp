#include "graph/kcore.h"

#include <algorithm>
#include <utility>

#include "graph/simple.h"
#include "graph/stop.h"

namespace vecgraph {

Status CoreNumbers(const Graph& graph, const StopPoll& poll, std::vector<uint32_t>* cores) {
  Adjacency neighbors;
  Status status = SimpleNeighbors(graph, Direction::kBoth, poll, &neighbors);
  if (!status.ok()) return status;
  const uint32_t nodes = graph.size();
  // What a node has left; its core number once it is taken.
  std::vector<uint32_t>& left = *cores;
  left.resize(nodes);
  uint32_t most = 0;
  for (uint32_t node = 0; node < nodes; ++node) {
    left[node] = neighbors.degree(node);
    most = std::max(most, left[node]);
  }
  // The nodes by what they have left, and where those with so much begin.
  std::vector<uint32_t> first(most + size_t{2});
  for (const uint32_t count : left) ++first[count + size_t{1}];
  for (size_t i = 0; i <= most; ++i) first[i + 1] += first[i];
  std::vector<uint32_t> queue(nodes);
  std::vector<uint32_t> place(nodes);
  std::vector<uint32_t> next(first.begin(), first.end());
  Stop stop(poll);
  for (uint32_t node = 0; node < nodes; ++node) {
    place[node] = next[left[node]]++;
    queue[place[node]] = node;
    if (stop.After(4)) return stop.status();
  }
  for (uint32_t i = 0; i < nodes; ++i) {
    const uint32_t node = queue[i];
    const bool all = stop.Each(neighbors.begin(node), neighbors.end(node), 8, [&](uint32_t k) {
      const uint32_t other = neighbors.nodes[k];
      if (left[other] <= left[node]) return;
      // It changes places with the first of those that have as much, and then has one less.
      const uint32_t to = first[left[other]]++;
      const uint32_t swapped = queue[to];
      std::swap(queue[place[other]], queue[to]);
      place[swapped] = place[other];
      place[other] = to;
      --left[other];
    });
    if (!all || stop.After(2)) return stop.status();
  }
  return stop.status();
}

}  // namespace vecgraph
