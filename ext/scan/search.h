// Search: the nearest rows of a source, exactly.
//
// The result is what scoring every candidate with the scalar function of the metric and sorting by
// (distance, rowid) gives. Two tiers read from SQLite: "stream" steps all rows, "lookup" fetches
// the few candidates of a restriction one by one. The tiers that read from memory are in
// cached_search.h and give the same. Threads: as the connection.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "kernel/kernels.h"
#include "scan/column_scan.h"
#include "scan/metric.h"
#include "scan/restriction.h"
#include "scan/source.h"
#include "scan/topk.h"

namespace vecgraph {

struct SearchRequest {
  const Source* source = nullptr;
  VectorView query;  // finite
  Metric metric = Metric::kDot;
  int64_t limit = 0;
  std::optional<double> min_score;
  bool strict = false;                     // a faulty row is an error
  bool with_id = false;                    // hits carry the value of the id column, if it is one
  const Candidates* candidates = nullptr;  // not null
  const Hit* after = nullptr;              // only hits that come later in the order, if set
};

// Why a row that is a candidate was not scored.
enum class Skip { kNull, kType, kLength, kNonfinite, kScore, kCount };

// What the last search of a connection did.
struct SearchReport {
  int64_t searches = 0;  // of this connection; 0: none yet, and the rest means nothing
  std::string source;
  std::string column;
  Metric metric = Metric::kDot;
  ElementType element = ElementType::kFloat32;
  const char* tier = "";
  const char* kernel = "";
  size_t dims = 0;
  int64_t rows = 0;  // rows read
  std::array<int64_t, static_cast<size_t>(Skip::kCount)> skipped{};
  int64_t bytes = 0;      // of vectors read
  int64_t survivors = 0;  // rows scored exactly
  double milliseconds = 0;

  int64_t Skipped(Skip why) const { return skipped[static_cast<size_t>(why)]; }
  // Rows that have a vector of the query's length.
  int64_t Vectors() const {
    return rows - Skipped(Skip::kNull) - Skipped(Skip::kType) - Skipped(Skip::kLength);
  }
};

// A report that says what is searched.
SearchReport ReportFor(const SearchRequest& request, const KernelTable& kernel);

// Finds the hits of `request`, in order. `scan` is opened on the source and is stopped on return;
// `report` is overwritten but for its count of searches, which grows by one.
// Errors: a faulty row when strict; no candidate that could be compared at all, though there are
// some that are not NULL; whatever reading the source fails with (SQLITE_INTERRUPT among it).
Status Search(sqlite3* db, const KernelTable& kernel, const SearchRequest& request,
              ColumnScan* scan, Hits* hits, SearchReport* report);

}  // namespace vecgraph
