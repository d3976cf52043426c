// Arena: memory that is given out in small pieces and freed at once.
//
// What was given out stays where it is until the arena is destroyed, also when the arena is moved.
// Threads: belongs to one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace vecgraph {

class Arena {
 public:
  // Aligned for numbers and pointers. Throws std::bad_alloc.
  std::byte* Allocate(size_t bytes) {
    constexpr size_t kLeast = 512;
    constexpr size_t kMost = size_t{256} << 10;
    constexpr size_t kAlign = alignof(double);
    const size_t size = (bytes + kAlign - 1) / kAlign * kAlign;
    if (size_ - used_ < size) {
      const size_t block = std::max(size, std::clamp(2 * size_, kLeast, kMost));
      blocks_.emplace_back(new std::byte[block]);
      size_ = block;
      used_ = 0;
    }
    std::byte* const at = blocks_.back().get() + used_;
    used_ += size;
    return at;
  }

 private:
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  size_t size_ = 0;  // of the last block
  size_t used_ = 0;  // of it
};

}  // namespace vecgraph
