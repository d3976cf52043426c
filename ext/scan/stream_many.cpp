#include "scan/stream_many.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "base/workers.h"

namespace vecgraph {
namespace {

constexpr size_t kTileBytes = 65536;
// Queries that meet a tile between two polls. Few: with a large k, all of them sort at once.
constexpr size_t kPollEvery = 2;
constexpr size_t kThreadBytes = size_t{3} << 20;  // what a thread more is worth its waking for

}  // namespace

void StreamMany::Add(std::span<const SearchRequest> requests, std::span<Answer* const> answers) {
  auto group = std::make_unique<Group>();
  group->first = &requests.front();
  group->report = ReportFor(requests.front(), context_.kernel);
  group->tally = std::make_unique<Tally>(*group->first, &group->report);
  group->kept = ids_->AddPart();
  for (size_t i = 0; i < requests.size(); ++i) {
    group->seekers.push_back(std::make_unique<Seeker>(context_.kernel, requests[i], answers[i]));
  }
  groups_.push_back(std::move(group));
}

Status StreamMany::Run() {
  ColumnScan& scan = target_->scan;
  Status status;
  int64_t rows = 0;
  scan.Start();
  int rc;
  while ((rc = scan.Next()) == SQLITE_ROW) {
    ++rows;
    for (const auto& group : groups_) {
      if (status.ok() && !group->failed) status = Visit(group.get());
    }
    if (!status.ok()) break;
  }
  if (status.ok() && rc != SQLITE_DONE) {
    status = DatabaseError(context_.db, rc, "reading " + target_->source.Label());
  }
  scan.Stop();
  if (!status.ok()) return status;
  const auto poll = [&] { return context_.cache->interrupt().Poll(); };
  for (const auto& group : groups_) {
    status = Score(group.get());
    if (!status.ok()) return status;
    // That no row could be compared is the same for all queries of a length.
    if (!group->comparable) {
      const Status failure = group->tally->Finish();
      if (!failure.ok()) Fail(group.get(), failure);
    }
    for (const auto& seeker : group->seekers) {
      report_->survivors += seeker->scorer.scored() - seeker->scorer.scoreless();
      if (!seeker->answer->failure.ok()) continue;
      status = seeker->scorer.best()->Take(poll, &seeker->answer->hits);
      if (!status.ok()) return status;
    }
    report_->bytes += group->report.bytes;
  }
  report_->tier = "stream";
  report_->rows = rows;
  const Group& first = *groups_.front();
  report_->skipped = first.report.skipped;
  report_->skipped[static_cast<size_t>(Skip::kNonfinite)] = first.nonfinite;
  report_->skipped[static_cast<size_t>(Skip::kScore)] = first.scoreless;
  return status;
}

// Takes the row of the scan into the group's tile, if it can be compared.
Status StreamMany::Visit(Group* group) {
  ColumnScan& scan = target_->scan;
  sqlite3_value* const value = scan.vector();
  const int type = sqlite3_value_type(value);
  const void* blob = type == SQLITE_BLOB ? sqlite3_value_blob(value) : nullptr;
  const int bytes = type == SQLITE_BLOB ? sqlite3_value_bytes(value) : 0;
  const size_t wanted = group->first->query.bytes();
  if (type != SQLITE_BLOB || static_cast<size_t>(bytes) != wanted) {
    const Status fault = group->tally->SkipRow(type, bytes, scan.rowid());
    if (fault.ok()) return Status::Ok();
    // A row before this one may have no score, which is then what a query fails with.
    Status status = Score(group);
    Fail(group, fault);
    group->failed = true;
    return status;
  }
  if (!blob) throw std::bad_alloc();  // an empty blob has another length
  group->comparable = true;
  group->report.bytes += bytes;
  const auto* const data = static_cast<const uint8_t*>(blob);
  group->bytes.insert(group->bytes.end(), data, data + bytes);
  group->rowids.push_back(scan.rowid());
  if (sqlite3_value* const id = scan.id()) group->ids.emplace_back(id);
  return group->bytes.size() >= kTileBytes ? Score(group) : Status::Ok();
}

// Scores the tile for every query of the group and empties it.
Status StreamMany::Score(Group* group) {
  const size_t rows = group->rowids.size();
  if (rows == 0) return Status::Ok();
  const VectorView& like = group->first->query;
  const size_t bytes = like.bytes();
  const int64_t scoreless_before = group->seekers.front()->scorer.scoreless();
  std::vector<std::atomic<bool>> kept(rows);
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  int code = SQLITE_OK;  // touched by the caller's thread only
  const auto caller = std::this_thread::get_id();
  const auto body = [&] {
    try {
      size_t s;
      size_t turns = 0;
      while (!failed.load(std::memory_order_relaxed) &&
             (s = next.fetch_add(1)) < group->seekers.size()) {
        Seeker& seeker = *group->seekers[s];
        for (size_t r = 0; r < rows; ++r) {
          const int64_t before = seeker.scorer.kept();
          const VectorView vector{group->bytes.data() + r * bytes, like.dims, like.type};
          const bool scored = seeker.scorer.Score(vector, group->rowids[r]);
          if (!scored && seeker.scoreless_row < 0) seeker.scoreless_row = static_cast<int64_t>(r);
          if (seeker.scorer.kept() != before) kept[r].store(true, std::memory_order_relaxed);
        }
        if (std::this_thread::get_id() != caller || ++turns % kPollEvery != 0) continue;
        code = context_.cache->interrupt().Poll();
        if (code != SQLITE_OK) failed.store(true);
      }
    } catch (...) {
      failed.store(true);
    }
  };
  const size_t work = rows * bytes * group->seekers.size();
  RunOnWorkers(work >= 2 * kThreadBytes ? context_.threads : 1, body);
  if (code != SQLITE_OK) return Status::Code(code, "interrupted");
  if (failed.load()) throw std::bad_alloc();
  CountScoreless(group, group->seekers.front()->scorer.scoreless() - scoreless_before);
  NameScoreless(group);
  for (size_t r = 0; r < group->ids.size(); ++r) {
    if (kept[r].load()) group->kept->Add(group->rowids[r], group->ids[r].get());
  }
  group->bytes.clear();
  group->rowids.clear();
  group->ids.clear();
  return Status::Ok();
}

bool StreamMany::Finite(const Group& group, size_t row) const {
  const VectorView& like = group.first->query;
  return like.type != ElementType::kFloat32 ||
         context_.kernel.finite_f32(group.bytes.data() + row * like.bytes(), like.dims);
}

// Tells apart why the first query has no score for so many rows of the tile.
void StreamMany::CountScoreless(Group* group, int64_t count) {
  if (count == 0) return;
  int64_t nonfinite = 0;
  for (size_t r = 0; r < group->rowids.size(); ++r) nonfinite += Finite(*group, r) ? 0 : 1;
  group->nonfinite += nonfinite;
  group->scoreless += count - nonfinite;
}

// With strict, a row of the tile that has no score for a query is an error of that query.
void StreamMany::NameScoreless(Group* group) {
  for (const auto& seeker : group->seekers) {
    if (seeker->scoreless_row < 0) continue;
    const auto row = static_cast<size_t>(seeker->scoreless_row);
    seeker->scoreless_row = -1;
    if (!group->first->strict || !seeker->answer->failure.ok()) continue;
    seeker->answer->failure = group->tally->SkipScore(Finite(*group, row), group->rowids[row]);
  }
}

// Gives an error to all queries of the group that have none yet.
void StreamMany::Fail(Group* group, const Status& failure) {
  for (const auto& seeker : group->seekers) {
    if (!seeker->answer->failure.ok()) continue;
    seeker->answer->failure = Status::Code(failure.code(), failure.message());
  }
}

}  // namespace vecgraph
