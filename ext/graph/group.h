// GroupByNode: a stable counting sort of edges by one of their ends.
//
// Edges arrive in any order, so a plain counting sort would miss the cache once for each. They are
// first dealt to ranges of nodes that fit into it, then sorted there.
// Threads: belongs to one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory.h"
#include "graph/stop.h"

namespace vecgraph {

struct GroupedEdge {
  uint32_t node;   // by which edges are grouped
  uint32_t other;  // the other end
  uint32_t mark;   // what tells it from others: a row, a slot
};

// `get(i)` is edge i of `count`. When all have been got, `use(first, last)` is given them in
// pieces, one node's after the other's, each in the order in which they came. Leaves in `starts`
// where each node's begin. An error: interrupted.
template <class Get, class Use>
Status GroupByNode(uint32_t nodes, size_t count, Get&& get, Use&& use, Stop* stop,
                   std::vector<uint32_t>* starts) {
  constexpr uint32_t kRanges = 1024;
  uint32_t shift = 0;
  while ((static_cast<uint64_t>(nodes) >> shift) >= kRanges) ++shift;
  const uint32_t width = uint32_t{1} << shift;  // nodes of a range
  std::vector<size_t> next(kRanges + 1);
  for (size_t i = 0; i < count; ++i) {
    ++next[(get(i).node >> shift) + size_t{1}];
    if (stop->After(1)) return stop->status();
  }
  for (size_t r = 0; r < kRanges; ++r) next[r + 1] += next[r];
  const std::unique_ptr<GroupedEdge[]> dealt(new GroupedEdge[count]);  // not cleared first
  PreferHugePages(dealt.get(), count * sizeof(GroupedEdge));
  for (size_t i = 0; i < count; ++i) {
    const GroupedEdge edge = get(i);
    dealt[next[edge.node >> shift]++] = edge;
    if (stop->After(2)) return stop->status();
  }
  ReserveLarge(nodes + size_t{1}, starts);
  starts->resize(nodes + size_t{1});
  std::vector<GroupedEdge> sorted;
  std::vector<uint32_t> place(width + size_t{1});
  size_t begin = 0;
  for (uint32_t r = 0; r < kRanges; ++r) {
    const size_t end = next[r];  // what was dealt has moved it there
    const uint32_t base = r << shift;
    const uint32_t here = base < nodes ? std::min(width, nodes - base) : 0;
    std::fill(place.begin(), place.end(), 0);
    for (size_t i = begin; i < end; ++i) ++place[dealt[i].node - base + 1];
    for (uint32_t n = 0; n < here; ++n) place[n + 1] += place[n];
    for (uint32_t n = 0; n < here; ++n) {
      (*starts)[base + n] = static_cast<uint32_t>(begin) + place[n];
    }
    if (stop->After(uint64_t{3} * here)) return stop->status();
    sorted.resize(end - begin);
    for (size_t i = begin; i < end; ++i) {
      sorted[place[dealt[i].node - base]++] = dealt[i];
      if (stop->After(4)) return stop->status();
    }
    use(sorted.data(), sorted.data() + sorted.size());
    begin = end;
  }
  starts->back() = static_cast<uint32_t>(count);
  return stop->status();
}

}  // namespace vecgraph
