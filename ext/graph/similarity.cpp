#include "graph/similarity.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/memory.h"
#include "graph/simple.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// What each neighbour that two nodes share adds; for Jaccard it counts it.
std::vector<double> Amounts(const Adjacency& back, SimilarityMetric metric) {
  const size_t nodes = back.starts.size() - 1;
  std::vector<double> amounts(nodes, 1);
  if (metric != SimilarityMetric::kAdamicAdar) return amounts;
  for (uint32_t node = 0; node < nodes; ++node) {
    // One that a single node has is shared by no two.
    if (back.degree(node) > 1) amounts[node] = 1 / std::log(back.degree(node));
  }
  return amounts;
}

Status Sort(uint64_t top, const StopPoll& poll, std::vector<SimilarPair>* pairs) {
  struct Ranked {
    double score;
    uint32_t other;
    bool operator<(const Ranked& than) const {
      return score != than.score ? score > than.score : other < than.other;
    }
    bool operator==(const Ranked&) const = default;
  };
  if (pairs->empty()) return Status::Ok();
  const uint32_t node = pairs->front().node;
  std::vector<Ranked> ranked;
  ranked.reserve(pairs->size());
  for (const SimilarPair& pair : *pairs) ranked.push_back({pair.score, pair.other});
  if (top < ranked.size()) {
    const auto end = ranked.begin() + static_cast<ptrdiff_t>(top);
    std::nth_element(ranked.begin(), end, ranked.end());
    ranked.erase(end, ranked.end());
  }
  Status status = SortDistinct(poll, &ranked);
  pairs->clear();
  for (const Ranked& one : ranked) pairs->push_back({node, one.other, one.score});
  return status;
}

}  // namespace

Status Similarity(const Graph& graph, const std::vector<uint32_t>& nodes,
                  const SimilarityOptions& options, const StopPoll& poll,
                  std::vector<SimilarPair>* pairs) {
  Adjacency ahead;
  Adjacency reversed;
  Status status = SimpleNeighbors(graph, options.direction, poll, &ahead);
  if (status.ok() && options.direction != Direction::kBoth) {
    status = SimpleNeighbors(
        graph, options.direction == Direction::kOut ? Direction::kIn : Direction::kOut, poll,
        &reversed);
  }
  if (!status.ok()) return status;
  const Adjacency& back = options.direction == Direction::kBoth ? ahead : reversed;
  const std::vector<double> amounts = Amounts(back, options.metric);
  const auto most = static_cast<uint64_t>(MachineMemory() / 2);
  std::vector<double> sums(graph.size());
  std::vector<SimilarPair> found;
  Stop stop(poll);
  pairs->clear();
  for (const uint32_t node : nodes) {
    if (pairs->size() >= options.wanted) break;
    found.clear();
    for (uint32_t i = ahead.begin(node); i < ahead.end(node); ++i) {
      const uint32_t shared = ahead.nodes[i];
      const bool all = stop.Each(back.begin(shared), back.end(shared), 4, [&](uint32_t k) {
        const uint32_t other = back.nodes[k];
        if (other == node) return;
        if (sums[other] == 0) found.push_back({node, other, 0});
        sums[other] += amounts[shared];
      });
      if (!all || stop.After(2)) return stop.status();
    }
    for (SimilarPair& pair : found) {
      if (stop.After(2)) return stop.status();
      pair.score = std::exchange(sums[pair.other], 0);
      if (options.metric != SimilarityMetric::kJaccard) continue;
      pair.score /= static_cast<double>(ahead.degree(node)) + ahead.degree(pair.other) - pair.score;
    }
    status = Sort(std::min(options.top, options.wanted), poll, &found);
    if (!status.ok()) return status;
    if (2 * sizeof(SimilarPair) * (pairs->size() + found.size()) > most) {
      return Status::Code(SQLITE_NOMEM,
                          "so many pairs do not fit into half of this machine's memory; give "
                          "node_in or top_k");
    }
    pairs->insert(pairs->end(), found.begin(), found.end());
  }
  return stop.status();
}

}  // namespace vecgraph
