#include "graph/toposort.h"

#include <algorithm>

#include "graph/stop.h"

namespace vecgraph {
namespace {

// The nodes by level, then node: a counting sort.
Status OrderByLevel(const std::vector<uint32_t>& levels, Stop* stop, std::vector<uint32_t>* nodes) {
  uint32_t deepest = 0;
  for (const uint32_t level : levels) deepest = std::max(deepest, level);
  std::vector<uint32_t> next(deepest + size_t{2});
  for (const uint32_t level : levels) ++next[level + size_t{1}];
  for (size_t i = 0; i <= deepest; ++i) next[i + 1] += next[i];
  nodes->resize(levels.size());
  for (uint32_t node = 0; node < levels.size(); ++node) {
    (*nodes)[next[levels[node]]++] = node;
    if (stop->After(4)) return stop->status();
  }
  return Status::Ok();
}

// A cycle among the nodes that still wait for others. Each of them waits for another, so going back
// along edges comes round.
Status FindCycle(const Adjacency& back, const std::vector<uint32_t>& waits_for, Stop* stop,
                 std::vector<uint32_t>* cycle) {
  std::vector<bool> seen(waits_for.size());
  uint32_t node = 0;
  while (waits_for[node] == 0) ++node;
  while (!seen[node]) {
    seen[node] = true;
    cycle->push_back(node);
    uint32_t i = back.begin(node);
    while (waits_for[back.nodes[i]] == 0) ++i;
    if (stop->After(2 + i - back.begin(node))) return stop->status();
    node = back.nodes[i];
  }
  cycle->erase(cycle->begin(), std::find(cycle->begin(), cycle->end(), node));
  std::reverse(cycle->begin(), cycle->end());
  std::rotate(cycle->begin(), std::min_element(cycle->begin(), cycle->end()), cycle->end());
  return Status::Ok();
}

}  // namespace

Status SortTopologically(const Graph& graph, bool reversed, const StopPoll& poll,
                         TopologicalOrder* order) {
  const Adjacency* in = nullptr;
  Status status = graph.In(poll, &in);
  if (!status.ok()) return status;
  const Adjacency& ahead = reversed ? *in : graph.out;
  const Adjacency& back = reversed ? graph.out : *in;
  const uint32_t nodes = graph.size();
  std::vector<uint32_t> waits_for(nodes);  // so many edges from nodes without a level
  std::vector<uint32_t> done;
  order->levels.assign(nodes, 0);
  for (uint32_t node = 0; node < nodes; ++node) {
    waits_for[node] = back.degree(node);
    if (waits_for[node] == 0) done.push_back(node);
  }
  Stop stop(poll);
  for (size_t i = 0; i < done.size(); ++i) {
    const uint32_t node = done[i];
    const bool all = stop.Each(ahead.begin(node), ahead.end(node), 4, [&](uint32_t k) {
      const uint32_t next = ahead.nodes[k];
      order->levels[next] = std::max(order->levels[next], order->levels[node] + 1);
      if (--waits_for[next] == 0) done.push_back(next);
    });
    if (!all || stop.After(2)) return stop.status();
  }
  if (done.size() < nodes) return FindCycle(back, waits_for, &stop, &order->cycle);
  return OrderByLevel(order->levels, &stop, &order->nodes);
}

}  // namespace vecgraph
