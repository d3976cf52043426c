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

  uint32_t Of(uint32_t node, const std::vector<uint32_t>& labels) {
    const Adjacency& out = graph_.out;
    // A label goes along an edge to the node that asks.
    if (direction_ != Direction::kIn) {
      for (uint32_t i = in_->begin(node); i < in_->end(node); ++i) {
        Add(labels[in_->nodes[i]], graph_.weight(in_->slots[i]));
      }
    }
    if (direction_ != Direction::kOut) {
      for (uint32_t slot = out.begin(node); slot < out.end(node); ++slot) {
        // An edge from a node to itself counted above.
        if (direction_ == Direction::kBoth && out.nodes[slot] == node) continue;
        Add(labels[out.nodes[slot]], graph_.weight(slot));
      }
    }
    uint32_t best = labels[node];
    double most = 0;
    for (const uint32_t label : voted_) {
      const double votes = votes_[label];
      votes_[label] = 0;
      if (votes < most || (votes == most && label > best)) continue;
      best = label;
      most = votes;
    }
    voted_.clear();
    return best;
  }
  uint64_t steps(uint32_t node) const {
    return 4 + uint64_t{8} * (graph_.out.degree(node) + in_->degree(node));
  }

 private:
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
      const uint32_t label = vote.Of(node, labels);
      if (label != labels[node]) result->converged = false;
      (options.synchronous ? other : labels)[node] = label;
      if (stop.After(vote.steps(node))) return stop.status();
    }
    if (options.synchronous) std::swap(labels, other);
  }
  return stop.status();
}

}  // namespace vecgraph
