#include "scan/matrix_search.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <thread>

#include "base/workers.h"
#include "scan/exact_scorer.h"
#include "scan/row_order.h"
#include "scan/shortlist.h"

namespace vecgraph {
namespace {

constexpr size_t kBlock = 256;  // rows that are worked on at once, if they are not too long
// Codes to read for each thread. Waking one that sleeps takes some tenths of a millisecond where
// the processor has to be woken too, as in most virtual machines. The sanitizers' tests are small,
// and are to see threads.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr size_t kThreadBytes = size_t{16} << 10;
#else
constexpr size_t kThreadBytes = size_t{16} << 20;
#endif
// If more of a block's rows are left after 4 bits than one in so many, looking at them again costs
// more than 8 bits of all would have. The pass then does without 4 bits for some blocks, and for
// twice as many the next time: the limit rises on the way, so what is right for the first rows is
// wrong for the rest.
constexpr size_t kRefinedPart = 8;
constexpr size_t kLeastPause = 4;
// Between two polls for interrupts: of vectors; of rows, which a large k sorts now and then; and of
// rows here and there, each of which waits for memory.
constexpr size_t kPollBytes = size_t{4} << 20;
constexpr size_t kPollRows = 16384;
constexpr size_t kPollScattered = 1024;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr float kFloatInfinity = std::numeric_limits<float>::infinity();

// A set of slots as bits.
class SlotMask {
 public:
  explicit SlotMask(size_t count) : words_((count + 63) / 64) {}
  void Add(size_t slot) { words_[slot / 64] |= uint64_t{1} << (slot % 64); }
  bool Has(size_t slot) const { return (words_[slot / 64] >> (slot % 64) & 1) != 0; }
  // Whether neither these slots nor those that share a word with them are in the set.
  bool None(size_t begin, size_t end) const {
    const size_t last = std::min((end + 63) / 64, words_.size());
    return std::all_of(words_.begin() + static_cast<ptrdiff_t>(begin / 64),
                       words_.begin() + static_cast<ptrdiff_t>(last),
                       [](uint64_t word) { return word == 0; });
  }

 private:
  std::vector<uint64_t> words_;
};

// Hands out blocks of rows to the threads of one search.
class Blocks {
 public:
  Blocks(const Matrix& matrix, const SlotMask* mask, InterruptPoll* interrupt)
      : rows_(std::bit_floor(std::clamp(kPollBytes / matrix.stride(), size_t{1}, kBlock))),
        order_(matrix, rows_),
        mask_(mask),
        interrupt_(interrupt),
        caller_(std::this_thread::get_id()),
        turns_to_poll_(
            std::clamp(kPollBytes / (rows_ * matrix.stride()), size_t{1}, kPollRows / rows_)) {}

  // False: no more, or stopped.
  bool Next(RowBlock* block) {
    for (;;) {
      if (stopped_.load(std::memory_order_relaxed)) return false;
      const size_t turn = next_.fetch_add(1, std::memory_order_relaxed);
      if (turn >= order_.count()) return false;
      // Only the caller's thread may ask SQLite.
      if (interrupt_ && std::this_thread::get_id() == caller_ &&
          ++callers_turns_ % turns_to_poll_ == 0) {
        interrupt_code_ = interrupt_->Poll();
        if (interrupt_code_ != SQLITE_OK) Stop();
      }
      *block = order_.At(turn);
      if (!mask_ || !mask_->None(block->slot, block->slot + block->rows)) return true;
    }
  }
  void Stop() { stopped_.store(true, std::memory_order_relaxed); }
  int interrupt_code() const { return interrupt_code_; }

