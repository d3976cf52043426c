// PushSpace: what a push notes of every node, ready for the next one.
//
// An array by node needs no look-up where a table of the nodes that are reached would, but making
// it takes time by the size of the graph. So the graph keeps one, and a push leaves it as it was.
// Threads: belongs to one.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/direction.h"

namespace vecgraph {

struct PushSpace {
  Direction direction = Direction::kBoth;
  // All by node. Between two pushes nothing waits, no score is above 0 and no bit is set.
  // What waits at a node less what must wait before it is passed on, which is 1 for each edge that
  // leaves the node, at least 1. Apart from the scores: most nodes that are reached get none.
  std::vector<double> rooms;
  std::vector<double> scores;
  std::vector<uint64_t> reached;  // a bit for each node

  int64_t bytes() const {
    return static_cast<int64_t>(sizeof(double) * (rooms.capacity() + scores.capacity()) +
                                sizeof(uint64_t) * reached.capacity());
  }
};

}  // namespace vecgraph
