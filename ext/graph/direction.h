// Direction: which way edges are walked.
#pragma once

#include <cstdint>

namespace vecgraph {

enum class Direction : uint8_t {
  kOut,   // from source to target
  kIn,    // from target to source
  kBoth,  // either way; an edge from a node to itself counts once
};

constexpr Direction Reverse(Direction way) {
  if (way == Direction::kBoth) return way;
  return way == Direction::kOut ? Direction::kIn : Direction::kOut;
}

}  // namespace vecgraph