 private:
  const size_t rows_;  // of a block: a power of 2
  const RowOrder order_;
  const SlotMask* mask_;
  InterruptPoll* interrupt_;
  const std::thread::id caller_;
  const size_t turns_to_poll_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> stopped_{false};
  // Touched by the caller's thread only.
  size_t callers_turns_ = 0;
  int interrupt_code_ = SQLITE_OK;
};

// Adds what a scorer found to the result; called once for each scorer.
void Finish(ExactScorer* scorer, TopK* best, MatrixResult* result) {
  best->Absorb(std::move(*scorer->best()));
  result->scored += scorer->scored();
  result->scoreless += scorer->scoreless();
}

int ThreadsFor(size_t bytes, int threads) {
  return static_cast<int>(std::min(static_cast<size_t>(std::max(threads, 1)),
                                   std::max(bytes / kThreadBytes, size_t{1})));
}

Status Interrupted(int code) { return Status::Code(code, "interrupted"); }

// One search of one matrix.
class Searcher {
 public:
  Searcher(const Matrix& matrix, const MatrixRequest& request)
      : matrix_(matrix),
        request_(request),
        search_(*request.search),
        kernel_(*request.kernel),
        query_(kernel_, search_) {}

  Status Run(MatrixResult* result) {
    const size_t count = request_.slots ? request_.slots->size() : matrix_.rows();
    // A few slots are quicker to score than to bound: a vector is read in one go.
    const bool few = request_.slots && count < matrix_.slots() / 32 && matrix_.has_vectors();
    if (few) return ScoreSlots(*request_.slots, result);
    std::optional<SlotMask> mask;
    if (request_.slots) {
      mask.emplace(matrix_.slots());
      constexpr size_t kStretch = size_t{1} << 20;
      for (size_t i = 0; i < count; ++i) {
        if (i % kStretch == 0 && request_.interrupt) {
          if (const int rc = request_.interrupt->Poll()) return Interrupted(rc);
        }
        mask->Add((*request_.slots)[i]);
      }
    }
    const SlotMask* const members = mask ? &*mask : nullptr;
    const bool selective = search_.limit >= 0 && static_cast<uint64_t>(search_.limit) <= count / 16;
    if (matrix_.has_planes() && HasPlaneKey(search_.metric) && !search_.after && selective) {
      bool done = false;
      Status status = Bounded(members, result, &done);
      if (!status.ok() || done) return status;
    }
    if (!matrix_.has_vectors()) {
      result->possible = false;
      return Status::Ok();
    }
    return Exact(members, result);
  }

 private:
  // What one thread of a bounded pass has found.
  struct Finder {
    Shortlist shortlist;
    int64_t bytes = 0;
    int64_t rows = 0;
    int64_t rows8 = 0;  // of them, those for which 4 bits were given up
    size_t pause = 0;   // blocks to come without 4 bits
    size_t next_pause = kLeastPause;
  };

  // The state that the threads of a bounded pass share.
  struct Pass {
    const PlaneSearch& plane;
    const SlotMask* mask;
    Blocks blocks;
    size_t most_survivors;
    std::atomic<float> limit;
    std::atomic<bool> failed{false};    // out of memory
    std::atomic<bool> too_many{false};  // rows survive: bounds do not help
    std::atomic<size_t> threads{0};
    std::vector<Finder> finders{};
  };

  Status Bounded(const SlotMask* mask, MatrixResult* result, bool* done) {
    const PlaneSearch plane(kernel_, *matrix_.basis(), search_.metric,
                            reinterpret_cast<const float*>(query_.vector.view().data));
    if (!plane.usable()) return Status::Ok();
    const size_t bytes = matrix_.slots() * matrix_.basis()->padded() / 2;
    const int threads = ThreadsFor(bytes, request_.threads);
    const double least = search_.min_score ? plane.KeyOfScore(*search_.min_score) : -kInfinity;
    Pass pass{plane,
              mask,
              {matrix_, mask, request_.interrupt},
              std::max(size_t{4096}, matrix_.slots() / 8) / static_cast<size_t>(threads),
              plane.Limit(least)};
    if (std::isnan(pass.limit.load())) return Status::Ok();
    pass.finders.resize(static_cast<size_t>(threads));
    const auto body = [&] {
      Finder& finder = pass.finders[pass.threads.fetch_add(1)];
      try {
        Find(&pass, &finder);
      } catch (...) {
        pass.failed.store(true);
        pass.blocks.Stop();
      }
    };
    RunOnWorkers(threads, body);
    if (pass.blocks.interrupt_code() != SQLITE_OK) {
      return Interrupted(pass.blocks.interrupt_code());
    }
    int64_t rows = 0;
    int64_t rows8 = 0;
    for (const Finder& finder : pass.finders) {
      result->bytes += finder.bytes;
      rows += finder.rows;
      rows8 += finder.rows8;
    }
    if (pass.failed || pass.too_many) return Status::Ok();
    *done = true;
    result->tier = rows8 > rows / 2 ? "int8" : "int4";
    return Rerank(&pass, result);
  }

