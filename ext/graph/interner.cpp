#include "graph/interner.h"

#include <algorithm>
#include <new>

#include "base/value.h"

namespace vecgraph {
namespace {

// The integer that may be in the array: also a whole real.
bool DirectIndex(const ValueRef& value, size_t limit, size_t* index) {
  int64_t integer = value.integer;
  const bool whole = value.type == SQLITE_INTEGER ||
                     (value.type == SQLITE_FLOAT && ToInteger(value.real, &integer));
  if (!whole || integer < 0 || static_cast<uint64_t>(integer) >= limit) return false;
  *index = static_cast<size_t>(integer);
  return true;
}

}  // namespace

// The slot of `value`, or the free one where it belongs. REQUIRES: slots_ is not empty.
size_t Interner::SlotOf(const ValueRef& value, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] != kNone && Compare(values_[slots_[slot]], value) != 0) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

uint32_t Interner::Find(const ValueRef& value) const {
  size_t index = 0;
  if (DirectIndex(value, direct_.size(), &index)) return direct_[index];
  return slots_.empty() ? kNone : slots_[SlotOf(value, value.Hash())];
}

uint32_t Interner::AddSlowly(const ValueRef& value) {
  if (values_.size() >= kNone) throw std::bad_alloc();
  const auto number = static_cast<uint32_t>(values_.size());
  size_t index = 0;
  // An array of at most eight places for each value that there is.
  const size_t most = std::max<size_t>(4096, 8 * values_.size());
  if (DirectIndex(value, most, &index)) {
    if (index >= direct_.size()) {
      const size_t before = direct_.size();
      direct_.resize(std::min(most, std::max(index + 1, 2 * before)), kNone);
      // What was too large for the array until now.
      for (const uint32_t known : slots_) {
        size_t place = 0;
        if (known != kNone && DirectIndex(values_[known], direct_.size(), &place)) {
          direct_[place] = known;
        }
      }
    }
    if (direct_[index] != kNone) return direct_[index];
    values_.Append(value);
    direct_[index] = number;
    return number;
  }
  if (2 * (hashed_ + 1) > slots_.size()) Grow();
  const size_t slot = SlotOf(value, value.Hash());
  if (slots_[slot] != kNone) return slots_[slot];
  values_.Append(value);
  slots_[slot] = number;
  ++hashed_;
  return number;
}

void Interner::Grow() {
  std::vector<uint32_t> old(std::max<size_t>(64, 2 * slots_.size()), kNone);
  old.swap(slots_);
  for (const uint32_t number : old) {
    if (number == kNone) continue;
    const ValueRef value = values_[number];
    slots_[SlotOf(value, value.Hash())] = number;
  }
}

std::vector<uint32_t> Interner::Ordered() const {
  const auto before = [&](uint32_t a, uint32_t b) { return Compare(values_[a], values_[b]) < 0; };
  std::vector<uint32_t> order;
  order.reserve(values_.size());
  for (const uint32_t number : direct_) {
    if (number != kNone) order.push_back(number);
  }
  const auto sorted = static_cast<ptrdiff_t>(order.size());
  for (const uint32_t number : slots_) {
    size_t index = 0;
    // The table still has what the array took over.
    if (number != kNone && !DirectIndex(values_[number], direct_.size(), &index)) {
      order.push_back(number);
    }
  }
  std::sort(order.begin() + sorted, order.end(), before);
  if (static_cast<size_t>(sorted) < order.size()) {
    std::inplace_merge(order.begin(), order.begin() + sorted, order.end(), before);
  }
  return order;
}

}  // namespace vecgraph
