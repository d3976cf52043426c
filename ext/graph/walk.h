// GraphWalk and LookupWalk: the neighbours of one node after the other, from a Graph or by index.
//
// Both number the nodes, and both visit the neighbours of a node in the same order: by id, then
// what leaves before what enters, then by edge id. So an algorithm written on either gives the same
// rows. A self-loop is visited once.
//   uint32_t Find(id)         the node's number, or kNone
//   bool Before(a, b)         whether a's id is smaller
//   Status Visit(node, use)   use(Link) for each; false ends it
//   Status VisitBack(node, use)   the same of those that lead to the node, if CanGoBack()
//   bool gave_up()            stop: the result means nothing
//   ValueRef id(node), edge_id(edge)
// Threads: as the connection.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "graph/edge_reader.h"
#include "graph/graph.h"
#include "graph/interner.h"

namespace vecgraph {

struct Link {
  uint32_t node = 0;  // the neighbour
  uint32_t edge = 0;  // for edge_id()
  double weight = 1;
};

constexpr uint32_t kNoNode = UINT32_MAX;

// What is left of a walk when its result is shown.
class WalkIds {
 public:
  WalkIds() = default;
  WalkIds(const WalkIds&) = delete;
  WalkIds& operator=(const WalkIds&) = delete;
  virtual ~WalkIds() = default;
  virtual ValueRef id(uint32_t node) const = 0;
  virtual ValueRef edge_id(uint32_t edge) const = 0;
};

class GraphWalk final : public WalkIds {
 public:
  GraphWalk(std::shared_ptr<const Graph> graph, Direction direction)
      : graph_(std::move(graph)), direction_(direction) {}
  // REQUIRED first: makes the lists of what enters, if the direction asks for them.
  Status Open(const StopPoll& poll) {
    poll_ = poll;
    return direction_ == Direction::kOut ? Status::Ok() : graph_->In(poll, &in_);
  }
  // REQUIRED before VisitBack().
  Status OpenBack(const StopPoll& poll) {
    return direction_ == Direction::kIn ? Status::Ok() : graph_->In(poll, &in_);
  }
  static bool CanGoBack() { return true; }

  size_t size() const { return graph_->size(); }
  Status Find(const ValueRef& id, uint32_t* node) {
    *node = graph_->Find(id);
    // Some may be looked for, or a million.
    const int code = ++found_ % 4096 == 0 && poll_ ? poll_() : 0;
    return code == 0 ? Status::Ok() : Status::Code(code, "interrupted");
  }
  bool Before(uint32_t a, uint32_t b) const { return a < b; }
  ValueRef id(uint32_t node) const override { return graph_->ids[node]; }
  ValueRef edge_id(uint32_t edge) const override { return graph_->edge_id(edge); }
  const Graph& graph() const { return *graph_; }
  static bool gave_up() { return false; }
  // How many links Visit() and VisitBack() go through; of both ways a self-loop counts twice.
  uint32_t Degree(uint32_t node) const { return DegreeAlong(direction_, node); }
  uint32_t DegreeBack(uint32_t node) const { return DegreeAlong(Reverse(direction_), node); }

  template <class Use>
  Status Visit(uint32_t node, Use&& use) {
    return VisitAlong(direction_, node, use);
  }
  template <class Use>
  Status VisitBack(uint32_t node, Use&& use) {
    return VisitAlong(Reverse(direction_), node, use);
  }

