#include "graph/push.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/memory.h"
#include "graph/pagerank.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// What leaves nodes in a direction.
class Leaving {
 public:
  Leaving(const Graph& graph, const Adjacency* in, Direction direction)
      : graph_(graph), in_(in), direction_(direction) {}

  bool weighted() const { return !graph_.weights.empty(); }
  uint32_t Degree(uint32_t node) const {
    if (direction_ == Direction::kOut) return graph_.out.degree(node);
    if (direction_ == Direction::kIn) return in_->degree(node);
    return graph_.out.degree(node) + in_->degree(node) - graph_.Loops(node);
  }
  // use(list, first, end, is_in) for each list of edges.
  template <class Use>
  void EachList(uint32_t node, Use&& use) const {
    if (direction_ != Direction::kIn) {
      use(graph_.out, graph_.out.begin(node), graph_.out.end(node), false);
    }
    if (direction_ != Direction::kOut) use(*in_, in_->begin(node), in_->end(node), true);
  }
  // The same, for a few thousand edges at a time. REQUIRES: degree == Degree(node). False: stop.
  template <class Use>
  bool EachPiece(uint32_t node, uint32_t degree, Stop* stop, Use&& use) const {
    constexpr uint32_t kSteps = 8;
    constexpr uint32_t kFew = 4096;
    if (degree <= kFew) {
      EachList(node, use);
      return !stop->After(kSteps + kSteps * degree);
    }
    bool go_on = true;
    EachList(node, [&](const Adjacency& list, uint32_t first, uint32_t end, bool is_in) {
      go_on = go_on && stop->EachPiece(first, end, kSteps, [&](uint32_t from, uint32_t to) {
        use(list, from, to, is_in);
      });
    });
    return go_on;
  }
  // Whether an edge to `other` stands in the list of what enters and in the other one, too.
  bool Twice(bool is_in, uint32_t node, uint32_t other) const {
    return is_in && other == node && direction_ == Direction::kBoth;
  }
  Status CheckSum(uint32_t node, double sum) const { return CheckWeightSum(graph_, node, sum); }
  // use(weight), where weight(is_in, place) is that of an edge in such a list.
  template <class Use>
  auto WithWeights(Use&& use) const {
    return graph_.weights.With([&](const auto& at) {
      return use([&](bool is_in, uint32_t place) { return at(is_in ? in_->slots[place] : place); });
    });
  }
  // Each says that something is about to be asked of a node.
  void FetchStarts(uint32_t node) const {
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

double RoomOf(uint32_t degree) { return -std::max(1.0, static_cast<double>(degree)); }

Status MakeSpace(const Graph& graph, const Leaving& leaving, Direction direction, Stop* stop,
                 PushSpace* space) {
  space->direction = direction;
  ReserveLarge(graph.size(), &space->rooms);
  ReserveLarge(graph.size(), &space->scores);
  for (uint32_t node = 0; node < graph.size(); ++node) {
    space->rooms.push_back(RoomOf(leaving.Degree(node)));
    space->scores.push_back(0);
    if (stop->After(2)) return stop->status();
  }
  space->reached.assign(graph.size() / 64 + size_t{1}, 0);
  return Status::Ok();
}

// Has a free place behind its last item.
template <class T>
struct List {
  std::vector<T> held;
  size_t count = 0;

  T* end() { return held.data() + count; }
  void Expect(size_t more) {
    if (count + more >= held.size()) held.resize(2 * (count + more + 512));
  }
};

// The unit of all scores in here is eps.
class Push {
 public:
  Push(const Leaving& leaving, PushSpace* space, Stop* stop)
      : leaving_(leaving), space_(*space), stop_(*stop) {}

  // REQUIRES: Expect() said how many there would be. Whether a node's turn comes cannot be
  // foreseen: it is counted rather than branched on.
  void Give(uint32_t node, double amount) {
    double* room = space_.rooms.data() + node;
    const double before = *room;
    const double after = before + amount;
    *room = after;
    space_.reached.data()[node / 64] |= uint64_t{1} << node % 64;
    next_.end()[0] = node;
    next_.count += static_cast<size_t>(before < 0) & static_cast<size_t>(after >= 0);
  }
  void Expect(size_t gifts) { next_.Expect(gifts); }
  // First come, first served: in rounds, each of which serves who came in the one before.
  bool done() {
    if (at_ < turn_.count) return false;
    std::swap(turn_, next_);
    next_.count = 0;
    at_ = 0;
    return turn_.count == 0;
  }
  // The node whose turn it is, and what it passes on.
  uint32_t Take(double damping, double* rest) {
    // What is a few turns away is fetched meanwhile, each step on what the one before has fetched.
    constexpr size_t kSoon = 4;
    constexpr size_t kLater = 8;
    if (at_ + kLater < turn_.count) {
      const uint32_t later = turn_.held[at_ + kLater];
      leaving_.FetchStarts(later);
      Fetch(later);
      __builtin_prefetch(space_.scores.data() + later);
    }
    if (at_ + kSoon < turn_.count) leaving_.FetchEdges(turn_.held[at_ + kSoon]);
    if (at_ + 1 < turn_.count) FetchFew(turn_.held[at_ + 1]);
    const uint32_t node = turn_.held[at_++];
    const double empty = RoomOf(leaving_.Degree(node));
    const double waiting = space_.rooms[node] - empty;
    space_.rooms[node] = empty;
    double& score = space_.scores[node];
    if (score == 0) scored_.push_back(node);
    score += (1 - damping) * waiting;
    *rest = damping * waiting;
    return node;
  }
  // Gives `rest` to the neighbours of `node`, by weight; `*any`: false if no weight leaves it.
  Status Spread(uint32_t node, double rest, bool* any) {
    const uint32_t degree = leaving_.Degree(node);
    return leaving_.weighted() ? SpreadByWeight(node, degree, rest, any)
                               : SpreadEvenly(node, degree, rest, any);
  }
  // Leaves the space as it was. (node, score), and what waits in all. An error: interrupted.
  Status Finish(double eps, std::vector<std::pair<uint32_t, double>>* scores, double* missing) {
    double waiting = 0;
    // In the order of memory, not in that of arrival.
    for (size_t word = 0; word < space_.reached.size(); ++word) {
      uint64_t bits = std::exchange(space_.reached[word], 0);
      uint64_t steps = 1;
      for (; bits != 0; bits &= bits - 1, steps += 4) {
        const auto node = static_cast<uint32_t>(64 * word + std::countr_zero(bits));
        const double empty = RoomOf(leaving_.Degree(node));
        waiting += std::exchange(space_.rooms[node], empty) - empty;
      }
      if (stop_.After(steps)) return stop_.status();
    }
    scores->clear();
    for (const uint32_t node : scored_) {
      const double score = eps * std::exchange(space_.scores[node], 0);
      if (score > 0) scores->emplace_back(node, score);
      if (stop_.After(8)) return stop_.status();
    }
    *missing = eps * waiting;
    return Status::Ok();
  }

 private:
  static constexpr uint32_t kAhead = 16;

  Status SpreadEvenly(uint32_t node, uint32_t degree, double rest, bool* any) {
    const double amount = rest / degree;
    *any = degree > 0;
    Expect(degree);
    const auto give = [&](const Adjacency& list, uint32_t i, uint32_t end, bool is_in) {
      for (; i < end; ++i) {
        if (end - i > kAhead) Fetch(list.nodes[i + kAhead]);
        const uint32_t other = list.nodes[i];
        if (!leaving_.Twice(is_in, node, other)) Give(other, amount);
      }
    };
    return leaving_.EachPiece(node, degree, &stop_, give) ? Status::Ok() : stop_.status();
  }
  Status SpreadByWeight(uint32_t node, uint32_t degree, double rest, bool* any) {
    double sum = 0;
    around_.clear();
    const auto read = [&](const auto& weight_of) {
      return leaving_.EachPiece(node, degree, &stop_,
                                [&](const Adjacency& list, uint32_t i, uint32_t end, bool is_in) {
                                  for (; i < end; ++i) {
                                    const uint32_t other = list.nodes[i];
                                    const double weight = weight_of(is_in, i);
                                    if (leaving_.Twice(is_in, node, other) || !(weight > 0))
                                      continue;
                                    Fetch(other);
                                    sum += weight;
                                    around_.emplace_back(other, weight);
                                  }
                                });
    };
    if (!leaving_.WithWeights(read)) return stop_.status();
    *any = !around_.empty();
    Status status = leaving_.CheckSum(node, sum);
    if (!status.ok()) return status;
    const double unit = rest / sum;
    Expect(around_.size());
    const bool all = stop_.Each(size_t{0}, around_.size(), 4, [&](size_t i) {
      Give(around_[i].first, unit * around_[i].second);
    });
    return all ? Status::Ok() : stop_.status();
  }
  void Fetch(uint32_t node) const { __builtin_prefetch(space_.rooms.data() + node); }
  // The first neighbours of a node.
  void FetchFew(uint32_t node) const {
    leaving_.EachList(node, [&](const Adjacency& list, uint32_t i, uint32_t end, bool) {
      for (end = std::min(end, i + kAhead); i < end; ++i) Fetch(list.nodes[i]);
    });
  }

  const Leaving& leaving_;
  PushSpace& space_;
  Stop& stop_;
  std::vector<uint32_t> scored_;
  List<uint32_t> turn_;  // whose turn it is in this round
  size_t at_ = 0;
  List<uint32_t> next_;
  std::vector<std::pair<uint32_t, double>> around_;
};

}  // namespace

Status PushPageRank(const Graph& graph, const std::vector<std::pair<uint32_t, double>>& seeds,
                    double damping, double eps, Direction direction, const StopPoll& poll,
                    std::vector<std::pair<uint32_t, double>>* scores, double* missing) {
  const Adjacency* in = nullptr;
  Status status = direction == Direction::kOut ? Status::Ok() : graph.In(poll, &in);
  if (!status.ok()) return status;
  Stop stop(poll);
  const Leaving leaving(graph, in, direction);
  // What fails, fails with the space: only one that is as it was goes back.
  PushSpace space = graph.TakePushSpace();
  if (space.rooms.empty() || space.direction != direction) {
    space = PushSpace();
    status = MakeSpace(graph, leaving, direction, &stop, &space);
    if (!status.ok()) return status;
  }
  Push push(leaving, &space, &stop);
  double total = 0;
  for (const auto& [node, weight] : seeds) total += weight;
  const auto seed = [&](double amount) {
    push.Expect(seeds.size());
    for (const auto& [node, weight] : seeds) push.Give(node, amount * weight / total);
  };
  seed(1 / eps);
  while (!push.done()) {
    double rest = 0;
    const uint32_t node = push.Take(damping, &rest);
    bool any = false;
    status = push.Spread(node, rest, &any);
    if (!status.ok()) return status;
    if (any) continue;
    seed(rest);
    if (stop.After(8 * seeds.size())) return stop.status();
  }
  status = push.Finish(eps, scores, missing);
  if (status.ok()) graph.KeepPushSpace(std::move(space));
  return status;
}

}  // namespace vecgraph