  // The work of one thread.
  void Find(Pass* pass, Finder* finder) {
    const auto k = static_cast<size_t>(search_.limit);
    int32_t dots[kBlock];
    uint32_t found[kBlock];
    const size_t padded = matrix_.basis()->padded();
    const PlaneQuery& query = pass->plane.query();
    RowBlock block;
    while (pass->blocks.Next(&block)) {
      const PlaneRows& rows = block.segment->plane;
      const uint8_t* const codes8 = rows.codes8 + block.first * padded;
      const float limit = pass->limit.load(std::memory_order_relaxed);
      // Without a limit every row would be looked at twice.
      bool four = limit > -kFloatInfinity && finder->pause == 0;
      size_t count = 0;
      if (four) {
        kernel_.dots_4(query, rows.codes4 + block.first * padded / 2, block.rows, dots);
        count = Reach(*pass, block, true, limit, dots, found);
        finder->bytes += static_cast<int64_t>(block.rows * padded / 2);
        four = count <= block.rows / kRefinedPart;
        if (four) {
          finder->next_pause = std::max(finder->next_pause / 2, kLeastPause);
        } else {
          finder->pause = finder->next_pause;
          finder->next_pause *= 2;
        }
      } else if (finder->pause > 0) {
        --finder->pause;
      }
      if (!four) {
        kernel_.dots_8(query, codes8, block.rows, dots);
        count = Reach(*pass, block, false, limit, dots, found);
        finder->bytes += static_cast<int64_t>(block.rows * padded);
        if (limit > -kFloatInfinity) finder->rows8 += static_cast<int64_t>(block.rows);
      } else {
        for (size_t i = 0; i < count; ++i) Prefetch(codes8 + found[i] * padded, padded);
      }
      finder->rows += static_cast<int64_t>(block.rows);
      for (size_t i = 0; i < count; ++i) {
        int32_t dot = dots[found[i]];
        if (four) {
          kernel_.dots_8(query, codes8 + found[i] * padded, 1, &dot);
          finder->bytes += static_cast<int64_t>(padded);
        }
        RaiseLimit(pass,
                   finder->shortlist.Consider(pass->plane, k, rows, block.first + found[i],
                                              static_cast<uint32_t>(block.slot + found[i]), dot,
                                              pass->limit.load(std::memory_order_relaxed)));
      }
      if (finder->shortlist.Grown()) Sweep(pass, finder);
    }
  }

  // The rows of a block, from its first, that may be searched for and reach the limit.
  size_t Reach(const Pass& pass, const RowBlock& block, bool four, float limit, const int32_t* dots,
               uint32_t* found) const {
    const size_t count = kernel_.reach(pass.plane.Bound(block.segment->plane, four, block.first),
                                       dots, block.rows, limit, found);
    const uint32_t* const end = std::remove_if(found, found + count, [&](uint32_t row) {
      const size_t slot = block.slot + row;
      return (pass.mask && !pass.mask->Has(slot)) || matrix_.dead(slot);
    });
    return static_cast<size_t>(end - found);
  }

  // Rows here and there wait for memory one by one unless all are asked for at once.
  static void Prefetch(const uint8_t* codes, size_t bytes) {
    constexpr size_t kLine = 64;
    constexpr size_t kMost = 1024;  // beyond it, the processor has seen that they are read in order
    for (size_t i = 0; i < std::min(bytes, kMost); i += kLine) __builtin_prefetch(codes + i);
  }

  static void RaiseLimit(Pass* pass, float limit) {
    float current = pass->limit.load(std::memory_order_relaxed);
    while (limit > current &&
           !pass->limit.compare_exchange_weak(current, limit, std::memory_order_relaxed)) {
    }
  }

  static void Sweep(Pass* pass, Finder* finder) {
    finder->shortlist.Sweep(pass->limit.load(std::memory_order_relaxed));
    if (finder->shortlist.rows().size() > pass->most_survivors) {
      pass->too_many.store(true);
      pass->blocks.Stop();
    }
  }

