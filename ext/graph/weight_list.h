// WeightList: the weights of edges, in 4 bytes each while that loses nothing.
//
// A weight that a float holds exactly takes one; the first that it does not turns all into doubles.
// Reading gives the double that was put in, either way.
// Threads: changed by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"

namespace vecgraph {

class Stop;

class WeightList {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  double operator[](size_t i) const { return is_wide_ ? wide_[i] : narrow_[i]; }
  // use(at), where at(i) is weight i: for loops, which then need not ask each time how wide they
  // are.
  template <class Use>
  auto With(Use&& use) const {
    if (is_wide_) return use([at = wide_.data()](size_t i) { return at[i]; });
    return use([at = narrow_.data()](size_t i) { return double{at[i]}; });
  }

  // How many are expected in all. REQUIRES: there is none yet.
  void Reserve(size_t count);
  // REQUIRES: it is not NaN.
  void Append(double weight);
  // Weight places[i] as weight i, for each i. An error: `stop` said so.
  Status Pick(const std::vector<uint32_t>& places, Stop* stop, WeightList* picked) const;
  void ShrinkToFit();
  int64_t bytes() const;

 private:
  void Widen();

  size_t size_ = 0;
  bool is_wide_ = false;
  std::vector<float> narrow_;
  std::vector<double> wide_;
  size_t expected_ = 0;
};

}  // namespace vecgraph
