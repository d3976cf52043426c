// Similarity of two nodes by the neighbours that they share.
//
// Neighbours are counted once, whichever way and however many their edges are within a direction.
// O(sum over the node's neighbours of their degrees) for each node.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/direction.h"
#include "graph/graph.h"

namespace vecgraph {

enum class SimilarityMetric : uint8_t {
  kJaccard,     // those that both have, divided by those that either has
  kAdamicAdar,  // the sum over those that both have of 1 / log(how many nodes have it)
  kCommon,      // how many both have
};

struct SimilarityOptions {
  SimilarityMetric metric = SimilarityMetric::kJaccard;
  Direction direction = Direction::kBoth;  // from a node to its neighbours
  uint64_t top = UINT64_MAX;               // so many for each node, the most similar
  uint64_t wanted = UINT64_MAX;            // so many in all: nodes after these are not looked at
};

struct SimilarPair {
  uint32_t node;
  uint32_t other;
  double score;
};

// For each of `nodes` in turn every other that shares a neighbour with it: the most similar first,
// of equal ones the smallest. An error: interrupted, or out of memory.
Status Similarity(const Graph& graph, const std::vector<uint32_t>& nodes,
                  const SimilarityOptions& options, const StopPoll& poll,
                  std::vector<SimilarPair>* pairs);

}  // namespace vecgraph
