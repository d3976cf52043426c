// PageRank, also a personalised one.
//
// With damping d, teleport weights p (sum 1), and the share w(u,v) that u gives to v of its score:
//   x[v] = (1 - d) p[v] + d (sum over u of x[u] w(u,v) + lost q[v])
// where `lost` is the score of nodes that nothing leaves, and q is p or 1/N. The sum of x is 1.
// Each round of a power iteration puts x into the right side, in O(edges). The first whose sum of
// |changes| is below `tolerance` is the last.
//
// A power iteration keeps up to d of its error in each round, where small cycles or long ways slow
// it down. When rounds show that, others stand in for most of those that would follow: in a
// direction of both such as go farther (Chebyshev), else a solution by strong components
// (strong_solver.h), whose sweeps count as rounds. What ends it is a round of the power iteration
// all the same. A tolerance of 0 asks for its rounds alone.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "graph/direction.h"
#include "graph/graph.h"

namespace vecgraph {

struct PageRankOptions {
  double damping = 0.85;
  double tolerance = 1e-10;
  uint64_t most_rounds = 200;
  Direction direction = Direction::kOut;
  bool uniform_dangling = true;  // q is 1/N; else p
};

struct PageRankResult {
  std::vector<double> scores;  // by node
  uint64_t rounds = 0;
  bool converged = false;
};

// Score can be shared by weight if the weights that leave a node sum to `sum`: else an error, which
// names the node. Beyond that range shares of small scores would be 0 or infinite.
Status CheckWeightSum(const Graph& graph, uint32_t node, double sum);

// `teleport` holds (node, weight), distinct, weights not negative and not all 0; empty: every node
// the same. An error: interrupted, or CheckWeightSum().
Status PageRank(const Graph& graph, const std::vector<std::pair<uint32_t, double>>& teleport,
                const PageRankOptions& options, const StopPoll& poll, PageRankResult* result);

}  // namespace vecgraph
