#include "health/audit_duplicates.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/interrupt.h"
#include "base/polled_sort.h"
#include "base/statement.h"
#include "base/value.h"
#include "health/audit.h"

namespace vecgraph {
namespace {

uint64_t WordAt(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Both halves of a product of 128 bits, folded.
uint64_t Mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// A row whose hash another one has.
struct Candidate {
  int64_t place;
  size_t group;

  bool operator==(const Candidate&) const = default;
  bool operator<(const Candidate& other) const { return place < other.place; }
};

// The rows of one hash: those that differ from one another, as they come.
struct Group {
  struct Original {
    int64_t rowid;
    std::string bytes;
  };

  size_t left = 0;  // rows that are still to come
  bool later = false;
  std::vector<Original> originals;
};

// A row that was read again.
struct Found {
  int64_t rowid;
  sqlite3_value* vector;
  sqlite3_value* id;
};

// Compares the candidates in their order.
class Comparison {
 public:
  Comparison(const Source& source, std::vector<Group>* groups, AuditReport* report)
      : unit_(source.has_rowid() ? "rowid" : "row number"), groups_(*groups), report_(report) {}

  // Whether there is room for the row now; if not, it has to be visited by another comparison.
  bool HasRoom(const Candidate& candidate) {
    Group& group = groups_[candidate.group];
    if (group.originals.empty() && copied_ >= Duplicates::kMostCopied) group.later = true;
    return !group.later;
  }

  // `found` is null if the row is gone.
  void Visit(const Candidate& candidate, const Found* found) {
    Group& group = groups_[candidate.group];
    if (found && sqlite3_value_type(found->vector) == SQLITE_BLOB) {
      Compare(&group, candidate, *found);
    }
    if (--group.left > 0) return;
    for (const Group::Original& original : group.originals) copied_ -= original.bytes.size();
    group.originals = {};
  }

 private:
  void Compare(Group* group, const Candidate& candidate, const Found& found) {
    const std::string_view bytes = BlobOf(found.vector);
    const auto original = std::find_if(group->originals.begin(), group->originals.end(),
                                       [&](const auto& o) { return o.bytes == bytes; });
    if (original == group->originals.end()) {
      group->originals.push_back({found.rowid, std::string(bytes)});
      copied_ += bytes.size();
      return;
    }
    report_->faults.push_back(
        {found.rowid, candidate.place, report_->ids.Add(found.id), VectorProblem::kDuplicate,
         Format("the same bytes as %s %lld: embed this row again if its content is another", unit_,
                static_cast<long long>(original->rowid))});
  }

  const char* unit_;
  std::vector<Group>& groups_;
  AuditReport* report_;
  size_t copied_ = 0;
};

// Reads the candidates as the scan comes to them. Adds to `later` those for which there is no room.
Status CompareByScan(ColumnScan* scan, const Source& source,
                     const std::vector<Candidate>& candidates, Comparison* comparison,
                     std::vector<Candidate>* later) {
  const bool table = source.kind == Source::Kind::kTable;
  size_t next = 0;
  int rc = SQLITE_DONE;
  scan->Start();
  for (int64_t n = 1; next < candidates.size() && (rc = scan->Next()) == SQLITE_ROW; ++n) {
    const int64_t place = table ? scan->rowid() : n;
    for (; next < candidates.size() && candidates[next].place <= place; ++next) {
      const Candidate& candidate = candidates[next];
      const Found found{scan->rowid(), scan->vector(), scan->id()};
      if (!comparison->HasRoom(candidate)) {
        later->push_back(candidate);
      } else {
        comparison->Visit(candidate, candidate.place == place ? &found : nullptr);
      }
    }
  }
  Status status;
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
    status = DatabaseError(sqlite3_db_handle(scan->statement()), rc, "reading " + source.Label());
  }
  scan->Stop();
  return status;
}

// Looks each candidate up by its rowid.
// REQUIRES: source is a table.
Status CompareByRowid(sqlite3* db, const Source& source, bool with_id,
                      const std::vector<Candidate>& candidates, Comparison* comparison,
                      std::vector<Candidate>* later) {
  Statement row;
  Status status = row.Prepare(db, RowSql(source, with_id));
  with_id = with_id && !source.id.empty();
  for (const Candidate& candidate : candidates) {
    if (!status.ok()) break;
    if (!comparison->HasRoom(candidate)) {
      later->push_back(candidate);
      continue;
    }
    row.BindInt(1, candidate.place);
    const int rc = row.Step();
    if (rc == SQLITE_ROW) {
      const Found found{candidate.place, sqlite3_column_value(row.get(), 1),
                        with_id ? sqlite3_column_value(row.get(), 2) : nullptr};
      comparison->Visit(candidate, &found);
    } else if (rc == SQLITE_DONE) {
      comparison->Visit(candidate, nullptr);
    } else {
      status = DatabaseError(db, rc, "reading " + source.Label());
    }
    row.Reset();
  }
  return status;
}

// A row is read by its rowid in the time in which a scan reads about so many.
constexpr size_t kRowsOfLookup = 8;

}  // namespace

Duplicates::Duplicates() : seed_{} { sqlite3_randomness(sizeof seed_, seed_); }

uint64_t Duplicates::Hash(const VectorView& v) const {
  constexpr size_t kStep = 64;
  const size_t size = v.bytes();
  const uint8_t* at = v.data;
  const uint8_t* const end = at + size;
  uint64_t lanes[4] = {seed_[0], seed_[1], ~seed_[0], ~seed_[1]};
  const auto take = [&lanes, this](const uint8_t* bytes) {
    for (size_t i = 0; i < 4; ++i) {
      lanes[i] = Mix(WordAt(bytes + 16 * i) ^ seed_[i % 2], WordAt(bytes + 16 * i + 8) ^ lanes[i]);
    }
  };
  for (; static_cast<size_t>(end - at) >= kStep; at += kStep) take(at);
  if (at != end) {
    uint8_t rest[kStep] = {};
    std::memcpy(rest, at, static_cast<size_t>(end - at));
    take(rest);
  }
  return Mix(lanes[0] ^ Mix(lanes[1], lanes[2] | 1) ^ size, lanes[3] ^ seed_[0]);
}

Status Duplicates::Find(sqlite3* db, const Source& source, bool with_id, ColumnScan* scan,
                        AuditReport* report) {
  InterruptPoll interrupt;
  const StopPoll poll = [&] { return interrupt.PollOn(db); };
  const size_t rows = rows_.size();
  Status status = SortDistinct(poll, &rows_);
  if (!status.ok()) return status;
  std::vector<Candidate> candidates;
  std::vector<Group> groups;
  for (size_t from = 0, to = 0; from < rows_.size(); from = to) {
    while (to < rows_.size() && rows_[to].hash == rows_[from].hash) ++to;
    if (to - from < 2) continue;
    for (size_t i = from; i < to; ++i) candidates.push_back({rows_[i].place, groups.size()});
    groups.emplace_back().left = to - from;
  }
  rows_ = {};
  status = SortDistinct(poll, &candidates);
  while (status.ok() && !candidates.empty()) {
    const auto before = static_cast<ptrdiff_t>(report->faults.size());
    for (Group& group : groups) group.later = false;
    Comparison comparison(source, &groups, report);
    std::vector<Candidate> later;
    const bool few =
        source.kind == Source::Kind::kTable && candidates.size() < rows / kRowsOfLookup;
    status = few ? CompareByRowid(db, source, with_id, candidates, &comparison, &later)
                 : CompareByScan(scan, source, candidates, &comparison, &later);
    std::inplace_merge(
        report->faults.begin(), report->faults.begin() + before, report->faults.end(),
        [](const VectorFault& a, const VectorFault& b) { return a.place < b.place; });
    candidates = std::move(later);
  }
  return status;
}

}  // namespace vecgraph
