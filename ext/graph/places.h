// Places: gives the numbers that a search meets (of nodes, of edges) places 0, 1, 2, ... in the
// order of arrival, so that what it knows of them takes memory for those alone.
// Threads: belongs to one.
#pragma once

#include <cstdint>
#include <vector>

namespace vecgraph {

class Places {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The place of `number`, a new one if it has none. REQUIRES: number < 2^32 - 1.
  uint32_t Add(uint32_t number) {
    if (2 * (numbers_.size() + 1) > slots_.size()) Grow();
    Slot& slot = slots_[SlotOf(number)];
    if (slot.place == kNone) {
      slot = {number, static_cast<uint32_t>(numbers_.size())};
      numbers_.push_back(number);
    }
    return slot.place;
  }
  uint32_t Find(uint32_t number) const {
    return slots_.empty() ? kNone : slots_[SlotOf(number)].place;
  }
  // By place.
  const std::vector<uint32_t>& numbers() const { return numbers_; }
  size_t size() const { return numbers_.size(); }

 private:
  struct Slot {
    uint32_t number = 0;
    uint32_t place = kNone;
  };

  size_t SlotOf(uint32_t number) const {
    const size_t mask = slots_.size() - 1;
    size_t slot = (number * uint64_t{0x9e3779b97f4a7c15} >> 32) & mask;
    while (slots_[slot].place != kNone && slots_[slot].number != number) slot = (slot + 1) & mask;
    return slot;
  }
  void Grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.place != kNone) slots_[SlotOf(slot.number)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::vector<uint32_t> numbers_;
};

}  // namespace vecgraph
