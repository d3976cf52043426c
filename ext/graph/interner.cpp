#include "graph/interner.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <utility>

#include "graph/stop.h"

namespace vecgraph {

// The slot of `value`, or the free one where it belongs. REQUIRES: slots_ is not empty.
size_t Interner::SlotOf(const ValueRef& value, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot].number != kNone &&
         (slots_[slot].hash != hash || Compare(values_[slots_[slot].number], value) != 0)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

uint32_t Interner::Find(const ValueRef& value) const {
  return slots_.empty() ? kNone : slots_[SlotOf(value, HashOf(value))].number;
}

uint32_t Interner::Place(const ValueRef& value) {
  const uint32_t hash = HashOf(value);
  Slot& slot = slots_[SlotOf(value, hash)];
  if (slot.number == kNone) {
    if (values_.size() >= kNone) throw std::bad_alloc();
    const auto number = static_cast<uint32_t>(values_.size());
    values_.Append(value);
    slot = {number, hash};
  }
  return slot.number;
}

Status Interner::GrowPolled(const StopPoll& poll) {
  constexpr size_t kPiece = 8192;
  const size_t count = std::max<size_t>(64, 2 * slots_.size());
  Stop stop(poll);
  std::vector<Slot> grown;
  ReserveLarge(count, &grown);
  while (grown.size() < count) {
    grown.resize(std::min(count, grown.size() + kPiece));
    if (stop.After(kPiece)) return stop.status();
  }
  const size_t mask = count - 1;
  const bool all = stop.Each(size_t{0}, slots_.size(), 8, [&](size_t i) {
    const Slot& known = slots_[i];
    if (known.number == kNone) return;
    size_t slot = known.hash & mask;
    while (grown[slot].number != kNone) slot = (slot + 1) & mask;
    grown[slot] = known;
  });
  if (all) slots_ = std::move(grown);
  return stop.status();
}

Status Interner::Order(const StopPoll& poll, std::vector<uint32_t>* order) const {
  if (!values_.all_integers()) {
    order->resize(values_.size());
    std::iota(order->begin(), order->end(), 0U);
    return PolledSort(poll, order,
                      [&](uint32_t a, uint32_t b) { return Compare(values_[a], values_[b]) < 0; });
  }
  std::vector<std::pair<int64_t, uint32_t>> integers;
  integers.reserve(values_.size());
  Stop stop(poll);
  for (uint32_t i = 0; i < values_.size(); ++i) {
    integers.emplace_back(values_.Integer(i), i);
    if (stop.After(2)) return stop.status();
  }
  Status status = PolledSort(poll, &integers);
  order->reserve(integers.size());
  for (const auto& [integer, number] : integers) order->push_back(number);
  return status;
}

}  // namespace vecgraph
