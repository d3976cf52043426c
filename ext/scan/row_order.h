// RowOrder: the blocks of a matrix in an order that jumps, since rows in the order of their scores
// would push a search's limit up one by one. Memory is fetched ahead only where it is read in
// order, so it jumps from run to run of 4,096 rows: run i is i * step modulo the number of runs,
// step being coprime to it and near its golden section. The rows after the last whole run come
// last. Threads: constant once made.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "scan/matrix.h"

namespace vecgraph {

// Rows of one segment.
struct RowBlock {
  const Matrix::Segment* segment;
  size_t first;  // in the segment
  size_t rows;
  size_t slot;  // of the first
};

class RowOrder {
 public:
  // REQUIRES: `block` divides the slots of a segment and the rows of a run.
  RowOrder(const Matrix& matrix, size_t block)
      : matrix_(matrix),
        block_(block),
        count_((matrix.slots() + block - 1) / block),
        run_(kRunRows / block),
        runs_(count_ / run_),
        step_(std::max(static_cast<size_t>(static_cast<double>(runs_) * 0.618), size_t{1})) {
    while (std::gcd(step_, std::max(runs_, size_t{1})) != 1) ++step_;
  }

  size_t count() const { return count_; }
  // REQUIRES: turn < count().
  RowBlock At(size_t turn) const {
    const size_t run = turn / run_;
    const size_t place = run < runs_ ? run * step_ % runs_ : run;
    const size_t slot = (place * run_ + turn % run_) * block_;
    return {&matrix_.segment(slot), slot % matrix_.segment_slots(),
            std::min(block_, matrix_.slots() - slot), slot};
  }

 private:
  static constexpr size_t kRunRows = 4096;

  const Matrix& matrix_;
  const size_t block_;
  const size_t count_;
  const size_t run_;   // blocks of a run
  const size_t runs_;  // whole ones
  size_t step_;
};

}  // namespace vecgraph
