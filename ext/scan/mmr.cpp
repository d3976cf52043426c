#include "scan/mmr.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/value.h"

namespace vecgraph {
namespace {

// So many bytes are compared between two questions whether to stop: about a millisecond.
constexpr size_t kStretch = size_t{4} << 20;

Status Interrupted(int code) { return Status::Code(code, "interrupted"); }

}  // namespace

Status HitVectors::Lock() {
  if (source_.kind == Source::Kind::kTable) return Status::Ok();
  Status status = scan_.Open(db_, source_, false);
  if (!status.ok()) return status;
  scan_.Start();
  code_ = scan_.Next();
  return status;
}

// Copies the vector of hit `i`; it must give the distance that the search found. A null `value`:
// there is no such row.
Status HitVectors::Take(const Relevance& relevance, const Hit& hit, size_t i,
                        sqlite3_value* value) {
  if (value && sqlite3_value_type(value) == SQLITE_BLOB) {
    const std::string_view blob = BlobOf(value);
    const VectorView vector{reinterpret_cast<const uint8_t*>(blob.data()), dims_, type_};
    if (blob.size() == vector.bytes() && Distance(relevance.kernel, relevance.metric,
                                                  relevance.query, vector, self_) == hit.distance) {
      std::memcpy(lines_[i * lines_each_].bytes, blob.data(), blob.size());
      return Status::Ok();
    }
  }
  return Status::Error(Format("row %lld of %s was another one when it was searched",
                              static_cast<long long>(hit.rowid), source_.Label().c_str()));
}

Status HitVectors::LookUp(const Relevance& relevance, const Hits& hits, const StopPoll& poll) {
  Statement statement;
  Status status = statement.Prepare(db_, RowSql(source_, false));
  for (size_t i = 0; status.ok() && i < hits.size(); ++i) {
    statement.BindInt(1, hits[i].rowid);
    const int rc = statement.Step();
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
      return DatabaseError(db_, rc, "reading " + source_.Label());
    }
    status = Take(relevance, hits[i], i,
                  rc == SQLITE_ROW ? sqlite3_column_value(statement.get(), 1) : nullptr);
    statement.Reset();
    if (i % 1024 == 1023) {
      if (const int code = poll()) return Interrupted(code);
    }
  }
  return status;
}

Status HitVectors::ReadThrough(const Relevance& relevance, const Hits& hits, const StopPoll& poll) {
  std::vector<std::pair<int64_t, size_t>> wanted;  // (rowid, hit)
  wanted.reserve(hits.size());
  for (size_t i = 0; i < hits.size(); ++i) wanted.emplace_back(hits[i].rowid, i);
  Status status = SortDistinct(poll, &wanted);
  size_t found = 0;
  for (; status.ok() && code_ == SQLITE_ROW && found < wanted.size(); code_ = scan_.Next()) {
    const auto at =
        std::lower_bound(wanted.begin(), wanted.end(), std::make_pair(scan_.rowid(), size_t{0}));
    if (at == wanted.end() || at->first != scan_.rowid()) continue;
    status = Take(relevance, hits[at->second], at->second, scan_.vector());
    ++found;
  }
  const int code = code_;
  scan_.Stop();
  if (!status.ok() || found == wanted.size()) return status;
  if (code != SQLITE_DONE) return DatabaseError(db_, code, "reading " + source_.Label());
  return Status::Error(
      Format("%s has fewer rows than when it was searched", source_.Label().c_str()));
}

Status HitVectors::Read(const Relevance& relevance, const Hits& hits, const StopPoll& poll) {
  dims_ = relevance.query.dims;
  type_ = relevance.query.type;
  self_ = relevance.metric == Metric::kCosine ? SelfDot(relevance.kernel, relevance.query) : 0;
  lines_each_ = (relevance.query.bytes() + sizeof(Line) - 1) / sizeof(Line);
  lines_.resize(hits.size() * lines_each_);
  if (hits.empty()) return Status::Ok();
  return source_.kind == Source::Kind::kTable ? LookUp(relevance, hits, poll)
                                              : ReadThrough(relevance, hits, poll);
}

Status PickDiverse(const Relevance& relevance, const Hits& hits, const HitVectors& vectors,
                   double lambda, int64_t k, const StopPoll& poll, std::vector<Pick>* picks) {
  struct Candidate {
    size_t hit;
    double score;
    double nearest = -INFINITY;  // the highest similarity to what was picked
  };
  picks->clear();
  std::vector<Candidate> left;
  left.reserve(hits.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    left.push_back({i, ScoreOf(relevance.metric, hits[i].distance)});
  }
  size_t compared = 0;
  while (!left.empty()) {
    size_t best = 0;
    double highest = -INFINITY;
    for (size_t i = 0; i < left.size(); ++i) {
      const double likeness = std::isfinite(left[i].nearest) ? left[i].nearest : 0;
      const double value = lambda * left[i].score - (1 - lambda) * likeness;
      if (value > highest) {
        highest = value;
        best = i;
      }
    }
    picks->push_back({left[best].hit, highest});
    if (static_cast<int64_t>(picks->size()) >= k) break;
    const VectorView picked = vectors[left[best].hit];
    left.erase(left.begin() + static_cast<ptrdiff_t>(best));
    const double self = relevance.metric == Metric::kCosine ? SelfDot(relevance.kernel, picked) : 0;
    for (Candidate& candidate : left) {
      const double distance =
          Distance(relevance.kernel, relevance.metric, picked, vectors[candidate.hit], self);
      const double similarity = ScoreOf(relevance.metric, distance);
      if (std::isfinite(similarity)) candidate.nearest = std::max(candidate.nearest, similarity);
      compared += 64 + picked.bytes();
      if (compared < kStretch) continue;
      compared = 0;
      if (const int code = poll()) return Interrupted(code);
    }
  }
  return Status::Ok();
}

}  // namespace vecgraph
