#include "graph/pagerank.h"

#include <algorithm>
#include <cmath>

#include "graph/receiver.h"
#include "graph/stop.h"
#include "graph/strong_solver.h"

namespace vecgraph {
namespace {

// The sum of the weights of what leaves each node in this direction.
Status SumLeaving(const Graph& graph, Direction direction, const Adjacency& in, Stop* stop,
                  std::vector<double>* sums) {
  sums->assign(graph.size(), 0);
  // What leaves is what would come along the same edges the other way.
  const Receiver back(graph, in, Reverse(direction));
  for (uint32_t u = 0; u < graph.size(); ++u) {
    double sum = 0;
    if (!back.Each(u, stop, [&](uint32_t, double weight) { sum += weight; })) {
      return stop->status();
    }
    (*sums)[u] = sum;
    Status status = CheckWeightSum(graph, u, sum);
    if (!status.ok()) return status;
    if (stop->After(2)) return stop->status();
  }
  return Status::Ok();
}

// The same, with a sum of 1.
std::vector<std::pair<uint32_t, double>> Shares(std::vector<std::pair<uint32_t, double>> weights) {
  double sum = 0;
  for (const auto& [node, weight] : weights) sum += weight;
  for (auto& [node, weight] : weights) weight /= sum;
  return weights;
}

// What is the same in all rounds, and a round.
class Power {
 public:
  // `teleport` is of those that are not 0, and sums to 1; empty: every node the same.
  Power(const Receiver& receiver, const std::vector<double>& leaving,
        const PageRankOptions& options, std::vector<std::pair<uint32_t, double>> teleport)
      : receiver_(receiver),
        leaving_(leaving),
        damping_(options.damping),
        even_(1.0 / static_cast<double>(leaving.size())),
        uniform_(teleport.empty()),
        spread_lost_(teleport.empty() || options.uniform_dangling),
        teleport_(std::move(teleport)),
        share_(leaving.size()) {}

  // Whether the score of nodes that nothing leaves goes where walks start: then it only scales.
  bool lost_returns() const { return uniform_ || !spread_lost_; }
  // Where walks start: p.
  void Start(std::vector<double>* p) const {
    p->assign(leaving_.size(), uniform_ ? even_ : 0);
    for (const auto& [node, weight] : teleport_) (*p)[node] += weight;
  }
  // The scores after `x`. False: stop.
  bool Round(const std::vector<double>& x, Stop* stop, std::vector<double>* y) {
    const auto nodes = static_cast<uint32_t>(x.size());
    lost_ = 0;
    const bool all = stop->EachPiece(uint32_t{0}, nodes, 2, [&](uint32_t u, uint32_t end) {
      double lost = 0;
      for (; u < end; ++u) {
        share_[u] = leaving_[u] > 0 ? x[u] / leaving_[u] : 0;
        lost += leaving_[u] > 0 ? 0 : x[u];
      }
      lost_ += lost;
    });
    if (!all) return false;
    const double base =
        (uniform_ ? (1 - damping_) * even_ : 0) + (spread_lost_ ? damping_ * lost_ * even_ : 0);
    for (uint32_t v = 0; v < nodes; ++v) {
      double sum = 0;
      if (!receiver_.Sum(v, share_, stop, &sum) || stop->After(2)) return false;
      (*y)[v] = base + damping_ * sum;
    }
    const double jump = 1 - damping_ + (spread_lost_ ? 0 : damping_ * lost_);
    for (const auto& [node, weight] : teleport_) (*y)[node] += jump * weight;
    change_ = 0;
    for (uint32_t v = 0; v < nodes; ++v) {
      change_ += std::fabs((*y)[v] - x[v]);
      if (stop->After(1)) return false;
    }
    return true;
  }
  // Of the last round: the sum of |changes|, and what `x` had at nodes that nothing leaves.
  double change() const { return change_; }
  double lost() const { return lost_; }

 private:
  const Receiver& receiver_;
  const std::vector<double>& leaving_;
  const double damping_;
  const double even_;
  const bool uniform_;
  const bool spread_lost_;
  const std::vector<std::pair<uint32_t, double>> teleport_;
  std::vector<double> share_;
  double change_ = 0;
  double lost_ = 0;
};

// Chebyshev's semi-iteration (Golub, Varga 1961): goes on from a round by more than it changed, so
// that errors which a power iteration keeps `damping` of in each round shrink by rate() instead,
// but those that it keeps less of, too. For edges that lead both ways: then the rounds have real
// eigenvalues, from -damping to damping.
class Momentum {
 public:
  explicit Momentum(double damping) : square_(damping * damping) {}

  bool begun() const { return !before_.empty(); }
  double rate() const { return std::sqrt(square_) / (1 + std::sqrt(1 - square_)); }
  // The round from `x` led to `y`: leaves in `x` what the next one starts from. False: stop.
  bool Go(std::vector<double>* x, std::vector<double>* y, Stop* stop) {
    if (!begun()) {
      before_ = *x;
      x->swap(*y);
      return true;
    }
    omega_ = 1 / (1 - square_ * omega_ / 4);
    for (size_t v = 0; v < x->size(); ++v) {
      const double next = before_[v] + omega_ * ((*y)[v] - before_[v]);
      // Near 0 it may go too far; a score that is reached stays one.
      before_[v] = next > 0 ? next : (*y)[v];
      if (stop->After(2)) return false;
    }
    x->swap(before_);
    return true;
  }

