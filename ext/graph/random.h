// Random: numbers that look random and are the same each time for a seed, on every platform.
// Threads: belongs to one.
#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "graph/stop.h"

namespace vecgraph {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // splitmix64 (Steele, Lea, Flood 2014).
  uint64_t Next() {
    uint64_t x = state_ += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
  }
  // From 0 to below `end`, which is not 0.
  uint32_t Below(uint32_t end) { return static_cast<uint32_t>((Next() >> 32) * end >> 32); }

  // 0, 1, ... to below `count`, in any order. An error: `stop` said so.
  Status Order(uint32_t count, Stop* stop, std::vector<uint32_t>* order) {
    order->resize(count);
    std::iota(order->begin(), order->end(), 0U);
    for (uint32_t i = count; i > 1; --i) {
      std::swap((*order)[i - 1], (*order)[Below(i)]);
      if (stop->After(2)) return stop->status();
    }
    return Status::Ok();
  }

 private:
  uint64_t state_;
};

}  // namespace vecgraph
