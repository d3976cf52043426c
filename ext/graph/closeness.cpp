#include "graph/closeness.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "graph/breadth_many.h"
#include "graph/path_counts.h"
#include "graph/simple.h"
#include "graph/too_far.h"

namespace vecgraph {
namespace {

// Of `others`, which are this share of all other nodes, at distances with this sum.
double Score(double others, double sum, double share) { return sum > 0 ? others / sum * share : 0; }

Status ByEdges(const Adjacency& neighbors, const std::vector<uint32_t>& nodes, uint32_t all,
               Stop* stop, std::vector<double>* scores) {
  BreadthMany search(neighbors);
  for (size_t from = 0; from < nodes.size(); from += BreadthMany::kMost) {
    const std::span<const uint32_t> some =
        std::span(nodes).subspan(from, std::min(BreadthMany::kMost, nodes.size() - from));
    Status status = search.From(some, stop);
    if (!status.ok()) return status;
    for (size_t i = 0; i < some.size(); ++i) {
      const auto others = static_cast<double>(search[i].nodes);
      scores->push_back(
          Score(others, static_cast<double>(search[i].distances), others / (all - 1.0)));
    }
  }
  return Status::Ok();
}

Status ByLengths(const Adjacency& neighbors, const std::vector<double>& lengths,
                 const std::vector<uint32_t>& nodes, const ValueList& ids, Stop* stop,
                 std::vector<double>* scores) {
  PathCounts paths(neighbors, lengths);
  const auto all = static_cast<double>(ids.size());
  for (const uint32_t node : nodes) {
    Status status = paths.From(node, stop);
    if (!status.ok()) return status;
    // The farthest comes last.
    if (std::isinf(paths[paths.order().back()].distance)) return TooFar(ids[node]);
    const double others = static_cast<double>(paths.order().size()) - 1;
    double sum = 0;
    double mean = 0;  // which a double holds where it does not hold the sum
    for (const uint32_t reached : paths.order()) {
      sum += paths[reached].distance;
      mean += paths[reached].distance / others;
    }
    const bool large = std::isinf(sum);
    scores->push_back(Score(large ? 1 : others, large ? mean : sum, others / (all - 1)));
  }
  return Status::Ok();
}

}  // namespace

Status Closeness(const Graph& graph, Direction direction, const std::vector<uint32_t>& nodes,
                 const StopPoll& poll, std::vector<double>* scores) {
  // Paths that end at a node are followed from it backwards.
  Adjacency neighbors;
  Status status = SimpleNeighbors(graph, Reverse(direction), poll, &neighbors);
  if (!status.ok()) return status;
  Stop stop(poll);
  scores->clear();
  if (graph.weights.empty()) return ByEdges(neighbors, nodes, graph.size(), &stop, scores);
  std::vector<double> lengths;
  lengths.reserve(neighbors.slots.size());
  for (const uint32_t slot : neighbors.slots) lengths.push_back(graph.weights[slot]);
  return ByLengths(neighbors, lengths, nodes, graph.ids, &stop, scores);
}

}  // namespace vecgraph
