// TopK: the best `limit` hits of a stream, by (distance, rowid). Hits: a ranking.
//
// The order is total, so the result does not depend on the order of arrival. Nothing here takes
// long at once: neither adding a hit nor destroying millions of them, and the merge that ranks them
// asks between its steps whether to stop.
//
// A small limit: hits are collected to twice the limit and cut back to it, so a rejected row costs
// one comparison, an admitted one a constant. A large limit: hits become sorted runs, which lie in
// memory that never moves. Every so often the worst are cut from the ends of the runs: not exactly
// down to the limit, since a sample of each run tells where to cut. Memory follows what arrives,
// never a huge limit.
// REQUIRES: distances are not NaN. Threads: belongs to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/polled_sort.h"
#include "base/status.h"
#include "scan/id_pool.h"

namespace vecgraph {

struct Hit {
  double distance = 0;
  int64_t rowid = 0;
  const StoredId* id = nullptr;  // set for sources whose rows cannot be found again by rowid

  bool operator<(const Hit& other) const {
    return distance != other.distance ? distance < other.distance : rowid < other.rowid;
  }
};

// Hits in order, and their ids.
class Hits {
 public:
  static constexpr size_t kChunk = 16384;

  bool empty() const { return chunks_.empty(); }
  size_t size() const {
    return empty() ? 0 : (chunks_.size() - 1) * kChunk + chunks_.back().size();
  }
  const Hit& operator[](size_t i) const { return chunks_[i / kChunk][i % kChunk]; }
  // REQUIRES: !empty().
  const Hit& back() const { return chunks_.back().back(); }
  // Gives a hit its id.
  void SetId(size_t i, sqlite3_value* id) { chunks_[i / kChunk][i % kChunk].id = Pool().Add(id); }

 private:
  friend class TopK;
  IdPool& Pool() { return pools_.empty() ? pools_.emplace_back() : pools_.back(); }

  std::vector<std::vector<Hit>> chunks_;  // none is empty; all but the last have kChunk hits
  std::vector<IdPool> pools_;
};

class TopK {
 public:
  // REQUIRES: limit >= 0.
  explicit TopK(int64_t limit)
      : limit_(static_cast<uint64_t>(limit)), small_(limit_ <= Hits::kChunk / 2) {}

  // Whether a hit with this distance and rowid can still be among the best.
  bool Admits(double distance, int64_t rowid) const {
    if (!full_) return limit_ > 0;
    return distance != worst_.distance ? distance < worst_.distance : rowid < worst_.rowid;
  }

  // A copy of an id for a hit that is added next.
  const StoredId* Keep(sqlite3_value* id) { return current_.ids.Add(id); }
  // REQUIRES: Admits(hit.distance, hit.rowid).
  void Add(const Hit& hit) {
    current_.hits.push_back(hit);
    if (current_.hits.size() < (small_ ? 2 * limit_ : Hits::kChunk)) return;
    if (!small_) {
      Seal();
    } else if (current_.hits.size() > kSlack) {
      Cut();
    }
  }
  // Adds the hits of another one, or of a ranking.
  void Absorb(TopK&& other);
  void Absorb(Hits&& hits);

  // The best hits in order; the collection is empty afterwards. An error: `poll` said to stop.
  Status Take(const StopPoll& poll, Hits* hits);

 private:
  static constexpr size_t kSlack = 32;

  struct Run {
    std::vector<Hit> hits;
    IdPool ids;
  };

  void Cut();
  void Seal();
  void JoinShortRuns();
  void CutRuns();
  Status Merge(const StopPoll& poll, Hits* hits);

  uint64_t limit_;
  bool small_;
  bool full_ = false;  // then only hits before worst_ can be among the best
  Hit worst_;
  Run current_;                // not sorted
  std::vector<Run> runs_;      // of a large limit
  uint64_t run_hits_ = 0;      // in runs_
  std::vector<IdPool> pools_;  // of hits that came from elsewhere
};

}  // namespace vecgraph
