// ExactSum: sums of vectors without rounding, so that rows may come in any order and leave again.
//
// A float32 is an integer of 24 bits times a power of two. Each element keeps one int64 for every
// eight powers that occur; additions there are exact for 2^32 rows, so the sum does not depend on
// the order, and taking a row out leaves exactly the sum of the others.
// Threads: as any value; not for two threads at once.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "vector/vector.h"

namespace vecgraph {

class ExactSum {
 public:
  // Adds a finite float32 or int8 vector; an error if its dimension is not that of the others.
  Status Add(const VectorView& vector);
  // Takes out a vector that was added.
  void Remove(const VectorView& vector);

  int64_t count() const { return count_; }
  size_t dims() const { return dims_; }
  // Element i of the sum, within 2^-48 of its size.
  double Element(size_t i) const;

 private:
  static constexpr int kBuckets = 32;  // one for each eight of the 256 exponents

  void Accumulate(const VectorView& vector, int64_t sign);

  size_t dims_ = 0;
  int64_t count_ = 0;
  std::array<std::vector<int64_t>, kBuckets> buckets_;  // [bucket][element], empty until needed
};

}  // namespace vecgraph
