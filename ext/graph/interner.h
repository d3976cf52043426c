// Interner: gives every distinct SQL value a number, 0, 1, 2, ... in the order of arrival.
//
// The first spelling of a value is kept: of 1 and 1.0 the one that came first. Small integers are
// found in an array, everything else in a hash table; both grow with what is in them.
// Threads: belongs to one.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "graph/value_list.h"

namespace vecgraph {

class Interner {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The number of `value`, a new one if it has none. REQUIRES: it is not NULL. Throws
  // std::bad_alloc, also when there are 2^32 - 1.
  uint32_t Add(const ValueRef& value) {
    if (value.type == SQLITE_INTEGER && static_cast<uint64_t>(value.integer) < direct_.size()) {
      const uint32_t number = direct_[static_cast<size_t>(value.integer)];
      if (number != kNone) return number;
    }
    return AddSlowly(value);
  }
  // Says that integers are about to be added: their places are fetched meanwhile, which is most of
  // the time that Add() takes.
  void Expect(int64_t integer) const {
    if (static_cast<uint64_t>(integer) < direct_.size()) {
      __builtin_prefetch(&direct_[static_cast<size_t>(integer)]);
    }
  }
  // Its number, or kNone.
  uint32_t Find(const ValueRef& value) const;

  const ValueList& values() const { return values_; }
  size_t size() const { return values_.size(); }
  // The numbers in the order of their values.
  std::vector<uint32_t> Ordered() const;

 private:
  uint32_t AddSlowly(const ValueRef& value);
  size_t SlotOf(const ValueRef& value, uint64_t hash) const;
  void Grow();

  ValueList values_;
  std::vector<uint32_t> direct_;  // number of the integer i; all of them, below its size
  std::vector<uint32_t> slots_;   // numbers of the others; a power of two
  size_t hashed_ = 0;
};

}  // namespace vecgraph