 private:
  const double square_;
  double omega_ = 2;
  std::vector<double> before_;
};

// Scales to a sum of 1. False: stop.
bool Normalise(std::vector<double>* scores, Stop* stop) {
  double sum = 0;
  // In pieces: a million equal scores, added one by one, are all rounded the same way.
  const bool all = stop->EachPiece(size_t{0}, scores->size(), 1, [&](size_t i, size_t end) {
    double part = 0;
    for (; i < end; ++i) part += (*scores)[i];
    sum += part;
  });
  return all && stop->Each(size_t{0}, scores->size(), 1, [&](size_t i) { (*scores)[i] /= sum; });
}

// The first rounds say little about how fast later ones are.
constexpr uint64_t kFirst = 3;
// SolveByStrong() takes the time of so many rounds, where most nodes are in one component. A graph
// with fewer edges than kLarge is done soon anyway, and rounds give nodes that are alike the same
// score to the last bit.
constexpr double kSolve = 30;
// A ratio of changes that gets smaller faster than this may yet become a small one.
constexpr double kSettled = 0.95;
constexpr size_t kLarge = 4096;

// Goes on from a round to what rounds without end would lead to, but for the sum. Where score that
// is lost goes to where walks start, it scales all scores alike: they are solved without it.
Status Solve(const Graph& graph, const Receiver& receiver, const std::vector<double>& leaving,
             const PageRankOptions& options, const Power& power, const StopPoll& poll,
             std::vector<double>* start, PageRankResult* result) {
  const double scale = 1 - options.damping + options.damping * power.lost();
  StrongSolverOptions solver;
  solver.damping = options.damping;
  solver.error = options.tolerance / (4 * scale);
  // If they are not enough, rounds go on from there.
  solver.most_sweeps = (options.most_rounds - result->rounds + 1) / 2;
  for (double& score : result->scores) score /= scale;
  power.Start(start);
  uint64_t sweeps = 0;
  Status status = SolveByStrong(graph, options.direction, receiver, leaving, *start, solver, poll,
                                &result->scores, &sweeps);
  result->rounds += sweeps;
  return status;
}

}  // namespace

Status CheckWeightSum(const Graph& graph, uint32_t node, double sum) {
  constexpr double kLeast = 1e-200;
  constexpr double kMost = 1e200;
  if (sum == 0 || (sum >= kLeast && sum <= kMost)) return Status::Ok();
  return Status::Error(Format(
      "weight_col: the weights of the edges of %s sum to %g; sums must be 0 or from %g to %g: "
      "scale the weights",
      graph.ids[node].Label().c_str(), sum, kLeast, kMost));
}

Status PageRank(const Graph& graph, const std::vector<std::pair<uint32_t, double>>& teleport,
                const PageRankOptions& options, const StopPoll& poll, PageRankResult* result) {
  *result = PageRankResult();
  result->converged = graph.size() == 0;
  if (graph.size() == 0) return Status::Ok();
  const Adjacency* in = nullptr;
  Status status = graph.In(poll, &in);
  if (!status.ok()) return status;
  Stop stop(poll);
  std::vector<double> leaving;
  status = SumLeaving(graph, options.direction, *in, &stop, &leaving);
  if (!status.ok()) return status;

  const Receiver receiver(graph, *in, options.direction);
  const bool both = options.direction == Direction::kBoth;
  Power power(receiver, leaving, options, Shares(teleport));
  Momentum momentum(options.damping);
  std::vector<double>& x = result->scores;
  std::vector<double> y(graph.size());
  // What the seeds do not reach never has any.
  power.Start(&x);
  bool may_solve =
      options.tolerance > 0 && !both && power.lost_returns() && graph.edges() >= kLarge;
  double ratio = 0;  // of the changes of the last two rounds
  while (!result->converged && result->rounds < options.most_rounds) {
    const double last_change = power.change();
    const double last_ratio = ratio;
    if (!power.Round(x, &stop, &y)) return stop.status();
    ++result->rounds;
    result->converged = power.change() < options.tolerance;
    ratio = power.change() / last_change;
    const bool knows = result->rounds > kFirst && !result->converged;
    // One ratio alone may be an odd one, where two ways of changing meet.
    const bool slow = std::min(ratio, last_ratio) > momentum.rate();
    if (both && options.tolerance > 0 && knows && (momentum.begun() || slow)) {
      if (!momentum.Go(&x, &y, &stop)) return stop.status();
      continue;
    }
    std::swap(x, y);
    if (may_solve && knows && result->rounds < options.most_rounds &&
        ratio >= kSettled * last_ratio &&
        power.change() * std::pow(ratio, kSolve) > options.tolerance) {
      may_solve = false;
      status = Solve(graph, receiver, leaving, options, power, poll, &y, result);
      if (!status.ok()) return status;
      if (!Normalise(&x, &stop)) return stop.status();
    }
  }
  // Rounding moves the sum from 1, and what Momentum leaves where it went too far.
  Normalise(&x, &stop);
  return stop.status();
}

}  // namespace vecgraph
