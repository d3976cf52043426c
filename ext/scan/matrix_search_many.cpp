#include "scan/matrix_search_many.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <thread>

#include "base/workers.h"
#include "scan/exact_scorer.h"
#include "scan/row_order.h"
#include "scan/shortlist.h"

namespace vecgraph {
namespace {

constexpr size_t kTileRows = 64;  // at most; their codes, and the products, stay in the L2 cache
constexpr size_t kChunk = 256;    // queries that a thread takes at once, in one pass over the rows
constexpr size_t kTileBytes = 65536;  // of vectors that are scored exactly
// Work between two polls for interrupts, some milliseconds at the slowest level.
constexpr size_t kPollProducts = size_t{1} << 23;  // of codes
constexpr size_t kPollBytes = size_t{4} << 20;     // of vectors that are scored
constexpr size_t kPollScored = 1024;               // of them, each of which may wait for memory
constexpr size_t kPollRows = 4096;                 // that a shortlist considers

Status Interrupted() { return Status::Code(SQLITE_INTERRUPT, "interrupted"); }

// Hands out chunks of queries to the threads, and keeps asking whether to stop.
class Chunks {
 public:
  Chunks(size_t queries, int threads, InterruptPoll* interrupt)
      : queries_(queries),
        size_(std::clamp((queries + static_cast<size_t>(threads) - 1) /
                             static_cast<size_t>(std::max(threads, 1)),
                         size_t{1}, kChunk)),
        count_((queries + size_ - 1) / size_),
        interrupt_(interrupt),
        caller_(std::this_thread::get_id()) {}

  // Calls work(from, count) for all chunks, on up to `threads` threads.
  template <class Work>
  Status Run(int threads, const Work& work) {
    const auto body = [&] {
      size_t chunk;
      while (!Stopped() && (chunk = next_.fetch_add(1)) < count_) {
        try {
          work(chunk * size_, std::min(size_, queries_ - chunk * size_));
        } catch (...) {
          failed_.store(true);
          stopped_.store(true);
        }
        done_.fetch_add(1);
      }
      // Helpers cannot ask SQLite, so this thread does until they have finished.
      while (std::this_thread::get_id() == caller_ && !Stopped() && done_.load() < count_) {
        std::this_thread::sleep_for(std::chrono::microseconds(300));
      }
    };
    RunOnWorkers(static_cast<int>(std::min<size_t>(static_cast<size_t>(threads), count_)), body);
    if (code_ != SQLITE_OK) return Interrupted();
    if (failed_.load()) throw std::bad_alloc();
    return Status::Ok();
  }

  // Whether the work has to end early; to be asked every millisecond or so.
  bool Stopped() {
    if (stopped_.load(std::memory_order_relaxed)) return true;
    if (!interrupt_ || std::this_thread::get_id() != caller_) return false;
    code_ = interrupt_->Poll();
    if (code_ != SQLITE_OK) stopped_.store(true);
    return code_ != SQLITE_OK;
  }

 private:
  const size_t queries_;
  const size_t size_;
  const size_t count_;
  InterruptPoll* interrupt_;
  const std::thread::id caller_;
  std::atomic<size_t> next_{0};
  std::atomic<size_t> done_{0};
  std::atomic<bool> stopped_{false};
  std::atomic<bool> failed_{false};
  int code_ = SQLITE_OK;  // touched by the caller's thread only
};

// One query of a bounded pass.
struct Seeker {
  Seeker(const KernelTable& kernel, const Matrix& matrix, const SearchRequest& search)
      : exact(kernel, search),
        plane(kernel, *matrix.basis(), search.metric,
              reinterpret_cast<const float*>(exact.vector.view().data)) {}

  ExactQuery exact;
  PlaneSearch plane;
  float limit = 0;
  bool helped = true;  // false: too many rows survive
  Shortlist shortlist;
};

class ManySearcher {
 public:
  ManySearcher(const Matrix& matrix, const MatrixRequest& common,
               std::span<const SearchRequest> searches, std::vector<MatrixResult>* results)
      : matrix_(matrix),
        common_(common),
        searches_(searches),
        kernel_(*common.kernel),
        results_(*results) {}

  Status Run() {
    const SearchRequest& first = searches_.front();
    const bool selective =
        first.limit > 0 && static_cast<uint64_t>(first.limit) <= matrix_.rows() / 16;
    if (!matrix_.has_planes() || !HasPlaneKey(first.metric) || !selective) {
      if (matrix_.has_vectors()) return Exact();
      for (MatrixResult& result : results_) result.possible = false;
      return Status::Ok();
    }
    Status status = Bounded();
    for (size_t i = 0; i < searches_.size() && status.ok(); ++i) {
      if (!done_[i]) status = SearchAlone(i);
    }
    return status;
  }

