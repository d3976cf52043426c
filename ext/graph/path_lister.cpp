#include "graph/path_lister.h"

#include <algorithm>
#include <limits>

#include "base/memory.h"
#include "graph/places.h"

namespace vecgraph {
namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

class Lister {
 public:
  Lister(Links* links, CostSearch* from_target, const PathQuery& query, Stop* stop,
         std::vector<Route>* routes)
      : links_(links), from_target_(from_target), query_(query), stop_(stop), routes_(routes) {}

  Status Run(bool* more) {
    *more = false;
    uint64_t length = query_.min_hops;
    while (length <= query_.max_hops) {
      longer_ = kNever;
      Status status = ListOf(length);
      if (!status.ok()) return status;
      if (more_) break;
      length = longer_;
    }
    *more = more_;
    return Status::Ok();
  }

 private:
  // A node of the path, and which of its links come next.
  struct Frame {
    uint32_t node;
    uint32_t next;
    uint32_t end;
    uint64_t longer;  // longer_ when the path came here
  };

  bool CountsNodes() const {
    return query_.mode == PathMode::kAcyclic || query_.mode == PathMode::kSimple;
  }
  bool CountsEdges() const {
    return query_.mode == PathMode::kTrail || query_.mode == PathMode::kSimple;
  }

  // Where on the path a node is, or after which of its nodes an edge, from 1; 0: nowhere.
  static uint32_t& Slot(Places* places, std::vector<uint32_t>* slots, uint32_t number) {
    const uint32_t place = places->Add(number);
    if (place >= slots->size()) slots->resize(place + size_t{1});
    return (*slots)[place];
  }
  uint32_t& NodeAt(uint32_t node) { return Slot(&nodes_, &node_at_, node); }
  uint32_t& EdgeAt(uint32_t edge) { return Slot(&edges_, &edge_at_, edge); }

  // Whether a path may go on from here. `hops`: how many edges it has.
  bool MayGoOn(uint32_t node, size_t hops) const {
    if (!CountsNodes() || hops == 0) return query_.mode != PathMode::kAcyclic || !IsAim(node);
    return !IsAim(node) && node != query_.source;
  }
  bool IsAim(uint32_t node) const { return node == query_.target; }

  // Whether the first `nodes` nodes of the path may be followed by this link.
  bool MayTake(const Link& link, size_t nodes) {
    if (CountsEdges()) {
      const uint32_t edge = EdgeAt(link.edge);
      if (edge != 0 && edge < nodes) return false;
    }
    if (!CountsNodes()) return true;
    if (link.node == query_.source) return query_.mode == PathMode::kSimple;
    const uint32_t node = NodeAt(link.node);
    return node == 0 || node > nodes;
  }

  // At least so many edges lie between a node and the target.
  uint64_t AtLeast(uint32_t node) const {
    if (!from_target_) return 0;
    const double hops = from_target_->AtLeast(node);
    return hops == CostSearch::kNever ? kNever : static_cast<uint64_t>(hops);
  }
  // Lets the search from the target know more, at most as fast as the paths grow.
  Status LearnMore(uint64_t length) {
    const uint64_t half = length / 2;
    while (
        from_target_ && from_target_->radius() <= static_cast<double>(length) &&
        (from_target_->radius() <= static_cast<double>(half) || from_target_->steps() < steps_)) {
      uint32_t node = kNoNode;
      const uint64_t before = from_target_->steps();
      Status status = from_target_->Step(&node);
      if (!status.ok()) return status;
      if (stop_->After(1 + from_target_->steps() - before)) return stop_->status();
    }
    return Status::Ok();
  }

  // Goes to `node`, along the link that was appended to route_ unless it is the source.
  Status Enter(uint32_t node, uint64_t length) {
    const size_t hops = route_.size();
    Frame frame{node, 0, 0, longer_};
    if (hops == length) {
      if (query_.target == kNoNode || IsAim(node)) Found();
      if (MayGoOn(node, hops)) longer_ = std::min(longer_, length + 1);
    } else if (MayGoOn(node, hops)) {
      Links::Range range;
      Status status = links_->Read(node, &range);
      if (!status.ok()) return status;
      frame.next = range.begin;
      frame.end = range.end;
    }
    if (CountsNodes() && !(hops > 0 && node == query_.source)) {
      NodeAt(node) = static_cast<uint32_t>(hops + 1);
    }
    if (CountsEdges() && hops > 0) {
      EdgeAt((*links_)[route_.back()].edge) = static_cast<uint32_t>(hops);
    }
    path_.push_back(frame);
    return Status::Ok();
  }

  void Leave() {
    const size_t hops = path_.size() - 1;
    const uint32_t node = path_.back().node;
    path_.pop_back();
    if (CountsNodes() && !(hops > 0 && node == query_.source)) NodeAt(node) = 0;
    if (hops == 0) return;
    if (CountsEdges()) EdgeAt((*links_)[route_.back()].edge) = 0;
    route_.pop_back();
  }

