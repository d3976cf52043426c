// StreamMany: several queries against the rows of a source, which are stepped once.
//
// The rows are copied into tiles that stay in the CPU's cache while every query meets them.
// Threads: as the connection; workers score, and call no function of SQLite.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "base/value.h"
#include "scan/exact_scorer.h"
#include "scan/search_many.h"
#include "scan/tally.h"

namespace vecgraph {

class StreamMany {
 public:
  StreamMany(const ManyContext& context, Target* target, IdMap* ids, SearchReport* report)
      : context_(context), target_(target), ids_(ids), report_(report) {}

  // Adds queries of one length and element type, with room for what each finds. What is given must
  // live until Run() has returned.
  void Add(std::span<const SearchRequest> requests, std::span<Answer* const> answers);
  Status Run();

 private:
  struct Seeker {
    Seeker(const KernelTable& kernel, const SearchRequest& request, Answer* a)
        : query(kernel, request), scorer(query), answer(a) {}

    ExactQuery query;
    ExactScorer scorer;
    Answer* answer;
    int64_t scoreless_row = -1;  // in the tile: the first one without a score
  };

  struct Group {
    const SearchRequest* first;
    SearchReport report;  // of this group alone: its tally counts there
    std::unique_ptr<Tally> tally;
    std::vector<std::unique_ptr<Seeker>> seekers;
    bool comparable = false;  // a row had the right length
    bool failed = false;      // strict, and a row has not
    // Rows that the first query could not score.
    int64_t nonfinite = 0;
    int64_t scoreless = 0;
    std::vector<uint8_t> bytes;
    std::vector<int64_t> rowids;
    std::vector<Value> ids;
    IdMap::Part* kept;  // the ids of rows that were among the nearest when they came
  };

  Status Visit(Group* group);
  Status Score(Group* group);
  bool Finite(const Group& group, size_t row) const;
  void CountScoreless(Group* group, int64_t count);
  void NameScoreless(Group* group);
  void Fail(Group* group, const Status& failure);

  const ManyContext& context_;
  Target* target_;
  IdMap* ids_;
  SearchReport* report_;
  std::vector<std::unique_ptr<Group>> groups_;
};

}  // namespace vecgraph
