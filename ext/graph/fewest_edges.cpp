#include "graph/fewest_edges.h"

#include <algorithm>

namespace vecgraph {
namespace {

struct Reached {
  Link link;        // that led here first; its node
  uint32_t parent;  // place of the node before
};

// What one end has reached, in that order.
struct Side {
  Side(uint32_t root, size_t nodes) : reached{{{root, 0, 1}, 0}}, seen(nodes) { seen[root] = true; }

  bool is_over() const { return levels.back() == reached.size(); }
  void Add(const Link& link, size_t parent) {
    seen[link.node] = true;
    reached.push_back({link, static_cast<uint32_t>(parent)});
  }

  std::vector<Reached> reached;
  std::vector<size_t> levels = {0};  // where each level begins in `reached`, but for the next one
  std::vector<bool> seen;            // by node
};

class Search {
 public:
  Search(GraphWalk* walk, uint32_t source, uint32_t target, Stop* stop)
      : walk_(walk), stop_(stop), source_(source, walk->size()), target_(target, walk->size()) {}

  Status Run(uint32_t most, std::vector<Link>* path, bool* found) {
    Status status;
    uint64_t forward = walk_->Degree(source_.reached[0].link.node);
    uint64_t backward = walk_->DegreeBack(target_.reached[0].link.node);
    for (uint32_t length = 1; length <= most && !met_; ++length) {
      if (source_.is_over() || target_.is_over()) return status;
      status = forward <= backward ? Advance(&forward) : Retreat(&backward);
      if (!status.ok()) return status;
    }
    *found = met_;
    return met_ ? Trace(path) : std::move(status);
  }

 private:
  // One level from the source, until it meets what the target reached. `*links`: of the next one.
  Status Advance(uint64_t* links) {
    const size_t begin = source_.levels.back();
    const size_t end = source_.reached.size();
    *links = 0;
    for (size_t i = begin; i < end && !met_; ++i) {
      Status status = walk_->Visit(source_.reached[i].link.node, [&](const Link& link) {
        if (target_.seen[link.node]) {
          met_ = true;
          last_ = i;
          across_ = link;
        } else if (!source_.seen[link.node]) {
          source_.Add(link, i);
          *links += walk_->Degree(link.node);
        }
        return !met_ && !stop_->After(2);
      });
      if (!status.ok()) return status;
      if (stop_->After(2)) return stop_->status();
    }
    source_.levels.push_back(end);
    return Status::Ok();
  }

  // One level from the target. All of it: the first node of the source's last level that it meets
  // is wanted.
  Status Retreat(uint64_t* links) {
    const size_t begin = target_.levels.back();
    const size_t end = target_.reached.size();
    std::vector<bool> meets;
    *links = 0;
    for (size_t i = begin; i < end; ++i) {
      Status status = walk_->VisitBack(target_.reached[i].link.node, [&](const Link& link) {
        if (source_.seen[link.node]) {
          if (!met_) meets.resize(walk_->size());
          met_ = true;
          meets[link.node] = true;
        } else if (!met_ && !target_.seen[link.node]) {
          target_.Add(link, i);
          *links += walk_->DegreeBack(link.node);
        }
        return !stop_->After(2);
      });
      if (!status.ok()) return status;
      if (stop_->After(2)) return stop_->status();
    }
    if (!met_) {
      target_.levels.push_back(end);
      return Status::Ok();
    }
    target_.reached.resize(end);
    last_ = source_.levels.back();
    while (!meets[source_.reached[last_].link.node]) {
      ++last_;
      if (stop_->After(1)) return stop_->status();
    }
    return Step(source_.reached[last_].link.node, begin, end, &across_);
  }

  // The first link from `node` to one that the target reached at [begin, end).
  Status Step(uint32_t node, size_t begin, size_t end, Link* step) {
    const auto mark = [&](bool marked) {
      return stop_->Each(begin, end, 2,
                         [&](size_t i) { nearer_[target_.reached[i].link.node] = marked; });
    };
    nearer_.resize(walk_->size());
    if (!mark(true)) return stop_->status();
    Status status = walk_->Visit(node, [&](const Link& link) {
      *step = link;
      return !nearer_[link.node] && !stop_->After(2);
    });
    if (!status.ok()) return status;
    return mark(false) ? std::move(status) : stop_->status();
  }

  Status Trace(std::vector<Link>* path) {
    for (size_t i = last_; i > 0; i = source_.reached[i].parent) {
      path->push_back(source_.reached[i].link);
    }
    std::reverse(path->begin(), path->end());
    path->push_back(across_);
    // The link across leads to the last level that the target has.
    std::vector<size_t>& levels = target_.levels;
    while (levels.back() > 0) {
      const size_t end = levels.back();
      levels.pop_back();
      Link step;
      Status status = Step(path->back().node, levels.back(), end, &step);
      if (!status.ok()) return status;
      path->push_back(step);
    }
    return Status::Ok();
  }

  GraphWalk* walk_;
  Stop* stop_;
  Side source_;
  Side target_;
  bool met_ = false;
  size_t last_ = 0;  // place of the last node of the source's part of the path
  Link across_;      // from there to the target's part
  std::vector<bool> nearer_;
};

}  // namespace

Status FindFewestEdges(GraphWalk* walk, uint32_t source, uint32_t target, uint32_t most, Stop* stop,
                       std::vector<Link>* path, bool* found) {
  *found = source == target;
  if (*found) return Status::Ok();
  return Search(walk, source, target, stop).Run(most, path, found);
}

}  // namespace vecgraph
