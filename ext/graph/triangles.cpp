#include "graph/triangles.h"

#include <algorithm>

#include "graph/simple.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// The graph with its nodes renumbered by degree: each has the neighbours with larger numbers,
// ascending. What many triangles share has the largest numbers, and lies together in memory.
struct Upward {
  std::vector<uint32_t> order;  // by number: the node
  Adjacency above;
  std::vector<uint8_t> arcs;  // by place in above.nodes: 1 or 2 edges, ways counted once
};

Status OrderByDegree(const Adjacency& neighbors, const std::vector<uint8_t>& ways, Stop* stop,
                     Upward* upward) {
  const auto nodes = static_cast<uint32_t>(neighbors.starts.size() - 1);
  uint32_t most = 0;
  for (uint32_t u = 0; u < nodes; ++u) most = std::max(most, neighbors.degree(u));
  std::vector<uint32_t> next(most + size_t{2});
  for (uint32_t u = 0; u < nodes; ++u) ++next[neighbors.degree(u) + size_t{1}];
  for (size_t i = 0; i <= most; ++i) next[i + 1] += next[i];
  upward->order.resize(nodes);
  std::vector<uint32_t> number(nodes);
  for (uint32_t u = 0; u < nodes; ++u) {
    number[u] = next[neighbors.degree(u)]++;
    upward->order[number[u]] = u;
    if (stop->After(4)) return stop->status();
  }
  Adjacency& above = upward->above;
  above.starts.assign(nodes + size_t{1}, 0);
  for (uint32_t u = 0; u < nodes; ++u) {
    uint32_t& count = above.starts[number[u] + size_t{1}];
    const bool all = stop->Each(neighbors.begin(u), neighbors.end(u), 2, [&](uint32_t i) {
      count += number[neighbors.nodes[i]] > number[u] ? 1 : 0;
    });
    if (!all || stop->After(2)) return stop->status();
  }
  for (uint32_t r = 0; r < nodes; ++r) above.starts[r + size_t{1}] += above.starts[r];
  above.nodes.resize(above.starts[nodes]);
  upward->arcs.resize(ways.empty() ? 0 : above.nodes.size());
  next.assign(above.starts.begin(), above.starts.end());
  // In ascending order of the upper end, so that every list is ascending.
  for (uint32_t s = 0; s < nodes; ++s) {
    const uint32_t u = upward->order[s];
    const bool all = stop->Each(neighbors.begin(u), neighbors.end(u), 4, [&](uint32_t i) {
      const uint32_t r = number[neighbors.nodes[i]];
      if (r > s) return;
      const uint32_t place = next[r]++;
      above.nodes[place] = s;
      if (!ways.empty()) upward->arcs[place] = ways[i] == (kLeaves | kEnters) ? 2 : 1;
    });
    if (!all || stop->After(2)) return stop->status();
  }
  return Status::Ok();
}

template <bool kWithArcs>
Status CountUpward(const Upward& upward, Stop* stop, TriangleCounts* counts) {
  const Adjacency& above = upward.above;
  const auto nodes = static_cast<uint32_t>(upward.order.size());
  std::vector<uint8_t> mark(nodes);  // of the neighbours above r: so many edges between them
  std::vector<uint64_t> found(nodes);
  std::vector<uint64_t> arcs(kWithArcs ? nodes : 0);
  for (uint32_t r = 0; r < nodes; ++r) {
    if (above.degree(r) < 2) continue;
    for (uint32_t i = above.begin(r); i < above.end(r); ++i) {
      mark[above.nodes[i]] = kWithArcs ? upward.arcs[i] : 1;
    }
    for (uint32_t i = above.begin(r); i < above.end(r); ++i) {
      const uint32_t s = above.nodes[i];
      uint64_t here = 0;
      for (uint32_t k = above.begin(s); k < above.end(s); ++k) {
        const uint32_t t = above.nodes[k];
        if (mark[t] == 0) continue;
        ++here;
        ++found[t];
        if constexpr (kWithArcs) {
          arcs[r] += upward.arcs[k];
          arcs[s] += mark[t];
          arcs[t] += upward.arcs[i];
        }
      }
      found[r] += here;
      found[s] += here;
      if (stop->After(4 + uint64_t{2} * above.degree(s))) return stop->status();
    }
    for (uint32_t i = above.begin(r); i < above.end(r); ++i) mark[above.nodes[i]] = 0;
  }
  counts->triangles.resize(nodes);
  counts->arcs.resize(arcs.size());
  for (uint32_t r = 0; r < nodes; ++r) {
    counts->triangles[upward.order[r]] = found[r];
    if constexpr (kWithArcs) counts->arcs[upward.order[r]] = arcs[r];
  }
  return stop->status();
}

}  // namespace

Status CountTriangles(const Graph& graph, bool with_arcs, const StopPoll& poll,
                      TriangleCounts* counts) {
  Upward upward;
  Stop stop(poll);
  {
    Adjacency neighbors;
    std::vector<uint8_t> ways;
    Status status =
        SimpleNeighbors(graph, Direction::kBoth, poll, &neighbors, with_arcs ? &ways : nullptr);
    if (status.ok()) status = OrderByDegree(neighbors, ways, &stop, &upward);
    if (!status.ok()) return status;
    counts->degrees.resize(graph.size());
    for (uint32_t u = 0; u < graph.size(); ++u) counts->degrees[u] = neighbors.degree(u);
  }
  return with_arcs ? CountUpward<true>(upward, &stop, counts)
                   : CountUpward<false>(upward, &stop, counts);
}

}  // namespace vecgraph
