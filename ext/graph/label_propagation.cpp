#include "graph/label_propagation.h"

#include <numeric>
#include <utility>

#include "graph/random.h"
#include "graph/receiver.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// Finds the label that the neighbours of a node vote for.
class Vote {
 public:
  Vote(const Graph& graph, const Receiver& receiver) : receiver_(receiver), votes_(graph.size()) {}

  // False: stop.
  bool Take(uint32_t node, const std::vector<uint32_t>& labels, Stop* stop, uint32_t* label) {
    // What the neighbours have goes along an edge to the node that asks.
    const auto add = [&](uint32_t other, double weight) { Add(labels[other], weight); };
    if (!receiver_.Each(node, stop, add, kSteps)) return false;
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

  void Add(uint32_t label, double weight) {
    if (weight <= 0) return;
    if (votes_[label] == 0) voted_.push_back(label);
    votes_[label] += weight;
  }

  const Receiver& receiver_;
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
  const Receiver receiver(graph, *in, options.direction);
  Vote vote(graph, receiver);
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
