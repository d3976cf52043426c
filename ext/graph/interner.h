// Interner: gives every distinct SQL value a number, 0, 1, 2, ... in the order of arrival.
//
// The first spelling of a value is kept: of 1 and 1.0 the one that came first. A hash table that
// grows with what is in it.
// Threads: belongs to one.
#pragma once

#include <cstdint>
#include <vector>

#include "base/polled_sort.h"
#include "graph/value_list.h"

namespace vecgraph {

class Interner {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The number of `value`, a new one if it has none. REQUIRES: it is not NULL. Throws
  // std::bad_alloc, also when there are 2^32 - 1.
  uint32_t Add(const ValueRef& value) {
    if (IsFull()) Grow();
    return Place(value);
  }
  // The same, asking `poll` while the table grows, which takes long when it is large. An error: it
  // said to stop.
  Status Add(const ValueRef& value, const StopPoll& poll, uint32_t* number) {
    Status status = IsFull() ? GrowPolled(poll) : Status::Ok();
    if (status.ok()) *number = Place(value);
    return status;
  }
  // Its number, or kNone.
  uint32_t Find(const ValueRef& value) const;
  // Says that an integer is about to be added: its place is fetched meanwhile, which is most of the
  // time that Add() takes.
  void Expect(int64_t integer) const {
    if (!slots_.empty()) {
      __builtin_prefetch(&slots_[HashOf(ValueRef::Integer(integer)) & (slots_.size() - 1)]);
    }
  }

  const ValueList& values() const { return values_; }
  size_t size() const { return values_.size(); }
  // The numbers in the order of their values. An error: `poll` said to stop.
  Status Order(const StopPoll& poll, std::vector<uint32_t>* order) const;
  int64_t bytes() const {
    return values_.bytes() + static_cast<int64_t>(slots_.capacity() * sizeof(Slot));
  }

 private:
  struct Slot {
    uint32_t number = kNone;
    uint32_t hash = 0;  // so that growing reads no values
  };

  static uint32_t HashOf(const ValueRef& value) { return static_cast<uint32_t>(value.Hash()); }
  bool IsFull() const { return 2 * (values_.size() + 1) > slots_.size(); }
  uint32_t Place(const ValueRef& value);
  size_t SlotOf(const ValueRef& value, uint32_t hash) const;
  void Grow() {
    (void)GrowPolled([] { return SQLITE_OK; });
  }
  Status GrowPolled(const StopPoll& poll);

  ValueList values_;
  std::vector<Slot> slots_;  // a power of two
};

}  // namespace vecgraph
