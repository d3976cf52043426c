// SolveByStrong: the equations of PageRank, solved by strong components.
//
//   y[v] = base[v] + d (sum over u of y[u] w(u,v))
//
// where w(u,v) is the share of its score that u gives to v. Score flows from one strong component
// to others and never back, so each is solved once, after those that lead to it: a node that is on
// no cycle in one step, others by Gauss-Seidel. In a graph of long chains and small cycles, where a
// power iteration takes as many rounds as the slowest cycle, that is a matter of a few rounds; in
// one that is a single component it gains little.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/direction.h"
#include "graph/graph.h"
#include "graph/receiver.h"

namespace vecgraph {

struct StrongSolverOptions {
  double damping = 0.85;
  double error = 1e-10;        // by which the sum of all |changes| of a power round may be wrong
  uint64_t most_sweeps = 200;  // of a component; then it stays as it is
};

// `receiver` is of the graph in `direction`, which is not kBoth; `leaving` by node: the sum of the
// weights of what leaves it. `y` holds a guess and then the solution; `*sweeps`: the most that a
// component took. An error: interrupted.
Status SolveByStrong(const Graph& graph, Direction direction, const Receiver& receiver,
                     const std::vector<double>& leaving, const std::vector<double>& base,
                     const StrongSolverOptions& options, const StopPoll& poll,
                     std::vector<double>* y, uint64_t* sweeps);

}  // namespace vecgraph
