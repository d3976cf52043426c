#include "sqlapi/graph_scores.h"

#include <algorithm>
#include <array>
#include <bit>

#include "graph/stop.h"

namespace vecgraph {

Status ScoreRows::TakeBest(const std::vector<double>& scores, uint64_t top, const StopPoll& poll) {
  Stop stop(poll);
  best_.reserve(static_cast<size_t>(std::min<uint64_t>(scores.size(), MostHeld(top))));
  for (uint32_t node = 0; node < scores.size(); ++node) {
    Add({scores[node], node}, top);
    if (stop.After(4)) return stop.status();
  }
  return Finish(top, poll);
}

Status ScoreRows::TakeBest(const std::vector<std::pair<uint32_t, double>>& scores, uint64_t top,
                           const StopPoll& poll) {
  Stop stop(poll);
  best_.reserve(static_cast<size_t>(std::min<uint64_t>(scores.size(), MostHeld(top))));
  for (const auto& [node, score] : scores) {
    Add({score, node}, top);
    if (stop.After(4)) return stop.status();
  }
  return Finish(top, poll);
}

uint64_t ScoreRows::MostHeld(uint64_t top) {
  constexpr uint64_t kMore = 4096;
  return top > UINT64_MAX / 2 - kMore ? UINT64_MAX : 2 * top + kMore;
}

// Holds what may be among the best, and now and then drops what cannot be.
void ScoreRows::Add(const Scored& scored, uint64_t top) {
  if (top == 0 || (is_limited_ && !(scored < limit_))) return;
  if (best_.size() >= MostHeld(top)) {
    Cut(top);
    limit_ = *std::max_element(best_.begin(), best_.end());
    is_limited_ = true;
  }
  best_.push_back(scored);
}

void ScoreRows::Cut(uint64_t top) {
  std::nth_element(best_.begin(), best_.begin() + static_cast<ptrdiff_t>(top), best_.end());
  best_.resize(static_cast<size_t>(top));
}

// Best first, by the digits of the scores' bits, the last digit first: of many rows a sort by
// comparisons takes as long as finding the scores.
Status ScoreRows::SortMany(const StopPoll& poll) {
  constexpr uint32_t kBits = 11;
  constexpr uint32_t kValues = 1 << kBits;
  constexpr size_t kDigits = 6;
  // Of numbers that are not negative the larger one has the larger bits.
  const auto digit_of = [](const Scored& scored, size_t digit) {
    return (~std::bit_cast<uint64_t>(scored.score) >> (kBits * digit)) % kValues;
  };
  Stop stop(poll);
  std::vector<std::array<size_t, kValues>> places(kDigits);
  for (const Scored& scored : best_) {
    for (size_t digit = 0; digit < kDigits; ++digit) ++places[digit][digit_of(scored, digit)];
    if (stop.After(8)) return stop.status();
  }
  std::vector<Scored> sorted(best_.size());
  for (size_t digit = 0; digit < kDigits; ++digit) {
    std::array<size_t, kValues>& place = places[digit];
    if (place[digit_of(best_[0], digit)] == best_.size()) continue;  // the same in all
    size_t before = 0;
    for (size_t& count : place) before += std::exchange(count, before);
    for (const Scored& scored : best_) {
      sorted[place[digit_of(scored, digit)]++] = scored;
      if (stop.After(2)) return stop.status();
    }
    std::swap(best_, sorted);
  }
  // Of equal scores the smallest node comes first.
  std::vector<Scored> equal;
  for (size_t from = 0, to = 0; from < best_.size(); from = to) {
    for (++to; to < best_.size() && best_[to].score == best_[from].score;) ++to;
    if (stop.After(4 * (to - from))) return stop.status();
    if (to - from == 1) continue;
    const auto first = best_.begin() + static_cast<ptrdiff_t>(from);
    equal.assign(first, first + static_cast<ptrdiff_t>(to - from));
    Status status = PolledSort(poll, &equal);
    if (!status.ok()) return status;
    std::copy(equal.begin(), equal.end(), first);
  }
  return Status::Ok();
}

Status ScoreRows::Finish(uint64_t top, const StopPoll& poll) {
  constexpr size_t kMany = 4096;
  Status status = best_.size() < kMany ? PolledSort(poll, &best_) : SortMany(poll);
  if (best_.size() > top) best_.resize(static_cast<size_t>(top));
  best_.shrink_to_fit();
  return status;
}

void ScoreRows::Column(sqlite3_context* ctx, size_t row, int column) const {
  switch (column) {
    case kNode:
      // The ids lie anywhere: those of later rows are fetched meanwhile.
      if (row + 32 < best_.size()) graph->ids.Fetch(best_[row + 32].node);
      if (row + 16 < best_.size()) graph->ids.FetchText(best_[row + 16].node);
      return graph->ids[best_[row].node].Result(ctx);
    case kScore:
      return sqlite3_result_double(ctx, best_[row].score);
    default:
      return sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(row) + 1);
  }
}

Status ReadTop(const GraphCall& call, uint64_t* top) {
  *top = UINT64_MAX;
  Status status = call.Count("top_k", top);
  *top = std::min(*top, call.wanted());
  return status;
}

Status ReadRankOptions(GraphCall* call, PageRankOptions* options, uint64_t* top) {
  Status status = call->Real("damping", 0, 1, &options->damping);
  if (status.ok()) status = call->Real("tol", 0, 1e301, &options->tolerance);
  if (status.ok()) status = call->Count("max_iter", &options->most_rounds);
  if (status.ok()) status = call->ReadDirection(&options->direction);
  return status.ok() ? ReadTop(*call, top) : std::move(status);
}

Status CheckConverged(GraphCall* call, const PageRankOptions& options,
                      const PageRankResult& result) {
  static constexpr const char* kWords[] = {"error", "return"};
  int choice = 0;
  call->ReportConverged(result.converged);
  Status status = call->Choice("on_max_iter", kWords, &choice);
  if (!status.ok() || result.converged || choice == 1 || options.tolerance == 0) return status;
  return Status::Error(Format(
      "after max_iter = %llu rounds the scores still change by more than tol = %g; give a larger "
      "max_iter or tol, or on_max_iter = 'return'",
      static_cast<unsigned long long>(options.most_rounds), options.tolerance));
}

}  // namespace vecgraph
