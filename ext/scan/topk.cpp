#include "scan/topk.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vecgraph {
namespace {

// The next hit of each run, the best of all first.
class Heads {
 public:
  struct Head {
    Hit hit;
    size_t run;
    bool operator<(const Head& other) const { return hit < other.hit; }
  };

  void Add(const Head& head) { heap_.push_back(head); }
  void Build() {
    for (size_t i = heap_.size() / 2; i-- > 0;) Sink(i);
  }
  bool empty() const { return heap_.empty(); }
  const Head& top() const { return heap_.front(); }
  void ReplaceTop(const Hit& hit) {
    heap_.front().hit = hit;
    Sink(0);
  }
  void RemoveTop() {
    heap_.front() = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) Sink(0);
  }

 private:
  void Sink(size_t at) {
    const Head head = heap_[at];
    for (size_t child; (child = 2 * at + 1) < heap_.size(); at = child) {
      if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
      if (!(heap_[child] < head)) break;
      heap_[at] = heap_[child];
    }
    heap_[at] = head;
  }

  std::vector<Head> heap_;
};

}  // namespace

// REQUIRES: small_, and more than limit_ hits, limit_ > 0.
void TopK::Cut() {
  std::vector<Hit>& hits = current_.hits;
  const auto last = hits.begin() + static_cast<ptrdiff_t>(limit_ - 1);
  std::nth_element(hits.begin(), last, hits.end());
  worst_ = *last;
  full_ = true;
  hits.erase(last + 1, hits.end());
  if (current_.ids.count() <= 4 * limit_ + kSlack) return;
  IdPool ids;  // without those of the hits that are gone
  for (Hit& hit : hits) hit.id = ids.Add(hit.id);
  current_.ids = std::move(ids);
}

// Makes a run of the hits that came last.
void TopK::Seal() {
  if (current_.hits.empty()) return;
  std::sort(current_.hits.begin(), current_.hits.end());
  run_hits_ += current_.hits.size();
  runs_.push_back(std::exchange(current_, Run()));
  JoinShortRuns();
  if (run_hits_ / 2 >= limit_) CutRuns();
}

// Few at a time: between two cuts there is time for all.
void TopK::JoinShortRuns() {
  int joined = 0;
  for (size_t i = 0; i + 1 < runs_.size() && joined < 4; ++i) {
    if (runs_[i].hits.size() + runs_[i + 1].hits.size() > Hits::kChunk) continue;
    Run run;
    run.hits.reserve(runs_[i].hits.size() + runs_[i + 1].hits.size());
    std::merge(runs_[i].hits.begin(), runs_[i].hits.end(), runs_[i + 1].hits.begin(),
               runs_[i + 1].hits.end(), std::back_inserter(run.hits));
    // Without the ids of the hits that were cut.
    for (Hit& hit : run.hits) hit.id = run.ids.Add(hit.id);
    runs_[i] = std::move(run);
    runs_.erase(runs_.begin() + static_cast<ptrdiff_t>(i) + 1);
    ++joined;
  }
}

// Cuts all runs at a hit that has at least limit_ - 1 before it.
void TopK::CutRuns() {
  constexpr size_t kStep = 512;  // a sample has so many hits up to it, since the one before
  std::vector<Hit> samples;
  for (const Run& run : runs_) {
    for (size_t i = kStep - 1; i < run.hits.size(); i += kStep) samples.push_back(run.hits[i]);
  }
  const uint64_t needed = (limit_ + kStep - 1) / kStep;
  if (needed == 0 || needed > samples.size()) return;
  const auto last = samples.begin() + static_cast<ptrdiff_t>(needed - 1);
  std::nth_element(samples.begin(), last, samples.end());
  worst_ = *last;
  full_ = true;
  run_hits_ = 0;
  for (Run& run : runs_) {
    run.hits.erase(std::upper_bound(run.hits.begin(), run.hits.end(), worst_), run.hits.end());
    run_hits_ += run.hits.size();
  }
  std::erase_if(runs_, [](const Run& run) { return run.hits.empty(); });
}

void TopK::Absorb(TopK&& other) {
  if (small_) {
    for (const Hit& hit : other.current_.hits) {
      if (Admits(hit.distance, hit.rowid)) Add(hit);
    }
    pools_.push_back(std::move(other.current_.ids));
  } else {
    other.Seal();
    for (Run& run : other.runs_) {
      run_hits_ += run.hits.size();
      runs_.push_back(std::move(run));
    }
    if (run_hits_ / 2 >= limit_) CutRuns();
  }
  std::move(other.pools_.begin(), other.pools_.end(), std::back_inserter(pools_));
  other = TopK(static_cast<int64_t>(other.limit_));
}

void TopK::Absorb(Hits&& hits) {
  for (std::vector<Hit>& chunk : hits.chunks_) {
    if (small_) {
      for (const Hit& hit : chunk) {
        if (Admits(hit.distance, hit.rowid)) Add(hit);
      }
    } else {
      run_hits_ += chunk.size();
      runs_.push_back({std::move(chunk), {}});
    }
  }
  std::move(hits.pools_.begin(), hits.pools_.end(), std::back_inserter(pools_));
  hits = Hits();
}

Status TopK::Take(const StopPoll& poll, Hits* hits) {
  *hits = Hits();
  Status status;
  if (small_) {
    // A join takes the hits of hundreds of searches, one after the other.
    if (current_.hits.size() > kSlack) {
      if (const int code = poll()) status = Status::Code(code, "interrupted");
    }
    if (current_.hits.size() > limit_ && limit_ > 0) Cut();
    std::sort(current_.hits.begin(), current_.hits.end());
    if (!current_.hits.empty()) hits->chunks_.push_back(std::move(current_.hits));
    pools_.push_back(std::move(current_.ids));
  } else {
    Seal();
    status = Merge(poll, hits);
    for (Run& run : runs_) pools_.push_back(std::move(run.ids));
  }
  hits->pools_ = std::move(pools_);
  *this = TopK(static_cast<int64_t>(limit_));
  return status;
}

Status TopK::Merge(const StopPoll& poll, Hits* hits) {
  Heads heads;
  std::vector<size_t> next(runs_.size(), 1);
  for (size_t r = 0; r < runs_.size(); ++r) heads.Add({runs_[r].hits.front(), r});
  heads.Build();
  uint64_t left = limit_;
  while (left > 0 && !heads.empty()) {
    if (const int code = poll()) return Status::Code(code, "interrupted");
    std::vector<Hit>& chunk = hits->chunks_.emplace_back();
    chunk.reserve(std::min<uint64_t>(Hits::kChunk, left));
    for (; left > 0 && chunk.size() < Hits::kChunk && !heads.empty(); --left) {
      const size_t run = heads.top().run;
      chunk.push_back(heads.top().hit);
      if (next[run] < runs_[run].hits.size()) {
        heads.ReplaceTop(runs_[run].hits[next[run]++]);
      } else {
        heads.RemoveTop();
        runs_[run].hits = {};  // there may be many
      }
    }
  }
  return Status::Ok();
}

}  // namespace vecgraph
