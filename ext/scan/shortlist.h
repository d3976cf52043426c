// Shortlist: the rows that may be among the k nearest of a query, judged by their codes of 8 bits.
//
// A row is kept while its upper bound reaches the limit, which is at most the k-th largest lower
// bound: at least k rows are as near, so the true k-th is, and a row below the limit is not among
// them.
// Threads: belongs to one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "scan/plane.h"

namespace vecgraph {

class Shortlist {
 public:
  struct Row {
    uint32_t slot;
    float upper;
  };

  // Looks at row `row` of `rows`, whose product of codes is `dot`. Returns the limit that the rows
  // so far allow, at least `limit`. REQUIRES: the same `plane` and k in all calls, k > 0.
  float Consider(const PlaneSearch& plane, size_t k, const PlaneRows& rows, size_t row,
                 uint32_t slot, int32_t dot, float limit) {
    const PlaneBound bound = plane.Bound(rows, false, row);
    float upper = bound.query * (*bound.scale * static_cast<float>(dot));
    if (bound.offset) upper += bound.shift * *bound.offset;
    upper += bound.width * *bound.error;
    if (upper < limit) return limit;
    rows_.push_back({slot, upper});
    const double low = plane.LowerKey(rows, row, dot);
    const auto greater = std::greater<double>();
    if (lows_.size() < k) {
      lows_.push_back(std::isnan(low) ? -std::numeric_limits<double>::infinity() : low);
      std::push_heap(lows_.begin(), lows_.end(), greater);
      if (lows_.size() < k) return limit;
    } else {
      if (!(low > lows_.front())) return limit;
      std::pop_heap(lows_.begin(), lows_.end(), greater);
      lows_.back() = low;
      std::push_heap(lows_.begin(), lows_.end(), greater);
    }
    return std::max(limit, plane.Limit(lows_.front()));
  }

  // Whether it has grown enough to be swept.
  bool Grown() const { return rows_.size() > next_sweep_; }
  // Drops the rows that the limit has passed since.
  void Sweep(float limit) {
    std::erase_if(rows_, [=](const Row& row) { return row.upper < limit; });
    next_sweep_ = 2 * rows_.size() + 1024;
  }
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
  std::vector<double> lows_;  // the k largest lower bounds, the least of them first
  size_t next_sweep_ = 1024;
};

}  // namespace vecgraph
