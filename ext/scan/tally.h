// Tally: which candidates of a search could not be compared, and the sentences about them.
//
// Every tier tells it the same faults, so that reports and errors do not depend on the tier; with
// `strict` in the order of their rowids, since the first one is the error.
// Threads: as the search.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "scan/search.h"

namespace vecgraph {

class Tally {
 public:
  Tally(const SearchRequest& request, SearchReport* report)
      : request_(request), query_bytes_(static_cast<int>(request.query.bytes())), report_(report) {}

  // A row whose value is no blob of the query's length: its SQLite type, and its bytes if a blob.
  Status SkipRow(int type, int bytes, int64_t rowid);
  // A row of the right length without a finite score; `finite` tells whether its elements are.
  Status SkipScore(bool finite, int64_t rowid);
  // An error when rows were there but none could be compared.
  Status Finish() const;

 private:
  struct Fault {
    std::optional<int64_t> rowid;
    int type = 0;
    int bytes = 0;
  };

  void Count(Skip why) { ++report_->skipped[static_cast<size_t>(why)]; }
  std::string Label() const { return request_.source->Label(); }
  // What the number in a message counts.
  const char* Unit() const { return request_.source->has_rowid() ? "rowid" : "row number"; }
  Status Strict(int64_t rowid, const std::string& what) const;

  const SearchRequest& request_;
  const int query_bytes_;
  SearchReport* report_;
  bool comparable_ = false;  // a row had the query's length, though no score
  Fault first_fault_;
};

}  // namespace vecgraph
