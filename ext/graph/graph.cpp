#include "graph/graph.h"

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
  made.starts.assign(size() + size_t{1}, 0);
  for (const uint32_t node : out.nodes) {
    ++made.starts[node + size_t{1}];
    if (stop.After(1)) return stop.status();
  }
  for (size_t i = 0; i < size(); ++i) made.starts[i + 1] += made.starts[i];
  made.nodes.resize(edges());
  made.slots.resize(edges());
  std::vector<uint32_t> next(made.starts.begin(), made.starts.end() - 1);
  for (uint32_t u = 0; u < size(); ++u) {
    for (uint32_t slot = out.begin(u); slot < out.end(u); ++slot) {
      const uint32_t place = next[out.nodes[slot]]++;
      made.nodes[place] = u;
      made.slots[place] = slot;
      if (stop.After(2)) return stop.status();
    }
  }
  in_ = std::move(made);
  return Status::Ok();
}

int64_t Graph::bytes() const {
  return ids.bytes() + out.bytes() + in_.bytes() + edge_ids.bytes() +
         static_cast<int64_t>(weights.capacity() * sizeof(double));
}

}  // namespace vecgraph
