// ExactScorer: scores vectors as the scalar functions do and keeps the best.
// Threads: an ExactQuery is constant; a scorer belongs to one thread at a time.
#pragma once

#include <cmath>
#include <cstdint>

#include "scan/aligned_copy.h"
#include "scan/search.h"

namespace vecgraph {

// What is computed once for a query. REQUIRES: outlived by its request.
struct ExactQuery {
  ExactQuery(const KernelTable& k, const SearchRequest& r)
      : kernel(k),
        request(r),
        vector(r.query),
        self(r.metric == Metric::kCosine ? SelfDot(k, r.query) : 0) {}

  const KernelTable& kernel;
  const SearchRequest& request;
  const AlignedCopy vector;
  const double self;
};

class alignas(128) ExactScorer {  // no line is shared by two threads
 public:
  explicit ExactScorer(const ExactQuery& query) : query_(&query), best_(query.request.limit) {}

  // False if the row has no finite score.
  bool Score(const VectorView& vector, int64_t rowid) {
    const SearchRequest& request = query_->request;
    ++scored_;
    const double distance =
        Distance(query_->kernel, request.metric, query_->vector.view(), vector, query_->self);
    const double score = ScoreOf(request.metric, distance);
    if (!std::isfinite(distance) || !std::isfinite(score)) {
      ++scoreless_;
      return false;
    }
    if (request.min_score && !(score >= *request.min_score)) return true;
    if (request.after && !(*request.after < Hit{distance, rowid, {}})) return true;
    if (best_.Admits(distance, rowid)) {
      best_.Add({distance, rowid, {}});
      ++kept_;
    }
    return true;
  }

  int64_t scored() const { return scored_; }
  int64_t scoreless() const { return scoreless_; }
  int64_t kept() const { return kept_; }  // rows that were among the best when they came
  // The best, to be taken away: the scorer is empty afterwards.
  TopK* best() { return &best_; }

 private:
  const ExactQuery* query_;
  TopK best_;
  int64_t scored_ = 0;
  int64_t scoreless_ = 0;
  int64_t kept_ = 0;
};

}  // namespace vecgraph
