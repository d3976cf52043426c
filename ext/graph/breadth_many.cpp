#include "graph/breadth_many.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace vecgraph {

Status BreadthMany::From(std::span<const uint32_t> sources, Stop* stop) {
  std::fill(bits_.begin(), bits_.end(), Bits());
  reach_.fill(Reach());
  front_.assign(sources.begin(), sources.end());
  for (size_t i = 0; i < sources.size(); ++i) {
    Bits& bits = bits_[sources[i]];
    bits.seen = bits.now = uint64_t{1} << i;
  }
  Status status = stop->After(bits_.size()) ? stop->status() : Status::Ok();
  for (uint64_t distance = 1; status.ok() && !front_.empty(); ++distance) {
    status = Step(distance, stop);
  }
  return status;
}

Status BreadthMany::Step(uint64_t distance, Stop* stop) {
  reached_.clear();
  for (const uint32_t node : front_) {
    const uint64_t now = std::exchange(bits_[node].now, 0);
    const bool all = stop->Each(neighbors_.begin(node), neighbors_.end(node), 2, [&](uint32_t k) {
      Bits& other = bits_[neighbors_.nodes[k]];
      const uint64_t added = now & ~other.seen;
      if (added == 0) return;
      if (other.next == 0) reached_.push_back(neighbors_.nodes[k]);
      other.next |= added;
    });
    if (!all || stop->After(2)) return stop->status();
  }
  for (const uint32_t node : reached_) {
    Bits& bits = bits_[node];
    bits.now = std::exchange(bits.next, 0);
    bits.seen |= bits.now;
    for (uint64_t left = bits.now; left != 0; left &= left - 1) {
      Reach& reach = reach_[static_cast<size_t>(std::countr_zero(left))];
      ++reach.nodes;
      reach.distances += distance;
    }
    if (stop->After(2 + static_cast<uint64_t>(std::popcount(bits.now)))) return stop->status();
  }
  std::swap(front_, reached_);
  return Status::Ok();
}

}  // namespace vecgraph
