#include "graph/weight_list.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "base/memory.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// What is smaller than FLT_MIN is left to doubles: a program may let its processor take it for 0.
bool FitsFloat(double weight) {
  const double size = std::abs(weight);
  if (size < double{FLT_MIN} || size > double{FLT_MAX}) return weight == 0;
  return double{static_cast<float>(weight)} == weight;
}

template <class T>
void PickFrom(const std::vector<T>& all, const std::vector<uint32_t>& places, Stop* stop,
              std::vector<T>* picked) {
  constexpr size_t kAhead = 24;  // weights are fetched so many steps before they are needed
  ReserveLarge(places.size(), picked);
  stop->Each(size_t{0}, places.size(), 2, [&](size_t i) {
    __builtin_prefetch(&all[places[std::min(i + kAhead, places.size() - 1)]]);
    picked->push_back(all[places[i]]);
  });
}

}  // namespace

void WeightList::Reserve(size_t count) {
  expected_ = count;
  ReserveLarge(count, &narrow_);
}

void WeightList::Append(double weight) {
  if (!is_wide_ && !FitsFloat(weight)) Widen();
  if (is_wide_) {
    wide_.push_back(weight);
  } else {
    narrow_.push_back(static_cast<float>(weight));
  }
  ++size_;
}

void WeightList::Widen() {
  ReserveLarge(std::max(expected_, narrow_.size() + 1), &wide_);
  wide_.assign(narrow_.begin(), narrow_.end());
  narrow_ = {};
  is_wide_ = true;
}

Status WeightList::Pick(const std::vector<uint32_t>& places, Stop* stop, WeightList* picked) const {
  *picked = WeightList();
  picked->size_ = places.size();
  picked->is_wide_ = is_wide_;
  if (is_wide_) {
    PickFrom(wide_, places, stop, &picked->wide_);
  } else {
    PickFrom(narrow_, places, stop, &picked->narrow_);
  }
  return stop->status();
}

void WeightList::ShrinkToFit() {
  narrow_.shrink_to_fit();
  wide_.shrink_to_fit();
}

int64_t WeightList::bytes() const {
  return static_cast<int64_t>(narrow_.capacity() * sizeof(float) +
                              wide_.capacity() * sizeof(double));
}

}  // namespace vecgraph