 private:
  template <class Use>
  Status VisitAlong(Direction way, uint32_t node, Use&& use) {
    const Graph& graph = *graph_;
    const Adjacency& out = graph.out;
    if (way == Direction::kOut) {
      for (uint32_t slot = out.begin(node), end = out.end(node); slot < end; ++slot) {
        if (!use(Link{out.nodes[slot], slot, graph.weight(slot)})) break;
      }
      return Status::Ok();
    }
    uint32_t slot = way == Direction::kIn ? 0 : out.begin(node);
    const uint32_t out_end = way == Direction::kIn ? 0 : out.end(node);
    uint32_t place = in_->begin(node);
    const uint32_t in_end = in_->end(node);
    for (;;) {
      // A self-loop was visited among what leaves.
      if (way == Direction::kBoth) {
        while (place < in_end && in_->nodes[place] == node) ++place;
      }
      const bool has_out = slot < out_end;
      const bool has_in = place < in_end;
      if (!has_out && !has_in) return Status::Ok();
      Link link;
      if (has_out && (!has_in || out.nodes[slot] <= in_->nodes[place])) {
        link = {out.nodes[slot], slot, graph.weight(slot)};
        ++slot;
      } else {
        link = {in_->nodes[place], in_->slots[place], graph.weight(in_->slots[place])};
        ++place;
      }
      if (!use(link)) return Status::Ok();
    }
  }

  uint32_t DegreeAlong(Direction way, uint32_t node) const {
    return (way == Direction::kIn ? 0 : graph_->out.degree(node)) +
           (way == Direction::kOut ? 0 : in_->degree(node));
  }

  std::shared_ptr<const Graph> graph_;
  Direction direction_;
  const Adjacency* in_ = nullptr;
  StopPoll poll_;
  uint64_t found_ = 0;
};

class LookupWalk final : public WalkIds {
 public:
  // REQUIRES: `reader` is open, its source plain and indexed for the direction; it lives as long as
  // nodes are visited.
  LookupWalk(EdgeReader* reader, Direction direction) : reader_(reader), direction_(direction) {}

  size_t size() const { return nodes_.size(); }
  // Also gives up if only reading all edges could tell.
  Status Find(const ValueRef& id, uint32_t* node);
  bool Before(uint32_t a, uint32_t b) const {
    const ValueList& ids = nodes_.values();
    return ids.all_integers() ? ids.Integer(a) < ids.Integer(b) : Compare(ids[a], ids[b]) < 0;
  }
  ValueRef id(uint32_t node) const override { return nodes_.values()[node]; }
  ValueRef edge_id(uint32_t edge) const override { return edge_ids_[edge]; }
  int64_t touched() const { return static_cast<int64_t>(edge_ids_.size()); }
  // Whether so many edges were touched, with those of the connection's long walks before, that it
  // is time to load them all: then the result so far means nothing.
  bool gave_up() const { return gave_up_; }
  // No node is visited any more: its result may be kept.
  void Finish();

  static Status OpenBack(const StopPoll&) { return Status::Ok(); }
  // Whether both ends are indexed.
  bool CanGoBack() const { return reader_->source().IsIndexed(Direction::kBoth); }

  template <class Use>
  Status Visit(uint32_t node, Use&& use) {
    return VisitAlong(direction_, node, use);
  }
  template <class Use>
  Status VisitBack(uint32_t node, Use&& use) {
    return VisitAlong(Reverse(direction_), node, use);
  }

 private:
  // So many edges are always looked up: it takes longer to ask how many there are.
  static constexpr int64_t kLeastTouched = 4096;

  struct Found {
    uint32_t node;
    uint32_t edge;
    double weight;
    bool enters;
  };

  template <class Use>
  Status VisitAlong(Direction way, uint32_t node, Use&& use) {
    Status status = Gather(way, node);
    if (!status.ok() || gave_up_) return status;
    for (const Found& found : found_) {
      if (!use(Link{found.node, found.edge, found.weight})) break;
    }
    return status;
  }
  Status Gather(Direction way, uint32_t node);
  Status Read(uint32_t node, bool enters);
  Status FindAt(bool enters, const ValueRef& id, uint32_t* node);
  Status Exists(Statement* statement, const ValueRef& id, uint32_t* node);
  Status Lookup(bool enters, Statement** statement);
  Status Limit();

  EdgeReader* reader_;
  Direction direction_;
  int64_t most_ = kLeastTouched;  // edges to touch
  bool limited_ = false;          // by how many edges there are
  bool in_rows_ = false;          // an index that edges were looked up in is not complete
  Statement leaving_;
  Statement entering_;
  Interner nodes_;
  ValueList edge_ids_;
  std::vector<Found> found_;
  bool gave_up_ = false;
};

}  // namespace vecgraph
