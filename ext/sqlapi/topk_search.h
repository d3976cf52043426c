// TopkSearch: one search of vec_topk or vec_mmr, and its hits.
//
// A join or a correlated subquery can ask for the same search once for every row of another table.
// Such a repetition is answered from the hits of the one before, if the snapshot key says that the
// table cannot have changed.
// Nothing is locked between calls: statements are reset when a search returns.
// Threads: as the connection.
#pragma once

#include <memory>
#include <vector>

#include "base/snapshot.h"
#include "scan/mmr.h"
#include "scan/search.h"
#include "scan/table_cache.h"
#include "sqlapi/connection.h"
#include "sqlapi/topk_arguments.h"

namespace vecgraph {

// A source with its prepared scan.
struct OpenSource {
  Source source;
  std::shared_ptr<CachedTable> table;  // if it is one whose vectors may be in memory
  bool with_id = false;                // the scan reads the id column
  ColumnScan scan;                     // prepared when first needed
};

class TopkSearch {
 public:
  TopkSearch(Connection* connection, TopkArguments arguments)
      : connection_(connection), arguments_(std::move(arguments)) {}

  const TopkArguments& arguments() const { return arguments_; }
  const Source& source() const { return open_->source; }
  // A prefix of the ranking; of a diverse search, all that were picked.
  size_t found() const {
    return arguments_.diversity ? picks_.size() : first_.size() + rest_.size();
  }
  // REQUIRES: i < found().
  const Hit& hit(size_t i) const {
    if (arguments_.diversity) return first_[picks_[i].hit];
    return i < first_.size() ? first_[i] : rest_[i - first_.size()];
  }
  // Why it was picked. REQUIRES: a diverse search.
  double mmr(size_t i) const { return picks_[i].value; }
  bool complete() const { return complete_; }  // no hits after these

  // Searches. `with_id`: hits carry their ids.
  Status Start(bool with_id);
  // Finds all hits after these. REQUIRES: !complete().
  Status FindRest();
  // Whether a search with these arguments would find what this one has.
  bool Answers(const TopkArguments& arguments, bool with_id);

 private:
  Status FindMore(HeldTable* held, int64_t limit);
  Status FindAndPick(HeldTable* held);

  Connection* connection_;
  TopkArguments arguments_;
  std::shared_ptr<OpenSource> open_;  // null when the arguments ask for nothing
  Candidates candidates_;
  Hits first_;  // what the statement's LIMIT let expect
  Hits rest_;
  std::vector<Pick> picks_;  // of a diverse search, whose hits are all in first_
  bool complete_ = true;
  SnapshotKey snapshot_;  // in which the hits were found
};

}  // namespace vecgraph
