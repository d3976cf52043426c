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
  struct Cell {
    // What waits at a node less what must wait before it is passed on, which is 1 for each edge
    // that leaves the node, at least 1.
    double room;
    double score;
  };

  Direction direction = Direction::kBoth;
  // Between two pushes nothing waits, no score is above 0 and no bit is set.
  std::vector<Cell> cells;        // by node
  std::vector<uint64_t> reached;  // a bit for each node

  int64_t bytes() const {
    return static_cast<int64_t>(sizeof(Cell) * cells.capacity() +
                                sizeof(uint64_t) * reached.capacity());
  }
};

}  // namespace vecgraph
