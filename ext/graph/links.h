// Links: the links of nodes, each node's read once from a walk and kept, so that searches which
// come back to a node are cheap and can name a link by a number.
//
// The links of a node have consecutive numbers in the order of a walk: by neighbour, then what
// leaves before what enters, then edge id. So of two paths that part at a node, the one whose link
// has the smaller number goes to the smaller node, or along the smaller edge.
// Threads: as the walk.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/interner.h"
#include "graph/places.h"
#include "graph/walk.h"

namespace vecgraph {

class Links {
 public:
  struct Range {
    uint32_t begin = 0;
    uint32_t end = 0;
  };

  // `simple`: no links from a node to itself; of parallel ones only the cheapest is kept, of
  // several that of the smallest edge id, so from either end it is the same edge.
  explicit Links(bool simple) : simple_(simple) {}
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;
  virtual ~Links() = default;

  // The numbers of the node's links. An error also when the walk gave up.
  Status Read(uint32_t node, Range* range);
  const Link& operator[](uint32_t number) const { return links_[number]; }

 private:
  // Appends the links of `node` to `links`.
  virtual Status Fetch(uint32_t node, std::vector<Link>* links) = 0;
  // Whether the edge of `a` comes before that of `b`.
  virtual bool IsFirst(const Link& a, const Link& b) const { return a.edge < b.edge; }
  void KeepCheapest(uint32_t node, size_t from);

  bool simple_;
  Places nodes_;
  std::vector<Range> ranges_;  // by place in nodes_
  std::vector<Link> links_;
};

// The links of a walk, or those that lead to each node.
template <class AnyWalk, bool kBack>
class WalkLinks final : public Links {
 public:
  // REQUIRES: `walk` outlives it; if kBack, walk->CanGoBack() and it is open for that.
  WalkLinks(AnyWalk* walk, bool simple) : Links(simple), walk_(walk) {}

  // Gives an edge one number, from whichever of its ends it is read. REQUIRES: edge ids are unique.
  void NumberById() { by_id_ = true; }

 private:
  Status Fetch(uint32_t node, std::vector<Link>* links) override {
    const auto add = [links](const Link& link) {
      links->push_back(link);
      return true;
    };
    const size_t before = links->size();
    Status status = kBack ? walk_->VisitBack(node, add) : walk_->Visit(node, add);
    if (status.ok() && walk_->gave_up()) return Status::Code(SQLITE_ABORT, "too many look-ups");
    for (size_t i = before; by_id_ && i < links->size(); ++i) {
      uint32_t& edge = (*links)[i].edge;
      const uint32_t place = ids_.Add(walk_->edge_id(edge));
      if (place == numbers_.size()) numbers_.push_back(edge);
      edge = numbers_[place];
    }
    return status;
  }

  bool IsFirst(const Link& a, const Link& b) const override {
    const int order = Compare(walk_->edge_id(a.edge), walk_->edge_id(b.edge));
    return order != 0 ? order < 0 : a.edge < b.edge;
  }

  AnyWalk* walk_;
  bool by_id_ = false;
  Interner ids_;
  std::vector<uint32_t> numbers_;  // by place in ids_
};

}  // namespace vecgraph
