// Modularity: what Louvain and Leiden share in making communities that score high.
//
// Edges count either way here, whatever they point to. With A(u,v) the sum of the weights between u
// and v (an edge from u to u counts twice in A(u,u)), k(u) the sum of A(u,v) over all v, T that of
// all k, and the resolution r:
//   modularity = (sum over u, v of one community of A(u,v) - r k(u) k(v) / T) / T
// An edge of weight 0 is none.
// Threads: as the poll.
#pragma once

#include <cstdint>
#include <vector>

#include "base/polled_sort.h"
#include "base/status.h"
#include "graph/graph.h"
#include "graph/random.h"

namespace vecgraph {

struct CommunityOptions {
  double resolution = 1;
  uint64_t seed = 0;
  uint64_t most_levels = UINT64_MAX;
  bool all_levels = false;  // else only the last one and the number of them matter
};

// By node, the smallest node of its community; a level each, the finest first. No level: nothing
// joins.
using CommunityLevels = std::vector<std::vector<uint32_t>>;

// The graph in which nodes, and later groups of nodes, are joined. What lies within a node is only
// in its strength.
struct JoinGraph {
  std::vector<uint64_t> starts;   // one more than there are nodes
  std::vector<uint32_t> nodes;    // the neighbours; each once, and not the node itself
  std::vector<double> weights;    // of these; empty: all are 1
  std::vector<double> strengths;  // k, by node
  double total = 0;               // T, the same for all groupings

  uint32_t size() const { return static_cast<uint32_t>(strengths.size()); }
  uint64_t begin(uint32_t node) const { return starts[node]; }
  uint64_t end(uint32_t node) const { return starts[node + size_t{1}]; }
  double weight(uint64_t i) const { return weights.empty() ? 1.0 : weights[i]; }
};

// An error: interrupted, or the weights sum to infinity.
Status MakeJoinGraph(const Graph& graph, const StopPoll& poll, JoinGraph* made);

// Puts every node into the community of its neighbours in which modularity is highest, again and
// again. Nodes are looked at in a random order, later those whose neighbour has moved; so at the
// end another call may find a node that gains because a community became lighter. When a call moves
// none, no move makes modularity higher.
// `community`: by node, any numbers below size(); `*moves`: how many there were.
Status MoveNodes(const JoinGraph& graph, double resolution, Random* random, const StopPoll& poll,
                 std::vector<uint32_t>* community, uint64_t* moves);

// Gives communities the numbers 0, 1, ... in the order of their smallest nodes.
Status Renumber(const StopPoll& poll, std::vector<uint32_t>* community, uint32_t* count);

// The graph whose nodes are the `count` communities of another.
Status Aggregate(const JoinGraph& graph, const std::vector<uint32_t>& community, uint32_t count,
                 const StopPoll& poll, JoinGraph* made);

// Nodes that were in the groups `group` are in those that these became: part[group]. Appends the
// level of that. Numbers are as Renumber() leaves them.
Status AppendLevel(const std::vector<uint32_t>& part, const StopPoll& poll,
                   std::vector<uint32_t>* group, CommunityLevels* levels);

}  // namespace vecgraph
