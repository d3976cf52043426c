// Receiver: what comes to a node when score flows along edges.
// Threads: as the graph.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/direction.h"
#include "graph/graph.h"
#include "graph/stop.h"

namespace vecgraph {

class Receiver {
 public:
  // `in`: what enters each node of `graph`. REQUIRES: both outlive it.
  Receiver(const Graph& graph, const Adjacency& in, Direction direction)
      : graph_(graph), in_(in), direction_(direction) {}

  // At most so many edges; in both directions more, if some lead to the node itself.
  size_t Degree(uint32_t node) const {
    return (direction_ == Direction::kIn ? 0 : size_t{in_.degree(node)}) +
           (direction_ == Direction::kOut ? 0 : graph_.out.degree(node));
  }
  // use(u, weight) for each edge along which `node` receives, each of `steps`. False: stop.
  template <class Use>
  bool Each(uint32_t node, Stop* stop, Use&& use, uint64_t steps = 2) const {
    return EachPiece(node, steps, stop, [&](auto edges) { edges(use); });
  }
  // The sum, when each node gives `share` of it for each unit of weight.
  bool Sum(uint32_t node, const std::vector<double>& share, Stop* stop, double* sum) const {
    *sum = 0;
    return EachPiece(node, 2, stop, [&](auto edges) {
      const double* const of = share.data();
      double part = 0;  // in a register
      edges([&part, of](uint32_t u, double weight) { part += of[u] * weight; });
      *sum += part;
    });
  }

 private:
  // use(edges) for a few thousand of the edges at a time, where edges(use) is use(u, weight) for
  // each.
  template <class Use>
  bool EachPiece(uint32_t node, uint64_t steps, Stop* stop, const Use& use) const {
    return graph_.WithWeights(
        [&](auto weight) { return EachPiece(node, steps, stop, weight, use); });
  }
  template <class Weight, class Use>
  bool EachPiece(uint32_t node, uint64_t steps, Stop* stop, Weight weight, const Use& use) const {
    if (direction_ != Direction::kIn) {
      const uint32_t* const nodes = in_.nodes.data();
      const uint32_t* const slots = in_.slots.data();
      const auto piece = [&](uint32_t from, uint32_t to) {
        use([=](auto&& each) {
          for (uint32_t i = from; i < to; ++i) each(nodes[i], weight(slots[i]));
        });
      };
      const bool all = stop->EachPiece(in_.begin(node), in_.end(node), steps, piece);
      if (!all || direction_ == Direction::kOut) return all;
    }
    const uint32_t* const nodes = graph_.out.nodes.data();
    // An edge to itself was among what enters.
    const uint32_t not_again = direction_ == Direction::kBoth ? node : Graph::kNone;
    return stop->EachPiece(graph_.out.begin(node), graph_.out.end(node), steps,
                           [&](uint32_t from, uint32_t to) {
                             use([=](auto&& each) {
                               for (uint32_t slot = from; slot < to; ++slot) {
                                 if (nodes[slot] != not_again) each(nodes[slot], weight(slot));
                               }
                             });
                           });
  }

  const Graph& graph_;
  const Adjacency& in_;
  Direction direction_;
};

}  // namespace vecgraph
