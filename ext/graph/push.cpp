#include "graph/push.h"

#include <algorithm>
#include <deque>

#include "base/memory.h"
#include "graph/pagerank.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

constexpr uint32_t kFree = Graph::kNone;

struct Cell {
  uint32_t node = kFree;
  uint32_t degree = 0;  // edges that leave it
  double waiting = 0;
};

// The cells of the nodes that score has reached: a hash table, since an array of all nodes would
// cost time by the size of the graph.
class Cells {
 public:
  Cells() { Resize(size_t{1} << kLeastBits); }

  void Fetch(uint32_t node) const { __builtin_prefetch(&cells_[SlotOf(node)]); }
  // Valid until the next call. Its `node` is kFree if it is new.
  Cell& At(uint32_t node) {
    size_t slot = Probe(node);
    if (cells_[slot].node == kFree && 2 * ++used_ > cells_.size()) {
      Grow();
      slot = Probe(node);
    }
    return cells_[slot];
  }
  // The score of a node that has a cell.
  double& Score(const Cell& cell) { return scores_[static_cast<size_t>(&cell - cells_.data())]; }
  // use(cell, score) for each.
  template <class Use>
  void Each(Use&& use) const {
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (cells_[i].node != kFree) use(cells_[i], scores_[i]);
    }
  }

 private:
  static constexpr int kLeastBits = 12;

  size_t SlotOf(uint32_t node) const { return (node * uint64_t{0x9e3779b97f4a7c15}) >> shift_; }
  size_t Probe(uint32_t node) const {
    size_t slot = SlotOf(node);
    while (cells_[slot].node != node && cells_[slot].node != kFree) {
      slot = (slot + 1) & (cells_.size() - 1);
    }
    return slot;
  }
  void Resize(size_t count) {
    ReserveLarge(count, &cells_);
    ReserveLarge(count, &scores_);
    cells_.resize(count);
    scores_.resize(count);
  }
  void Grow() {
    std::vector<Cell> cells;
    std::vector<double> scores;
    cells.swap(cells_);
    scores.swap(scores_);
    shift_ -= 2;
    Resize(4 * cells.size());
    for (size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].node == kFree) continue;
      const size_t slot = Probe(cells[i].node);
      cells_[slot] = cells[i];
      scores_[slot] = scores[i];
    }
  }

  std::vector<Cell> cells_;  // a power of two
  std::vector<double> scores_;
  size_t used_ = 0;
  int shift_ = 64 - kLeastBits;
};

// What leaves nodes in a direction.
class Leaving {
 public:
  Leaving(const Graph& graph, const Adjacency* in, Direction direction)
      : graph_(graph), in_(in), direction_(direction) {}

  uint32_t Degree(uint32_t node) const {
    if (direction_ == Direction::kOut) return graph_.out.degree(node);
    if (direction_ == Direction::kIn) return in_->degree(node);
    return graph_.out.degree(node) + in_->degree(node) - graph_.Loops(node);
  }
  template <class Use>
  void Each(uint32_t node, Use&& use) const {
    if (direction_ != Direction::kIn) {
      for (uint32_t slot = graph_.out.begin(node); slot < graph_.out.end(node); ++slot) {
        use(graph_.out.nodes[slot], graph_.weight(slot));
      }
    }
    if (direction_ == Direction::kOut) return;
    for (uint32_t i = in_->begin(node); i < in_->end(node); ++i) {
      if (direction_ == Direction::kBoth && in_->nodes[i] == node) continue;
      use(in_->nodes[i], graph_.weights.empty() ? 1.0 : graph_.weights[in_->slots[i]]);
    }
  }
  Status CheckSum(uint32_t node, double sum) const { return CheckWeightSum(graph_, node, sum); }
  // The first neighbours of a node.
  template <class Use>
  void EachOfFew(uint32_t node, Use&& use) const {
    constexpr uint32_t kFew = 12;
    const auto each = [&](const Adjacency& list) {
      const uint32_t end = std::min(list.end(node), list.begin(node) + kFew);
      for (uint32_t i = list.begin(node); i < end; ++i) use(list.nodes[i]);
    };
    if (direction_ != Direction::kIn) each(graph_.out);
    if (direction_ != Direction::kOut) each(*in_);
  }
  // Each says that something is about to be asked of a node.
  void FetchDegree(uint32_t node) const {
    if (direction_ != Direction::kIn) __builtin_prefetch(&graph_.out.starts[node]);
    if (direction_ != Direction::kOut) __builtin_prefetch(&in_->starts[node]);
  }
  void FetchEdges(uint32_t node) const {
    if (direction_ != Direction::kIn) Fetch(graph_.out, node);
    if (direction_ != Direction::kOut) Fetch(*in_, node);
  }