  void Found() {
    fruitless_ = 0;
    if (routes_->size() == query_.max_paths) {
      more_ = true;
      return;
    }
    routes_->push_back(route_);
    kept_ += route_.size() + 1;
  }

  // All paths of this length.
  Status ListOf(uint64_t length) {
    Status status = LearnMore(length);
    if (!status.ok()) return status;
    if (AtLeast(query_.source) > length) {
      longer_ = AtLeast(query_.source);
      return status;
    }
    status = Enter(query_.source, length);
    while (status.ok() && !path_.empty() && !more_) {
      Frame& frame = path_.back();
      if (stop_->After(8)) return stop_->status();
      ++fruitless_;
      steps_ += 8;
      if (frame.next == frame.end) {
        status = fruitless_ > patience_ ? LeaveDeadEnd() : Status::Ok();
        if (!path_.empty()) Leave();
        continue;
      }
      const uint32_t number = frame.next++;
      const Link& link = (*links_)[number];
      if (!MayTake(link, path_.size())) continue;
      const uint64_t left = AtLeast(link.node);
      if (left == kNever) continue;
      if (path_.size() + left > length) {
        longer_ = std::min<uint64_t>(longer_, path_.size() + left);
        continue;
      }
      status = LearnMore(length);
      if (!status.ok()) return status;
      if ((kept_ + path_.size()) * 64 > static_cast<uint64_t>(MemoryForPaths())) {
        return Status::Code(SQLITE_NOMEM,
                            "the paths do not fit into memory; give a smaller max_paths or "
                            "max_hops");
      }
      route_.push_back(number);
      status = Enter(link.node, length);
    }
    return status;
  }

  static int64_t MemoryForPaths() {
    static const int64_t kBytes = MachineMemory() / 4;
    return kBytes;
  }

  // After many steps that led to no path: leaves the shortest part of the path from which none can
  // be found any more, but for the last node. Without this a dead end would be searched in every
  // order of its nodes.
  Status LeaveDeadEnd() {
    fruitless_ = 0;
    if (!from_target_ || query_.mode == PathMode::kWalk) return Status::Ok();
    const uint64_t before = steps_;
    size_t low = 0;  // the first place from which the target is out of reach
    size_t high = path_.size();
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      bool reaches = false;
      Status status = Reaches(middle, &reaches);
      if (!status.ok()) return status;
      if (reaches) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    patience_ = std::max(kPatience, 2 * (steps_ - before));
    if (low >= path_.size()) return Status::Ok();
    longer_ = path_[low].longer;
    while (path_.size() > low + 1) Leave();
    return Status::Ok();
  }

  // Whether the path up to its node `at` can be made longer so that it ends at the target.
  Status Reaches(size_t at, bool* reaches) {
    *reaches = false;
    if (!MayGoOn(path_[at].node, at)) return Status::Ok();
    Places seen;
    seen.Add(path_[at].node);
    for (uint32_t i = 0; i < seen.size(); ++i) {
      const auto node = seen.numbers()[i];
      // A path ends where it may not go on.
      if (i > 0 && !MayGoOn(node, 1)) continue;
      Links::Range range;
      Status status = links_->Read(node, &range);
      if (!status.ok()) return status;
      for (uint32_t n = range.begin; n < range.end; ++n) {
        const Link& link = (*links_)[n];
        if (!MayTake(link, at + 1)) continue;
        if (IsAim(link.node)) {
          *reaches = true;
          return status;
        }
        seen.Add(link.node);
      }
      steps_ += 8 + 8 * (range.end - range.begin);
      if (stop_->After(8 + 8 * (range.end - range.begin))) return stop_->status();
    }
    return Status::Ok();
  }

  static constexpr uint64_t kPatience = 1 << 16;

  Links* links_;
  CostSearch* from_target_;
  const PathQuery& query_;
  Stop* stop_;
  std::vector<Route>* routes_;
  std::vector<Frame> path_;
  Route route_;  // the links between the nodes of path_
  Places nodes_;
  std::vector<uint32_t> node_at_;
  Places edges_;
  std::vector<uint32_t> edge_at_;
  uint64_t longer_ = kNever;  // there may be paths of this length, the least that is known
  uint64_t steps_ = 0;
  uint64_t kept_ = 0;
  uint64_t fruitless_ = 0;  // steps since the last path or the last look for a dead end
  uint64_t patience_ = kPatience;
  bool more_ = false;
};

}  // namespace

Status ListPaths(Links* links, CostSearch* from_target, const PathQuery& query, Stop* stop,
                 std::vector<Route>* routes, bool* more) {
  return Lister(links, from_target, query, stop, routes).Run(more);
}

}  // namespace vecgraph
