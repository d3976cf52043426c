#include "graph/strong_solver.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "graph/components.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// A component with cycles: its nodes by their places in it, with the edges between them alone. What
// comes from outside is read once, not in each sweep: most of what enters a popular node does.
class Component {
 public:
  Component(const Receiver& receiver, uint32_t nodes)
      : receiver_(receiver), place_(nodes, Graph::kNone) {}

  // By node of the graph: `rate` is what of its score it gives for each unit of weight, `gives`
  // that of its score, `y` the score or a guess. False: stop.
  bool Read(std::span<const uint32_t> nodes, const std::vector<double>& base,
            const std::vector<double>& rate, const std::vector<double>& gives,
            const std::vector<double>& y, Stop* stop) {
    members_.clear();
    starts_.assign(1, 0);
    edges_.clear();
    size_t edges = 0;
    for (const uint32_t node : nodes) {
      edges += receiver_.Degree(node);
      place_[node] = static_cast<uint32_t>(members_.size());
      members_.push_back({base[node], rate[node], y[node], rate[node] * y[node], 1});
      if (stop->After(4)) return false;
    }
    edges_.reserve(edges);
    for (size_t i = 0; i < nodes.size(); ++i) {
      double fixed = 0;
      const bool all = receiver_.Each(nodes[i], stop, [&](uint32_t u, double weight) {
        const uint32_t from = place_[u];
        if (from == Graph::kNone) {
          fixed += gives[u] * weight;
        } else {
          edges_.push_back({weight, from});
          members_[from].leaves -= members_[from].rate * weight;
        }
      });
      members_[i].fixed += fixed;
      starts_.push_back(edges_.size());
      if (!all || stop->After(4)) return false;
    }
    return stop->Each(size_t{0}, nodes.size(), 2,
                      [&](size_t i) { place_[nodes[i]] = Graph::kNone; });
  }
  // Each node takes what the others give now. False: stop.
  bool Sweep(Stop* stop) {
    change_ = 0;
    sum_ = 0;
    grows_ = false;
    for (size_t i = 0; i < members_.size(); ++i) {
      double now = members_[i].fixed;
      const bool all = stop->EachPiece(starts_[i], starts_[i + 1], 2, [&](size_t e, size_t end) {
        double part = 0;
        for (; e < end; ++e) part += members_[edges_[e].from].gives * edges_[e].weight;
        now += part;
      });
      if (!all || stop->After(4)) return false;
      change_ += std::fabs(now - members_[i].score);
      sum_ += now;
      grows_ = grows_ || (now > 0 && members_[i].score == 0);
      members_[i].score = now;
      members_[i].gives = now * members_[i].rate;
    }
    return true;
  }
  // As much leaves the component as comes in. Sweeps take long to find how much it holds, if little
  // leaves it; how it is shared within they find soon. False: stop.
  bool Balance(Stop* stop) {
    double comes = 0;
    double leaves = 0;
    const bool all = stop->Each(size_t{0}, members_.size(), 2, [&](size_t i) {
      comes += members_[i].fixed;
      leaves += members_[i].score * members_[i].leaves;
    });
    if (!all || !(comes > 0 && leaves > 0)) return all;
    return stop->Each(size_t{0}, members_.size(), 2, [&](size_t i) {
      members_[i].score *= comes / leaves;
      members_[i].gives *= comes / leaves;
    });
  }
  // Of the last sweep: the sum of |changes|, and of the scores.
  double change() const { return change_; }
  double sum() const { return sum_; }
  // Whether it reached a node for the first time.
  bool grows() const { return grows_; }
  double score(size_t i) const { return members_[i].score; }

 private:
  struct Member {
    double fixed;  // what comes from outside
    double rate;   // of its score it gives so much for each unit of weight
    double score;
    double gives;   // rate * score
    double leaves;  // the part of its score that does not come to other members
  };
  struct Edge {
    double weight;
    uint32_t from;
  };

  const Receiver& receiver_;
  std::vector<uint32_t> place_;  // by node of the graph; kNone: not in this component
  std::vector<Member> members_;
  std::vector<size_t> starts_;
  std::vector<Edge> edges_;
  double change_ = 0;
  double sum_ = 0;
  bool grows_ = false;
};

}  // namespace

Status SolveByStrong(const Graph& graph, Direction direction, const Receiver& receiver,
                     const std::vector<double>& leaving, const std::vector<double>& base,
                     const StrongSolverOptions& options, const StopPoll& poll,
                     std::vector<double>* y, uint64_t* sweeps) {
  // What sums of doubles are wrong by.
  constexpr double kRounding = 1e-15;
  std::vector<uint32_t> nodes;
  std::vector<uint32_t> starts;
  Status status = StrongOrder(graph, poll, &nodes, &starts);
  if (!status.ok()) return status;
  Stop stop(poll);
  // Score goes as far in one sweep as it can.
  if (direction == Direction::kOut) {
    std::reverse(nodes.begin(), nodes.end());
    std::reverse(starts.begin(), starts.end());
    for (uint32_t& start : starts) start = graph.size() - start;
  }
  std::vector<double> rate(graph.size());
  for (uint32_t node = 0; node < graph.size(); ++node) {
    if (leaving[node] > 0) rate[node] = options.damping / leaving[node];
    if (stop.After(4)) return stop.status();
  }
  std::vector<double> gives(graph.size());
  Component component(receiver, graph.size());
  *sweeps = 1;
  for (size_t c = 0; c + 1 < starts.size(); ++c) {
    const std::span members(nodes.begin() + starts[c], nodes.begin() + starts[c + 1]);
    if (members.size() == 1 && graph.Loops(members[0]) == 0) {
      const uint32_t node = members[0];
      double sum = 0;
      if (!receiver.Sum(node, gives, &stop, &sum) || stop.After(8)) return stop.status();
      (*y)[node] = base[node] + sum;
      gives[node] = (*y)[node] * rate[node];
      continue;
    }
    if (!component.Read(members, base, rate, gives, *y, &stop)) return stop.status();
    const double share = static_cast<double>(members.size()) / graph.size();
    uint64_t turn = 0;
    double wrong = 0;
    do {
      // Not in each sweep: only sweeps are sure to come nearer to the solution.
      if (std::has_single_bit(turn) && !component.Balance(&stop)) return stop.status();
      if (!component.Sweep(&stop)) return stop.status();
      ++turn;
      wrong = component.change() - kRounding * component.sum();
    } while ((wrong > options.error * share || component.grows()) && turn < options.most_sweeps);
    *sweeps = std::max(*sweeps, turn);
    for (size_t i = 0; i < members.size(); ++i) {
      (*y)[members[i]] = component.score(i);
      gives[members[i]] = component.score(i) * rate[members[i]];
      if (stop.After(4)) return stop.status();
    }
  }
  return stop.status();
}

}  // namespace vecgraph
