#include "graph/label_propagation.h"

#include <numeric>
#include <utility>

#include "graph/random.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// Finds the label that the neighbours of a node vote for.
class Vote {
 public:
  Vote(const Graph& graph, const Adjacency* in, Direction direction)
      : graph_(graph), in_(in), direction_(direction), votes_(graph.size()) {}

  // False: stop.
  bool Take(uint32_t node, const std::vector<uint32_t>& labels, Stop* stop, uint32_t* label) {
    if (!graph_.WithWeights([&](auto weight) { return Ask(node, labels, weight, stop); })) {
      return false;
    }
    uint32_t best = labels[node];
    double most = 0;
    const bool counted = stop->Each(size_t{0}, voted_.size(), kSteps, [&](size_t i) {
      const uint32_t other = voted_[i];
      const double votes = votes_[other];
      votes_[other] = 0;
      if (votes < most || (votes == most && other > best)) return;
      best = other;
      most = votes;
    });
    voted_.clear();
    *label = best;
    return counted && !stop->After(4);
  }

 private:
  static constexpr uint64_t kSteps = 8;  // of a vote

  // What the neighbours have, which goes along an edge to the node that asks. False: stop.
  template <class Weight>
  bool Ask(uint32_t node, const std::vector<uint32_t>& labels, const Weight& weight, Stop* stop) {
    const Adjacency& out = graph_.out;
    if (direction_ != Direction::kIn &&
        !stop->Each(in_->begin(node), in_->end(node), kSteps,
                    [&](uint32_t i) { Add(labels[in_->nodes[i]], weight(in_->slots[i])); })) {
      return false;
    }
    return direction_ == Direction::kOut ||
           stop->Each(out.begin(node), out.end(node), kSteps, [&](uint32_t slot) {
             // An edge from a node to itself counted above.
             if (direction_ == Direction::kBoth && out.nodes[slot] == node) return;
             Add(labels[out.nodes[slot]], weight(slot));
           });
  }

  void Add(uint32_t label, double weight) {
    if (weight <= 0) return;
    if (votes_[label] == 0) voted_.push_back(label);
    votes_[label] += weight;
  }

  const Graph& graph_;
  const Adjacency* in_;
  Direction direction_;
  std::vector<double> votes_;    // by label
  std::vector<uint32_t> voted_;  // labels that have votes
};

Status Shuffle(Random* random, Stop* stop, std::vector<uint32_t>* order) {
  for (auto left = static_cast<uint32_t>(order->size()); left > 1; --left) {
    std::swap((*order)[random->Below(left)], (*order)[left - size_t{1}]);
    if (stop->After(4)) return stop->status();
  }
  return Status::Ok();
}

}  // namespace

Status PropagateLabels(const Graph& graph, const PropagationOptions& options, const StopPoll& poll,
                       Propagation* result) {
  const Adjacency* in = nullptr;
  Status status = graph.In(poll, &in);
  if (!status.ok()) return status;
  Stop stop(poll);
  Vote vote(graph, in, options.direction);
  Random random(options.seed);
  std::vector<uint32_t>& labels = result->labels;
  labels.resize(graph.size());
  std::iota(labels.begin(), labels.end(), 0U);
  std::vector<uint32_t> other = labels;  // the labels to be; or the order
  result->converged = graph.size() == 0;
  while (!result->converged && result->rounds < options.most_rounds) {
    ++result->rounds;
    result->converged = true;
    if (!options.synchronous) status = Shuffle(&random, &stop, &other);
    if (!status.ok()) return status;
    for (uint32_t i = 0; i < graph.size(); ++i) {
      const uint32_t node = options.synchronous ? i : other[i];
      uint32_t label = 0;
      if (!vote.Take(node, labels, &stop, &label)) return stop.status();
      if (label != labels[node]) result->converged = false;
      (options.synchronous ? other : labels)[node] = label;
    }
    if (options.synchronous) std::swap(labels, other);
  }
  return stop.status();
}

}  // namespace vecgraph
