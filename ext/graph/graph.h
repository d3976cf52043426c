// Graph: all edges of a source in memory, as compressed sparse rows (CSR).
//
// Nodes are numbered 0, 1, 2, ... in the order of their ids, so the smallest number of several is
// the smallest id. The edges that leave a node are those of the slots [out.begin(u), out.end(u)),
// ordered by target, parallel ones by edge id: nothing depends on the order of the table's rows.
// Immutable but for the lists of what enters a node, which are made when first asked for, and the
// space of a push.
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/polled_sort.h"
#include "base/status.h"
#include "graph/push_space.h"
#include "graph/value_list.h"
#include "graph/weight_list.h"

namespace vecgraph {

struct Adjacency {
  std::vector<uint32_t> starts;  // one more than there are nodes
  std::vector<uint32_t> nodes;   // the other ends
  std::vector<uint32_t> slots;   // of a list of what enters: each edge's place among what leaves

  uint32_t begin(uint32_t node) const { return starts[node]; }
  uint32_t end(uint32_t node) const { return starts[node + 1]; }
  uint32_t degree(uint32_t node) const { return end(node) - begin(node); }
  int64_t bytes() const {
    return static_cast<int64_t>(sizeof(uint32_t) *
                                (starts.capacity() + nodes.capacity() + slots.capacity()));
  }
};

class Graph {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  ValueList ids;  // by node, ascending
  Adjacency out;
  ValueList edge_ids;          // by slot; empty: the source has none
  WeightList weights;          // by slot; empty: all are 1
  std::vector<bool> looped;    // by node: has an edge to itself; empty: none has
  int64_t skipped_null = 0;    // rows without a source or a target
  int64_t skipped_weight = 0;  // rows without a weight, by null_weight = 'skip'
  int64_t phantoms = 0;        // endpoints that the node table lacks, if there is one
  double milliseconds = 0;     // it took to read

  uint32_t size() const { return static_cast<uint32_t>(ids.size()); }
  size_t edges() const { return out.nodes.size(); }
  // The node with this id, or kNone.
  uint32_t Find(const ValueRef& id) const;
  // What enters each node, ordered by source. An error: `poll` said to stop.
  Status In(const StopPoll& poll, const Adjacency** in) const;
  // The same, null if it has not been made.
  const Adjacency* KnownIn() const { return in_.starts.empty() ? nullptr : &in_; }
  double weight(uint32_t slot) const { return weights.empty() ? 1.0 : weights[slot]; }
  // use(weight), where weight(slot) is the same: for loops over many edges.
  template <class Use>
  auto WithWeights(Use&& use) const {
    return weights.empty() ? use([](size_t) { return 1.0; }) : weights.With(use);
  }
  // The number of edges from a node to itself.
  uint32_t Loops(uint32_t node) const {
    return looped.empty() || !looped[node] ? 0 : CountLoops(node);
  }
  ValueRef edge_id(uint32_t slot) const {
    return edge_ids.size() == 0 ? ValueRef() : edge_ids[slot];
  }
  // The space that the last push left, or an empty one; the graph no longer has it.
  PushSpace TakePushSpace() const { return std::move(push_space_); }
  void KeepPushSpace(PushSpace space) const { push_space_ = std::move(space); }
  int64_t bytes() const;

 private:
  uint32_t CountLoops(uint32_t node) const;

  mutable Adjacency in_;
  mutable PushSpace push_space_;
};

}  // namespace vecgraph
