// BreadthMany: from each of up to 64 nodes, how many others are reached and how far they are in
// all.
//
// One search serves all: every node has a bit for each source, so nodes that several sources reach
// after as many steps are looked at once for all of them (Then et al. 2014).
// Threads: belongs to one.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "graph/stop.h"

namespace vecgraph {

class BreadthMany {
 public:
  static constexpr size_t kMost = 64;

  struct Reach {
    uint64_t nodes = 0;      // without the source
    uint64_t distances = 0;  // the sum
  };

  // REQUIRES: it outlives this.
  explicit BreadthMany(const Adjacency& neighbors)
      : neighbors_(neighbors), bits_(neighbors.starts.size() - 1) {}

  // Replaces what it found before. REQUIRES: at most kMost sources, distinct. An error: `stop` said
  // so, and it is of no more use.
  Status From(std::span<const uint32_t> sources, Stop* stop);

  // Of source i.
  const Reach& operator[](size_t i) const { return reach_[i]; }

 private:
  // By source: a bit.
  struct Bits {
    uint64_t seen = 0;
    uint64_t now = 0;   // reached in the last step
    uint64_t next = 0;  // reached in this step
  };

  Status Step(uint64_t distance, Stop* stop);

  const Adjacency& neighbors_;
  std::vector<Bits> bits_;         // by node
  std::vector<uint32_t> front_;    // nodes with bits in `now`
  std::vector<uint32_t> reached_;  // nodes with bits in `next`
  std::array<Reach, kMost> reach_{};
};

}  // namespace vecgraph
