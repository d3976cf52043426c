#include "graph/closeness.h"

#include "graph/path_counts.h"
#include "graph/simple.h"

namespace vecgraph {

Status Closeness(const Graph& graph, Direction direction, const std::vector<uint32_t>& nodes,
                 const StopPoll& poll, std::vector<double>* scores) {
  // Paths that end at a node are followed from it backwards.
  const Direction back = direction == Direction::kOut  ? Direction::kIn
                         : direction == Direction::kIn ? Direction::kOut
                                                       : Direction::kBoth;
  Adjacency neighbors;
  std::vector<double> lengths;
  Status status = SimpleNeighbors(graph, back, poll, &neighbors);
  if (!status.ok()) return status;
  lengths.reserve(neighbors.slots.size());
  for (const uint32_t slot : neighbors.slots) lengths.push_back(graph.weights[slot]);
  PathCounts paths(neighbors, lengths);
  Stop stop(poll);
  scores->clear();
  for (const uint32_t node : nodes) {
    status = paths.From(node, &stop);
    if (!status.ok()) return status;
    double sum = 0;
    for (const uint32_t reached : paths.order()) sum += paths[reached].distance;
    const double others = static_cast<double>(paths.order().size()) - 1;
    const double score = sum > 0 ? others / sum * (others / (graph.size() - 1.0)) : 0;
    scores->push_back(score);
  }
  return stop.status();
}

}  // namespace vecgraph
