// Listing: the nodes and edges of a graph as rows give them, to be written down.
//
// A row with a source and a target is an edge; one with a source alone is that node, with what is
// known of it; one without a source is nothing. Afterwards everything is in an order of its own, by
// id, then by label and attributes: nothing depends on the order of the rows.
// Threads: belongs to one.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "base/polled_sort.h"
#include "base/status.h"
#include "graph/interner.h"

namespace vecgraph {

class Listing {
 public:
  static constexpr uint32_t kNone = Interner::kNone;

  struct Node {
    uint32_t id = kNone;  // its place among all ids
    uint32_t label = kNone;
    uint32_t attributes = kNone;
    bool given = false;   // by a row of its own
    bool linked = false;  // an edge has it

    bool operator==(const Node&) const = default;
    bool operator<(const Node& other) const {
      return std::tie(id, label, attributes) < std::tie(other.id, other.label, other.attributes);
    }
  };
  struct Edge {
    uint32_t source;
    uint32_t target;
    uint32_t label;
    uint32_t attributes;
    uint32_t row;  // keeps parallel edges apart

    bool operator==(const Edge&) const = default;
    bool operator<(const Edge& other) const {
      return std::tie(source, target, label, attributes, row) <
             std::tie(other.source, other.target, other.label, other.attributes, other.row);
    }
  };

  // `*is_new`: `attributes` is a text that no row had before. An error: `poll` said to stop.
  Status Add(const ValueRef& source, const ValueRef& target, const ValueRef& label,
             const ValueRef& attributes, const StopPoll& poll, bool* is_new);
  // What the rows so far take at least when they are written.
  uint64_t least_bytes() const { return least_bytes_; }

  // Puts everything in its order; once, after the last Add(). An error: `poll` said to stop, or a
  // node has two rows that differ.
  Status Sort(const StopPoll& poll);

  // What follows is for after Sort().
  const std::vector<Node>& nodes() const { return nodes_; }  // all of them, ascending
  const std::vector<Edge>& edges() const { return edges_; }
  ValueRef id(uint32_t node) const { return ids_.values()[id_order_[node]]; }
  // A label, or the text of some attributes. REQUIRES: not kNone.
  ValueRef word(uint32_t number) const { return words_.values()[word_order_[number]]; }
  bool HasId(const ValueRef& id) const { return ids_.Find(id) != kNone; }

 private:
  Status PlaceNodes(const StopPoll& poll);

  Interner ids_;
  Interner words_;
  std::vector<uint32_t> id_order_;  // the numbers in the order of their values
  std::vector<uint32_t> word_order_;
  std::vector<Node> nodes_;
  std::vector<Edge> edges_;
  uint64_t least_bytes_ = 0;
};

}  // namespace vecgraph