  // Scores what may be among the nearest.
  Status Rerank(Pass* pass, MatrixResult* result) {
    const float limit = pass->limit.load();
    ExactScorer scorer(query_);
    size_t done = 0;
    for (const Finder& finder : pass->finders) {
      for (const Shortlist::Row& row : finder.shortlist.rows()) {
        if (row.upper < limit) continue;
        if (request_.interrupt && ++done % RowsToPoll() == 0) {
          const int rc = request_.interrupt->Poll();
          if (rc != SQLITE_OK) return Interrupted(rc);
        }
        const int64_t rowid = matrix_.rowid(row.slot);
        VectorView vector;
        if (matrix_.has_vectors()) {
          vector = matrix_.vector(row.slot);
        } else {
          Status status = request_.fetch(rowid, &vector);
          if (!status.ok()) return status;
        }
        result->bytes += static_cast<int64_t>(search_.query.bytes());
        scorer.Score(vector, rowid);
      }
    }
    TopK best(search_.limit);
    Finish(&scorer, &best, result);
    return Rank(&best, result);
  }

  Status ScoreSlots(const std::vector<uint32_t>& slots, MatrixResult* result) {
    result->tier = "float32";
    ExactScorer scorer(query_);
    size_t done = 0;
    for (const uint32_t slot : slots) {
      if (request_.interrupt && ++done % RowsToPoll() == 0) {
        const int rc = request_.interrupt->Poll();
        if (rc != SQLITE_OK) return Interrupted(rc);
      }
      scorer.Score(matrix_.vector(slot), matrix_.rowid(slot));
    }
    result->bytes += static_cast<int64_t>(slots.size() * search_.query.bytes());
    TopK best(search_.limit);
    Finish(&scorer, &best, result);
    return Rank(&best, result);
  }

  // Scores every row.
  Status Exact(const SlotMask* mask, MatrixResult* result) {
    result->tier = NameOf(matrix_.type());
    const int threads = ThreadsFor(matrix_.slots() * matrix_.stride(), request_.threads);
    Blocks blocks(matrix_, mask, request_.interrupt);
    std::vector<ExactScorer> scorers;
    scorers.reserve(static_cast<size_t>(threads));
    for (int t = 0; t < threads; ++t) scorers.emplace_back(query_);
    std::atomic<size_t> claimed{0};
    std::atomic<bool> failed{false};
    const auto body = [&] {
      ExactScorer& scorer = scorers[claimed.fetch_add(1)];
      try {
        RowBlock block;
        while (blocks.Next(&block)) {
          for (size_t i = 0; i < block.rows; ++i) {
            const size_t slot = block.slot + i;
            if ((mask && !mask->Has(slot)) || matrix_.dead(slot)) continue;
            scorer.Score(matrix_.vector(slot), block.segment->rowids[block.first + i]);
          }
        }
      } catch (...) {
        failed.store(true);
        blocks.Stop();
      }
    };
    RunOnWorkers(threads, body);
    if (blocks.interrupt_code() != SQLITE_OK) return Interrupted(blocks.interrupt_code());
    if (failed) throw std::bad_alloc();
    TopK best(search_.limit);
    for (ExactScorer& scorer : scorers) Finish(&scorer, &best, result);
    result->bytes += result->scored * static_cast<int64_t>(search_.query.bytes());
    return Rank(&best, result);
  }

  Status Rank(TopK* best, MatrixResult* result) {
    const auto poll = [&] { return request_.interrupt ? request_.interrupt->Poll() : SQLITE_OK; };
    return best->Take(poll, &result->hits);
  }

  size_t RowsToPoll() const {
    return std::clamp(kPollBytes / matrix_.stride(), size_t{1}, kPollScattered);
  }

  const Matrix& matrix_;
  const MatrixRequest& request_;
  const SearchRequest& search_;
  const KernelTable& kernel_;
  const ExactQuery query_;
};

}  // namespace

Status SearchMatrix(const Matrix& matrix, const MatrixRequest& request, MatrixResult* result) {
  *result = MatrixResult();
  return Searcher(matrix, request).Run(result);
}

}  // namespace vecgraph