 private:
  static void Fetch(const Adjacency& list, uint32_t node) {
    __builtin_prefetch(list.nodes.data() + list.begin(node));
  }

  const Graph& graph_;
  const Adjacency* in_;
  Direction direction_;
};

class Push {
 public:
  Push(const Leaving& leaving, double eps) : leaving_(leaving), eps_(eps) {}

  void Give(uint32_t node, double amount) {
    Cell& cell = cells_.At(node);
    if (cell.node == kFree) {
      cell.node = node;
      cell.degree = leaving_.Degree(node);
    }
    const double most = eps_ * std::max(1.0, static_cast<double>(cell.degree));
    const bool waits = cell.waiting < most;
    cell.waiting += amount;
    if (waits && cell.waiting >= most) queue_.push_back(node);
  }
  bool done() const { return queue_.empty(); }
  // The node whose turn it is, and what it passes on.
  uint32_t Take(double damping, double* rest) {
    // What is a few turns away is fetched meanwhile, each step on what the one before has fetched.
    constexpr size_t kSoon = 3;
    constexpr size_t kLater = 6;
    if (queue_.size() > kLater) leaving_.FetchDegree(queue_[kLater]);
    if (queue_.size() > kSoon) leaving_.FetchEdges(queue_[kSoon]);
    if (queue_.size() > 1) {
      leaving_.EachOfFew(queue_[1], [&](uint32_t other) {
        cells_.Fetch(other);
        leaving_.FetchDegree(other);
      });
    }
    const uint32_t node = queue_.front();
    queue_.pop_front();
    Cell& cell = cells_.At(node);
    cells_.Score(cell) += (1 - damping) * cell.waiting;
    *rest = damping * cell.waiting;
    cell.waiting = 0;
    return node;
  }
  // Gives `rest` to the neighbours of `node`, by weight; `*given`: their number, 0 if no weight
  // leaves it.
  Status Spread(uint32_t node, double rest, uint64_t* given) {
    double sum = 0;
    around_.clear();
    leaving_.Each(node, [&](uint32_t other, double weight) {
      sum += weight;
      if (weight > 0) around_.emplace_back(other, weight);
    });
    Status status = leaving_.CheckSum(node, sum);
    if (!status.ok()) return status;
    const double unit = rest / sum;
    constexpr size_t kAhead = 12;
    for (size_t i = 0; i < around_.size(); ++i) {
      if (i + kAhead < around_.size()) {
        cells_.Fetch(around_[i + kAhead].first);
        leaving_.FetchDegree(around_[i + kAhead].first);
      }
      Give(around_[i].first, unit * around_[i].second);
    }
    *given = around_.size();
    return status;
  }
  const Cells& cells() const { return cells_; }

 private:
  const Leaving& leaving_;
  double eps_;
  Cells cells_;
  std::deque<uint32_t> queue_;
  std::vector<std::pair<uint32_t, double>> around_;
};

}  // namespace

Status PushPageRank(const Graph& graph, const std::vector<std::pair<uint32_t, double>>& seeds,
                    double damping, double eps, Direction direction, const StopPoll& poll,
                    std::vector<std::pair<uint32_t, double>>* scores, double* missing) {
  const Adjacency* in = nullptr;
  Status status = direction == Direction::kOut ? Status::Ok() : graph.In(poll, &in);
  if (!status.ok()) return status;
  const Leaving leaving(graph, in, direction);
  Push push(leaving, eps);
  double total = 0;
  for (const auto& [node, weight] : seeds) total += weight;
  const auto seed = [&](double amount) {
    for (const auto& [node, weight] : seeds) push.Give(node, amount * weight / total);
  };
  Stop stop(poll);
  seed(1);
  while (!push.done()) {
    double rest = 0;
    const uint32_t node = push.Take(damping, &rest);
    uint64_t given = 0;
    status = push.Spread(node, rest, &given);
    if (!status.ok()) return status;
    if (given == 0) {
      seed(rest);
      given = seeds.size();
    }
    if (stop.After(8 + 16 * given)) return stop.status();
  }
  *missing = 0;
  scores->clear();
  push.cells().Each([&](const Cell& cell, double score) {
    *missing += cell.waiting;
    if (score > 0) scores->emplace_back(cell.node, score);
  });
  return stop.status();
}

}  // namespace vecgraph
