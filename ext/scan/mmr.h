// PickDiverse: maximal marginal relevance (Carbonell and Goldstein 1998), greedily. Of hits, those
// are picked that are near the query and unlike one another.
// HitVectors: the vectors of hits.
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <vector>

#include "base/polled_sort.h"
#include "scan/column_scan.h"
#include "scan/metric.h"
#include "scan/topk.h"

namespace vecgraph {

// What hits are compared with, and how.
struct Relevance {
  const KernelTable& kernel;
  Metric metric;
  VectorView query;
};

class HitVectors {
 public:
  HitVectors(sqlite3* db, const Source& source) : db_(db), source_(source) {}
  HitVectors(const HitVectors&) = delete;
  HitVectors& operator=(const HitVectors&) = delete;

  // Call it before the search: until this is destroyed a source whose rows must be read in order is
  // as the search sees it. A table is the caller's to lock.
  Status Lock();
  // Reads the vectors of `hits`, which were found in the source. An error: the source is another
  // one now, or `poll` said to stop, among others.
  Status Read(const Relevance& relevance, const Hits& hits, const StopPoll& poll);

  VectorView operator[](size_t hit) const {
    return {lines_[hit * lines_each_].bytes, dims_, type_};
  }

 private:
  struct alignas(64) Line {  // loads that cross a cache line take twice the time
    uint8_t bytes[64];
  };

  Status LookUp(const Relevance& relevance, const Hits& hits, const StopPoll& poll);
  Status ReadThrough(const Relevance& relevance, const Hits& hits, const StopPoll& poll);
  Status Take(const Relevance& relevance, const Hit& hit, size_t i, sqlite3_value* value);

  sqlite3* db_;
  const Source& source_;
  ColumnScan scan_;  // of a source whose rows cannot be looked up
  int code_ = 0;     // of its step
  std::vector<Line> lines_;
  size_t lines_each_ = 1;
  size_t dims_ = 0;
  ElementType type_ = ElementType::kFloat32;
  double self_ = 0;  // of the query
};

struct Pick {
  size_t hit = 0;
  double value = 0;  // when it was picked
};

// Picks up to `k` hits one after the other: the one with the highest
//   lambda * score - (1 - lambda) * (the highest similarity to a hit that was picked before),
// the first of equal ones. The similarity of two hits is the score of the one for the other as the
// query; one that is not finite does not count.
Status PickDiverse(const Relevance& relevance, const Hits& hits, const HitVectors& vectors,
                   double lambda, int64_t k, const StopPoll& poll, std::vector<Pick>* picks);

}  // namespace vecgraph
