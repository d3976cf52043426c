// PathCounts: from one node, how far every other is and by how many shortest paths.
//
// Breadth first without lengths, else Dijkstra's algorithm. Lengths of paths are added from the
// source outwards and compared exactly: 0.1 + 0.2 is longer than 0.3. Where a length is 0,
// distances are right and counts are not. Threads: belongs to one.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "graph/stop.h"

namespace vecgraph {

class PathCounts {
 public:
  struct State {
    double distance;  // negative: not reached
    double paths;     // infinite if there are more than a double holds
  };

  // `lengths`: by place in neighbors.nodes; empty: all are 1. REQUIRES: both outlive it; no length
  // is negative.
  PathCounts(const Adjacency& neighbors, const std::vector<double>& lengths)
      : neighbors_(neighbors),
        lengths_(lengths),
        states_(neighbors.starts.size() - 1, kUnreached) {}

  // Replaces what it found from another node. An error: `stop` said so, and it is of no more use.
  Status From(uint32_t source, Stop* stop);

  // The nodes that are reached, nearest first; the source is the first.
  const std::vector<uint32_t>& order() const { return order_; }
  const State& operator[](uint32_t node) const { return states_[node]; }
  double length(uint32_t place) const { return lengths_.empty() ? 1 : lengths_[place]; }

 private:
  static constexpr State kUnreached = {-1, 0};

  // What is reached and waits in the heap; one that a shorter path has replaced stays there.
  struct Entry {
    double distance;
    uint32_t node;
    bool operator<(const Entry& other) const {  // the nearest comes first out of a heap
      return distance != other.distance ? distance > other.distance : node > other.node;
    }
  };

  Status BreadthFirst(Stop* stop);
  Status Dijkstra(Stop* stop);

  const Adjacency& neighbors_;
  const std::vector<double>& lengths_;
  std::vector<State> states_;  // by node
  std::vector<uint32_t> order_;
  std::vector<Entry> heap_;
  std::vector<bool> settled_;  // by node
};

}  // namespace vecgraph
