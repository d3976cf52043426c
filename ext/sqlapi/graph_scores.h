// ScoreRows: a score for every node, best first; and what the two PageRanks read alike.
// Threads: as the connection.
#pragma once

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "graph/pagerank.h"
#include "sqlapi/graph_function.h"

namespace vecgraph {

class ScoreRows final : public GraphRows {
 public:
  enum Column { kNode, kScore, kRank };
  // REQUIRES: the function has top_k, and asks for ReadTop().
  static constexpr std::array<GraphBound, 1> kBounds = {{{kRank, "top_k"}}};

  std::shared_ptr<const Graph> graph;

  // The `top` best of scores by node, which are not negative; of equal ones the smallest id.
  // Interrupted: an error.
  Status TakeBest(const std::vector<double>& scores, uint64_t top, const StopPoll& poll);
  // The same of (node, score).
  Status TakeBest(const std::vector<std::pair<uint32_t, double>>& scores, uint64_t top,
                  const StopPoll& poll);

  size_t size() const override { return best_.size(); }
  void Column(sqlite3_context* ctx, size_t row, int column) const override;

 private:
  struct Scored {
    double score;
    uint32_t node;
    bool operator<(const Scored& other) const {
      return score != other.score ? score > other.score : node < other.node;
    }
    bool operator==(const Scored&) const = default;
  };
  static uint64_t MostHeld(uint64_t top);
  void Add(const Scored& scored, uint64_t top);
  void Cut(uint64_t top);
  Status SortMany(const StopPoll& poll);
  Status Finish(uint64_t top, const StopPoll& poll);

  std::vector<Scored> best_;
  Scored limit_{};  // what is not before it is not among the best
  bool is_limited_ = false;
};

// How many rows are wanted: by top_k, a bound on rank, or a LIMIT.
Status ReadTop(const GraphCall& call, uint64_t* top);
// damping, tol, max_iter, direction and how many rows are wanted.
Status ReadRankOptions(GraphCall* call, PageRankOptions* options, uint64_t* top);
// Not to have converged is an error unless on_max_iter is 'return' or tol is 0.
Status CheckConverged(GraphCall* call, const PageRankOptions& options,
                      const PageRankResult& result);

}  // namespace vecgraph
