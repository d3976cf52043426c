// AlignedCopy: a copy of a vector that starts at a cache line. A query is loaded for every row, and
// loads that cross a line take twice the time.
// Threads: constant once made.
#pragma once

#include <cstring>
#include <vector>

#include "vector/vector.h"

namespace vecgraph {

class AlignedCopy {
 public:
  explicit AlignedCopy(const VectorView& view)
      : lines_((view.bytes() + sizeof(Line) - 1) / sizeof(Line)), view_(view) {
    std::memcpy(lines_.data(), view.data, view.bytes());
    view_.data = lines_.data()->bytes;
  }
  AlignedCopy(const AlignedCopy&) = delete;
  AlignedCopy& operator=(const AlignedCopy&) = delete;

  const VectorView& view() const { return view_; }

 private:
  struct alignas(64) Line {
    uint8_t bytes[64];
  };

  std::vector<Line> lines_;
  VectorView view_;
};

}  // namespace vecgraph
