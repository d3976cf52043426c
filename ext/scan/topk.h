// TopK: the best `limit` hits of a stream, by (distance, rowid).
//
// The order is total, so the result does not depend on the order of arrival. Hits are collected to
// twice the limit and then cut back to it: a rejected row costs one comparison, an admitted one a
// constant, and memory follows what arrives, never a huge limit.
// REQUIRES: distances are not NaN.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/value.h"

namespace vecgraph {

struct Hit {
  double distance = 0;
  int64_t rowid = 0;
  Value id;  // set for sources whose rows cannot be found again by rowid

  bool operator<(const Hit& other) const {
    return distance != other.distance ? distance < other.distance : rowid < other.rowid;
  }
};

class TopK {
 public:
  // REQUIRES: limit >= 0.
  explicit TopK(int64_t limit) : limit_(static_cast<uint64_t>(limit)) {}

  // Whether a hit with this distance and rowid can still be among the best.
  bool Admits(double distance, int64_t rowid) const {
    if (!full_) return limit_ > 0;
    return distance != worst_distance_ ? distance < worst_distance_ : rowid < worst_rowid_;
  }

  // REQUIRES: Admits(hit.distance, hit.rowid).
  void Add(Hit hit) {
    hits_.push_back(std::move(hit));
    if (hits_.size() >= 2 * limit_ && hits_.size() > kSlack) Cut();
  }

  // The best hits in order; the collection is empty afterwards.
  std::vector<Hit> Take() {
    if (hits_.size() > limit_) Cut();
    std::sort(hits_.begin(), hits_.end());
    return std::move(hits_);
  }

 private:
  static constexpr size_t kSlack = 32;

  // REQUIRES: more than limit_ hits, limit_ > 0.
  void Cut() {
    const auto last = hits_.begin() + static_cast<ptrdiff_t>(limit_ - 1);
    std::nth_element(hits_.begin(), last, hits_.end());
    worst_distance_ = last->distance;
    worst_rowid_ = last->rowid;
    full_ = true;
    hits_.erase(last + 1, hits_.end());
  }

  uint64_t limit_;
  bool full_ = false;
  double worst_distance_ = 0;
  int64_t worst_rowid_ = 0;
  std::vector<Hit> hits_;
};

}  // namespace vecgraph
