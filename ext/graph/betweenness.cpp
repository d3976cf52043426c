#include "graph/betweenness.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "graph/path_counts.h"
#include "graph/random.h"
#include "graph/simple.h"
#include "graph/too_far.h"

namespace vecgraph {
namespace {

// `count` of the nodes, ascending.
Status Sample(uint32_t nodes, const BetweennessOptions& options, Stop* stop,
              std::vector<uint32_t>* sample) {
  sample->resize(nodes);
  std::iota(sample->begin(), sample->end(), 0U);
  if (options.samples >= nodes) return Status::Ok();
  Random random(options.seed);
  for (uint32_t i = 0; i < options.samples; ++i) {
    std::swap((*sample)[i], (*sample)[i + random.Below(nodes - i)]);
    if (stop->After(4)) return stop->status();
  }
  sample->resize(options.samples);
  std::sort(sample->begin(), sample->end());
  return Status::Ok();
}

// Adds what lies on the shortest paths from one node, from the farthest inwards. `share`, by node:
// the paths that go on from it or end there, divided by those that lead to it.
Status AddDependencies(const Adjacency& neighbors, const PathCounts& paths, Stop* stop,
                       std::vector<double>* share, std::vector<double>* scores) {
  const std::vector<uint32_t>& order = paths.order();
  for (size_t i = order.size(); i-- > 1;) {
    const uint32_t node = order[i];
    const PathCounts::State& own = paths[node];
    if (!std::isfinite(own.paths)) {
      return Status::Error("there are more than 1e308 shortest paths between two nodes");
    }
    double sum = 0;
    const bool all = stop->Each(neighbors.begin(node), neighbors.end(node), 2, [&](uint32_t k) {
      const uint32_t other = neighbors.nodes[k];
      if (paths[other].distance == own.distance + paths.length(k)) sum += (*share)[other];
    });
    const double passing = own.paths * sum;
    (*scores)[node] += passing;
    (*share)[node] = (1 + passing) / own.paths;
    if (!all || stop->After(2)) return stop->status();
  }
  return Status::Ok();
}

// A sampled node is no target of its own paths, so it has one source less than the others.
void Scale(const BetweennessOptions& options, const std::vector<uint32_t>& sample,
           std::vector<double>* scores) {
  const double others = static_cast<double>(scores->size()) - 1;
  if (others < 2) return;
  const bool all = sample.size() == scores->size();
  const double full = options.normalized   ? 1 / (others - 1)
                      : options.undirected ? 0.5 * others
                                           : others;
  const double sources = all ? others : static_cast<double>(sample.size());
  std::vector<double>& s = *scores;
  for (double& score : s) score *= full / sources;
  if (all) return;
  for (const uint32_t node : sample) s[node] *= sources / (sources - 1);
}

}  // namespace

Status Betweenness(const Graph& graph, const BetweennessOptions& options, const StopPoll& poll,
                   std::vector<double>* scores) {
  Adjacency neighbors;
  std::vector<double> lengths;
  std::vector<uint32_t> sample;
  Stop stop(poll);
  Status status = SimpleNeighbors(graph, options.undirected ? Direction::kBoth : Direction::kOut,
                                  poll, &neighbors);
  if (status.ok()) status = Sample(graph.size(), options, &stop, &sample);
  if (!status.ok()) return status;
  lengths.reserve(neighbors.slots.size());
  for (const uint32_t slot : neighbors.slots) lengths.push_back(graph.weights[slot]);
  scores->assign(graph.size(), 0);
  std::vector<double> share(graph.size());
  PathCounts paths(neighbors, lengths);
  for (const uint32_t source : sample) {
    status = paths.From(source, &stop);
    // The farthest of them comes last.
    if (status.ok() && std::isinf(paths[paths.order().back()].distance)) {
      status = TooFar(graph.ids[paths.order().back()]);
    }
    if (status.ok()) status = AddDependencies(neighbors, paths, &stop, &share, scores);
    if (!status.ok()) return status;
  }
  Scale(options, sample, scores);
  return stop.status();
}

}  // namespace vecgraph
