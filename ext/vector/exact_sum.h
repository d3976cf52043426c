// ExactSum: sums of vectors without rounding, so that rows may come in any order and leave again.
//
// Each element is the exact value of a double and of a row of integers together. Rows are added to
// the double as long as no bit is lost, which for embeddings is nearly always. Where one would be,
// the double first moves into the integers: one int64 for every eight powers of two, in which 2^32
// additions are exact. So the sum does not depend on the order, and taking a row out leaves exactly
// the sum of the others.
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
  size_t dims() const { return doubles_.size(); }
  // Element i of the sum, within 2^-48 of its size; the same for every order of the same rows.
  double Element(size_t i) const;

 private:
  // Powers of two from 2^-149, the least float32, to beyond 2^32 times the greatest.
  static constexpr int kBuckets = 40;

  void Accumulate(const VectorView& vector, double sign);
  void MoveToBuckets(size_t i);

  int64_t count_ = 0;
  std::vector<double> doubles_;
  std::array<std::vector<int64_t>, kBuckets> buckets_;  // [bucket][element], empty until needed
};

}  // namespace vecgraph
