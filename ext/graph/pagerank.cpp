#include "graph/pagerank.h"

#include <algorithm>
#include <cmath>

#include "graph/stop.h"

namespace vecgraph {
namespace {

// The sum of the weights of what leaves each node in this direction.
Status SumLeaving(const Graph& graph, Direction direction, const Adjacency* in, Stop* stop,
                  std::vector<double>* sums) {
  sums->assign(graph.size(), 0);
  for (uint32_t u = 0; u < graph.size(); ++u) {
    double sum = 0;
    if (direction != Direction::kIn) {
      for (uint32_t slot = graph.out.begin(u); slot < graph.out.end(u); ++slot) {
        sum += graph.weight(slot);
      }
    }
    if (direction != Direction::kOut) {
      for (uint32_t i = in->begin(u); i < in->end(u); ++i) {
        if (direction == Direction::kBoth && in->nodes[i] == u) continue;
        sum += graph.weight(in->slots[i]);
      }
    }
    (*sums)[u] = sum;
    Status status = CheckWeightSum(graph, u, sum);
    if (!status.ok()) return status;
    if (stop->After(2 + graph.out.degree(u))) return stop->status();
  }
  return Status::Ok();
}

// What node v receives, when each node gives `share[u]` for each unit of weight.
class Receiver {
 public:
  Receiver(const Graph& graph, const Adjacency* in, Direction direction)
      : graph_(graph), in_(in), direction_(direction), weighted_(!graph.weights.empty()) {}

  double operator()(uint32_t v, const std::vector<double>& share) const {
    double sum = 0;
    if (direction_ != Direction::kIn) {
      for (uint32_t i = in_->begin(v); i < in_->end(v); ++i) {
        const double part = share[in_->nodes[i]];
        sum += weighted_ ? part * graph_.weights[in_->slots[i]] : part;
      }
    }
    if (direction_ != Direction::kOut) {
      for (uint32_t slot = graph_.out.begin(v); slot < graph_.out.end(v); ++slot) {
        if (direction_ == Direction::kBoth && graph_.out.nodes[slot] == v) continue;
        const double part = share[graph_.out.nodes[slot]];
        sum += weighted_ ? part * graph_.weights[slot] : part;
      }
    }
    return sum;
  }
  uint64_t steps(uint32_t v) const { return 2 + 2 * graph_.out.degree(v); }

 private:
  const Graph& graph_;
  const Adjacency* in_;
  Direction direction_;
  bool weighted_;
};

double SumOf(const std::vector<std::pair<uint32_t, double>>& weights) {
  double sum = 0;
  for (const auto& [node, weight] : weights) sum += weight;
  return sum;
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
  const uint32_t nodes = graph.size();
  *result = PageRankResult();
  result->converged = nodes == 0;
  if (nodes == 0) return Status::Ok();
  const Adjacency* in = nullptr;
  Status status = graph.In(poll, &in);
  if (!status.ok()) return status;
  Stop stop(poll);
  std::vector<double> leaving;
  status = SumLeaving(graph, options.direction, in, &stop, &leaving);
  if (!status.ok()) return status;

  const double even = 1.0 / nodes;
  const double total = SumOf(teleport);
  const Receiver received(graph, in, options.direction);
  std::vector<double>& x = result->scores;
  // What the seeds do not reach never has any.
  x.assign(nodes, teleport.empty() ? even : 0);
  for (const auto& [node, weight] : teleport) x[node] += weight / total;
  std::vector<double> share(nodes);
  std::vector<double> y(nodes);
  while (!result->converged && result->rounds < options.most_rounds) {
    ++result->rounds;
    double lost = 0;
    for (uint32_t u = 0; u < nodes; ++u) {
      if (leaving[u] > 0) {
        share[u] = x[u] / leaving[u];
      } else {
        share[u] = 0;
        lost += x[u];
      }
      if (stop.After(2)) return stop.status();
    }
    const double base =
        (teleport.empty() ? (1 - options.damping) * even : 0) +
        (teleport.empty() || options.uniform_dangling ? options.damping * lost * even : 0);
    for (uint32_t v = 0; v < nodes; ++v) {
      y[v] = base + options.damping * received(v, share);
      if (stop.After(received.steps(v))) return stop.status();
    }
    const double jump =
        1 - options.damping + (options.uniform_dangling ? 0 : options.damping * lost);
    for (const auto& [node, weight] : teleport) y[node] += jump * weight / total;
    double change = 0;
    for (uint32_t v = 0; v < nodes; ++v) {
      change += std::fabs(y[v] - x[v]);
      if (stop.After(1)) return stop.status();
    }
    std::swap(x, y);
    result->converged = change < options.tolerance;
  }
  // Rounding alone moves the sum from 1.
  double sum = 0;
  for (const double score : x) sum += score;
  for (double& score : x) score /= sum;
  return stop.status();
}

}  // namespace vecgraph
