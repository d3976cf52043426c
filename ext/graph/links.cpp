#include "graph/links.h"

#include <limits>
#include <new>

namespace vecgraph {

Status Links::Read(uint32_t node, Range* range) {
  const uint32_t place = nodes_.Add(node);
  if (place == ranges_.size()) {
    const size_t begin = links_.size();
    Status status = Fetch(node, &links_);
    if (!status.ok()) return status;
    if (simple_) KeepCheapest(node, begin);
    if (links_.size() > std::numeric_limits<uint32_t>::max()) throw std::bad_alloc();
    ranges_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(links_.size())});
  }
  *range = ranges_[place];
  return Status::Ok();
}

void Links::KeepCheapest(uint32_t node, size_t from) {
  size_t kept = from;
  for (size_t i = from; i < links_.size(); ++i) {
    const Link& link = links_[i];
    if (link.node == node) continue;
    if (kept == from || links_[kept - 1].node != link.node) {
      links_[kept++] = link;
    } else if (Link& best = links_[kept - 1];
               link.weight < best.weight || (link.weight == best.weight && IsFirst(link, best))) {
      best = link;
    }
  }
  links_.resize(kept);
}

}  // namespace vecgraph
