#include "graph/graph.h"

#include <algorithm>
#include <utility>

#include "graph/group.h"
#include "graph/stop.h"

namespace vecgraph {

uint32_t Graph::Find(const ValueRef& id) const {
  uint32_t low = 0;
  uint32_t high = size();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (Compare(ids[middle], id) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < size() && Compare(ids[low], id) == 0 ? low : kNone;
}

Status Graph::In(const StopPoll& poll, const Adjacency** in) const {
  *in = &in_;
  if (!in_.starts.empty()) return Status::Ok();
  Stop stop(poll);
  Adjacency made;
  ReserveLarge(edges(), &made.nodes);
  ReserveLarge(edges(), &made.slots);
  // get() is asked for one slot after the other, twice.
  uint32_t source = 0;
  const auto get = [&](size_t slot) {
    if (slot == 0) source = 0;
    while (out.end(source) <= slot) ++source;
    return GroupedEdge{out.nodes[slot], source, static_cast<uint32_t>(slot)};
  };
  const auto use = [&](const GroupedEdge* first, const GroupedEdge* last) {
    for (; first != last; ++first) {
      made.nodes.push_back(first->other);
      made.slots.push_back(first->mark);
    }
  };
  Status status = GroupByNode(size(), edges(), get, use, &stop, &made.starts);
  if (status.ok()) in_ = std::move(made);
  return status;
}

uint32_t Graph::CountLoops(uint32_t node) const {
  const auto at = [&](uint32_t slot) { return out.nodes.begin() + static_cast<ptrdiff_t>(slot); };
  const auto [first, last] = std::equal_range(at(out.begin(node)), at(out.end(node)), node);
  return static_cast<uint32_t>(last - first);
}

int64_t Graph::bytes() const {
  return ids.bytes() + out.bytes() + in_.bytes() + push_space_.bytes() + edge_ids.bytes() +
         weights.bytes() + static_cast<int64_t>(looped.capacity() / 8);
}

}  // namespace vecgraph