 private:
  Status SearchAlone(size_t i) {
    MatrixRequest request = common_;
    request.search = &searches_[i];
    return SearchMatrix(matrix_, request, &results_[i]);
  }

  // ---- by bounds --------------------------------------------------------------------------------

  Status Bounded() {
    done_.assign(searches_.size(), 0);
    most_survivors_ = std::max(size_t{4096}, matrix_.slots() / 8);
    Chunks chunks(searches_.size(), common_.threads, common_.interrupt);
    std::vector<std::unique_ptr<Seeker>> waiting(searches_.size());
    Status status = chunks.Run(common_.threads, [&](size_t from, size_t count) {
      std::vector<std::unique_ptr<Seeker>> seekers;
      std::vector<size_t> places;
      for (size_t i = from; i < from + count && !chunks.Stopped(); ++i) {
        auto seeker = std::make_unique<Seeker>(kernel_, matrix_, searches_[i]);
        if (!seeker->plane.usable()) continue;
        const double least = searches_[i].min_score
                                 ? seeker->plane.KeyOfScore(*searches_[i].min_score)
                                 : -std::numeric_limits<double>::infinity();
        seeker->limit = seeker->plane.Limit(least);
        if (std::isnan(seeker->limit)) continue;
        seekers.push_back(std::move(seeker));
        places.push_back(i);
      }
      Seek(seekers, &chunks);
      for (size_t s = 0; s < seekers.size() && !chunks.Stopped(); ++s) {
        if (!seekers[s]->helped) continue;
        const size_t place = places[s];
        // Vectors that are in the table can only be read by the caller's thread.
        if (!matrix_.has_vectors()) {
          waiting[place] = std::move(seekers[s]);
        } else {
          Rerank(seekers[s].get(), &chunks, &results_[place]);
          done_[place] = 1;
        }
      }
    });
    for (size_t i = 0; i < waiting.size() && status.ok(); ++i) {
      if (!waiting[i]) continue;
      status = RerankFetched(waiting[i].get(), &results_[i]);
      done_[i] = 1;
    }
    return status;
  }

  // Finds the rows that may be among the nearest of some queries.
  void Seek(const std::vector<std::unique_ptr<Seeker>>& seekers, Chunks* chunks) {
    std::vector<PlaneQuery> queries;
    std::vector<Seeker*> active;
    for (const auto& seeker : seekers) {
      active.push_back(seeker.get());
      queries.push_back(seeker->plane.query());
    }
    const size_t padded = matrix_.basis()->padded();
    // Queries of one call, by eights, as the kernels take them; of very long rows few at once.
    const size_t tile_rows =
        std::bit_floor(std::clamp(kPollProducts / (8 * padded), size_t{1}, kTileRows));
    const size_t most = std::max(kPollProducts / (tile_rows * padded) / 8 * 8, size_t{8});
    std::vector<int32_t> dots(active.size() * tile_rows);
    const RowOrder order(matrix_, tile_rows);
    size_t queries_to_poll = 0;
    size_t looked = 0;
    for (size_t turn = 0; turn < order.count() && !active.empty(); ++turn) {
      const RowBlock tile = order.At(turn);
      const uint8_t* const codes = tile.segment->plane.codes8 + tile.first * padded;
      for (size_t q = 0; q < active.size(); q += most) {
        const size_t count = std::min(most, active.size() - q);
        if (queries_to_poll < count) {
          if (chunks->Stopped()) return;
          queries_to_poll = most;
        }
        queries_to_poll -= count;
        kernel_.dots_8_many(queries.data() + q, count, codes, tile.rows,
                            dots.data() + q * tile.rows);
      }
      for (size_t q = 0; q < active.size(); ++q) {
        looked += Look(active[q], tile, dots.data() + q * tile.rows);
        if (looked < kPollRows) continue;
        if (chunks->Stopped()) return;
        looked = 0;
      }
      for (size_t q = active.size(); q-- > 0;) {
        Seeker& seeker = *active[q];
        if (!seeker.shortlist.Grown()) continue;
        if (chunks->Stopped()) return;  // with a large k all of them grow at the same time
        seeker.shortlist.Sweep(seeker.limit);
        if (seeker.shortlist.rows().size() <= most_survivors_) continue;
        seeker.helped = false;
        active[q] = active.back();
        queries[q] = queries.back();
        active.pop_back();
        queries.pop_back();
      }
    }
  }

  // Returns how many rows a bound did not exclude at once.
  size_t Look(Seeker* seeker, const RowBlock& tile, const int32_t* dots) {
    const auto k = static_cast<size_t>(searches_.front().limit);
    const PlaneRows& rows = tile.segment->plane;
    uint32_t found[kTileRows];
    const size_t count = kernel_.reach(seeker->plane.Bound(rows, false, tile.first), dots,
                                       tile.rows, seeker->limit, found);
    for (size_t i = 0; i < count; ++i) {
      const size_t slot = tile.slot + found[i];
      if (matrix_.dead(slot)) continue;
      seeker->limit =
          seeker->shortlist.Consider(seeker->plane, k, rows, tile.first + found[i],
                                     static_cast<uint32_t>(slot), dots[found[i]], seeker->limit);
    }
    return count;
  }

  void Rerank(Seeker* seeker, Chunks* chunks, MatrixResult* result) {
    ExactScorer scorer(seeker->exact);
    seeker->shortlist.Sweep(seeker->limit);
    size_t scored = 0;
    for (const Shortlist::Row& row : seeker->shortlist.rows()) {
      if (++scored % RowsToPoll() == 0 && chunks->Stopped()) return;
      scorer.Score(matrix_.vector(row.slot), matrix_.rowid(row.slot));
    }
    Keep("int8", &scorer, chunks, result);
  }

  Status RerankFetched(Seeker* seeker, MatrixResult* result) {
    ExactScorer scorer(seeker->exact);
    seeker->shortlist.Sweep(seeker->limit);
    size_t fetched = 0;
    for (const Shortlist::Row& row : seeker->shortlist.rows()) {
      if (common_.interrupt && fetched++ % 16 == 0 && common_.interrupt->Poll() != SQLITE_OK) {
        return Interrupted();
      }
      const int64_t rowid = matrix_.rowid(row.slot);
      VectorView vector;
      Status status = common_.fetch(rowid, &vector);
      if (!status.ok()) return status;
      scorer.Score(vector, rowid);
    }
    Count("int8", scorer, result);
    const auto poll = [&] { return common_.interrupt ? common_.interrupt->Poll() : SQLITE_OK; };
    return scorer.best()->Take(poll, &result->hits);
  }

  void Count(const char* tier, const ExactScorer& scorer, MatrixResult* result) {
    result->tier = tier;
    result->scored = scorer.scored();
    result->scoreless = scorer.scoreless();
    result->bytes = result->scored * static_cast<int64_t>(searches_.front().query.bytes());
  }

  // The hits are of no use if the work has to end early.
  void Keep(const char* tier, ExactScorer* scorer, Chunks* chunks, MatrixResult* result) {
    Count(tier, *scorer, result);
    const auto poll = [&] { return chunks->Stopped() ? SQLITE_INTERRUPT : SQLITE_OK; };
    const Status stopped = scorer->best()->Take(poll, &result->hits);
    if (!stopped.ok()) result->hits = Hits();
  }

  // ---- without bounds ---------------------------------------------------------------------------

  // Scores every row for every query.
  Status Exact() {
    const size_t tile = std::max(kTileBytes / matrix_.stride(), size_t{1});
    Chunks chunks(searches_.size(), common_.threads, common_.interrupt);
    return chunks.Run(common_.threads, [&](size_t from, size_t count) {
      std::vector<std::unique_ptr<ExactQuery>> queries;
      std::vector<ExactScorer> scorers;
      for (size_t i = from; i < from + count; ++i) {
        queries.push_back(std::make_unique<ExactQuery>(kernel_, searches_[i]));
        scorers.emplace_back(*queries.back());
      }
      size_t rows_to_poll = 0;
      for (size_t slot = 0; slot < matrix_.slots(); slot += tile) {
        const size_t end = std::min(slot + tile, matrix_.slots());
        for (ExactScorer& scorer : scorers) {
          if (rows_to_poll < end - slot) {
            if (chunks.Stopped()) return;
            rows_to_poll = std::max(RowsToPoll(), end - slot);
          }
          rows_to_poll -= end - slot;
          for (size_t s = slot; s < end; ++s) {
            if (!matrix_.dead(s)) scorer.Score(matrix_.vector(s), matrix_.rowid(s));
          }
        }
      }
      for (size_t i = 0; i < count; ++i) {
        Keep(NameOf(matrix_.type()), &scorers[i], &chunks, &results_[from + i]);
      }
    });
  }

  size_t RowsToPoll() const {
    return std::clamp(kPollBytes / matrix_.stride(), size_t{1}, kPollScored);
  }

  const Matrix& matrix_;
  const MatrixRequest& common_;
  const std::span<const SearchRequest> searches_;
  const KernelTable& kernel_;
  std::vector<MatrixResult>& results_;
  size_t most_survivors_ = 0;
  std::vector<uint8_t> done_;  // by search: whether its result is there
};

}  // namespace

Status SearchMatrixMany(const Matrix& matrix, const MatrixRequest& common,
                        std::span<const SearchRequest> searches,
                        std::vector<MatrixResult>* results) {
  results->clear();
  results->resize(searches.size());
  if (searches.empty()) return Status::Ok();
  return ManySearcher(matrix, common, searches, results).Run();
}

}  // namespace vecgraph
