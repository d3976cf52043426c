#include "scan/cached_search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "scan/aligned_copy.h"
#include "scan/matrix_search.h"
#include "scan/matrix_search_many.h"
#include "scan/tally.h"

namespace vecgraph {
namespace {

// The first from `first` on that is not before `rowid`. It is looked for in steps that double: in
// turns, two long lists find what they have in common, and a short one skips most of a long one.
template <class Iterator, class Rowid>
Iterator SkipTo(Iterator first, Iterator last, int64_t rowid, Rowid rowid_of) {
  const auto before = [&](const auto& one, int64_t other) { return rowid_of(one) < other; };
  for (ptrdiff_t step = 1; first != last && before(*first, rowid); step *= 2) {
    const Iterator end = last - first > step ? first + step : last;
    if (end == last || !before(*end, rowid)) return std::lower_bound(first, end, rowid, before);
    first = end;
  }
  return first;
}

// Counts the rows of the table that are no vectors of the matrix.
Status CountFaults(const Matrix& matrix, const SearchRequest& request,
                   const std::vector<int64_t>& changed, const StopPoll& poll, Tally* tally,
                   SearchReport* report) {
  const std::vector<FaultList::Fault>& faults = matrix.faults().all();
  const Candidates& candidates = *request.candidates;
  if (candidates.all && changed.empty() && matrix.rows() > 0) {
    // There may be millions. No error is about one of them: rows can be compared, and a strict
    // search does not get here unless they are all NULL.
    const FaultList::Counts& counts = matrix.faults().counts();
    report->rows += static_cast<int64_t>(faults.size());
    for (const auto& [why, count] : {std::pair(Skip::kNull, counts.null),
                                     {Skip::kType, counts.type},
                                     {Skip::kLength, counts.length},
                                     {Skip::kNonfinite, counts.nonfinite}}) {
      report->skipped[static_cast<size_t>(why)] += count;
    }
    return Status::Ok();
  }
  constexpr size_t kStretch = 16384;
  const auto itself = [](int64_t rowid) { return rowid; };
  auto wanted = candidates.rowids.begin();
  auto change = changed.begin();
  size_t visited = 0;
  for (auto next = faults.begin(); next != faults.end();) {
    if (++visited % kStretch == 0) {
      if (const int code = poll()) return Status::Code(code, "interrupted");
    }
    if (!candidates.all) {
      wanted = SkipTo(wanted, candidates.rowids.end(), next->rowid, itself);
      if (wanted == candidates.rowids.end()) break;
      if (*wanted != next->rowid) {
        next = SkipTo(next, faults.end(), *wanted, [](const auto& one) { return one.rowid; });
        continue;
      }
    }
    const FaultList::Fault& fault = *next++;
    change = SkipTo(change, changed.end(), fault.rowid, itself);
    if (change != changed.end() && *change == fault.rowid) continue;
    ++report->rows;
    const bool fits =
        fault.type == SQLITE_BLOB && static_cast<size_t>(fault.bytes) == request.query.bytes();
    Status status = fits ? tally->SkipScore(false, fault.rowid)
                         : tally->SkipRow(fault.type, fault.bytes, fault.rowid);
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

// A restriction to a few rows is better looked up than answered by a matrix that is not there yet.
bool WorthFilling(const SearchRequest& request, const CachedMatrix& entry) {
  return request.candidates->all ||
         static_cast<int64_t>(request.candidates->rowids.size()) > entry.expected_rows / 8;
}

// Rows whose values the matrix does not have: they are read from the table.
class ChangedRows {
 public:
  ChangedRows(const std::vector<int64_t>& rowids, const Candidates& candidates) {
    for (const int64_t rowid : rowids) {
      if (candidates.all || Among(candidates.rowids, rowid)) rowids_.push_back(rowid);
    }
  }

  bool empty() const { return rowids_.empty(); }
  const std::vector<int64_t>& rowids() const { return rowids_; }

  // Scores them, and puts the best of them and of `hits` into `hits`.
  Status Score(sqlite3* db, CachedTable* table, const KernelTable& kernel,
               const SearchRequest& request, const StopPoll& poll, Tally* tally,
               SearchReport* report, Hits* hits) const {
    TopK best(request.limit);
    best.Absorb(std::move(*hits));
    const AlignedCopy query(request.query);
    const double self = request.metric == Metric::kCosine ? SelfDot(kernel, request.query) : 0;
    for (const int64_t rowid : rowids_) {
      RowValue value;
      Status status = ReadRow(db, table, rowid, &value);
      if (!status.ok()) return status;
      if (value.type == 0) continue;
      ++report->rows;
      report->bytes += value.bytes;
      if (value.type != SQLITE_BLOB || static_cast<size_t>(value.bytes) != request.query.bytes()) {
        status = tally->SkipRow(value.type, value.bytes, rowid);
        if (!status.ok()) return status;
        continue;
      }
      const VectorView vector{value.blob, request.query.dims, request.query.type};
      const double distance = Distance(kernel, request.metric, query.view(), vector, self);
      const double score = ScoreOf(request.metric, distance);
      if (!std::isfinite(distance) || !std::isfinite(score)) {
        const bool finite =
            vector.type != ElementType::kFloat32 || kernel.finite_f32(vector.data, vector.dims);
        status = tally->SkipScore(finite, rowid);
        if (!status.ok()) return status;
        continue;
      }
      ++report->survivors;
      if (request.min_score && !(score >= *request.min_score)) continue;
      if (request.after && !(*request.after < Hit{distance, rowid, {}})) continue;
      if (best.Admits(distance, rowid)) best.Add({distance, rowid, {}});
    }
    return best.Take(poll, hits);
  }

 private:
  static bool Among(const std::vector<int64_t>& sorted, int64_t rowid) {
    return std::binary_search(sorted.begin(), sorted.end(), rowid);
  }

  std::vector<int64_t> rowids_;
};

// The slots to search, if not all: of the candidates, without the changed rows.
Status FindSlots(const Matrix& matrix, const Candidates& candidates, const ChangedRows& changed,
                 const StopPoll& poll, std::optional<std::vector<uint32_t>>* slots) {
  if (candidates.all && changed.empty()) return Status::Ok();
  std::vector<uint32_t> left_out;
  Status status = matrix.FindAll(changed.rowids(), poll, &left_out);
  if (!status.ok()) return status;
  constexpr size_t kStretch = size_t{1} << 18;
  auto next = left_out.begin();
  if (!candidates.all) {
    std::vector<uint32_t>& wanted = slots->emplace();
    status = matrix.FindAll(candidates.rowids, poll, &wanted);
    if (!status.ok() || left_out.empty()) return status;
    size_t kept = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (i % kStretch == 0) {
        if (const int code = poll()) return Status::Code(code, "interrupted");
      }
      while (next != left_out.end() && *next < wanted[i]) ++next;
      if (next == left_out.end() || *next != wanted[i]) wanted[kept++] = wanted[i];
    }
    wanted.resize(kept);
    return status;
  }
  std::vector<uint32_t>& all = slots->emplace();
  all.reserve(matrix.rows());
  for (size_t slot = 0; slot < matrix.slots(); ++slot) {
    if (slot % kStretch == 0) {
      if (const int code = poll()) return Status::Code(code, "interrupted");
    }
    if (next != left_out.end() && *next == slot) {
      ++next;
    } else if (!matrix.dead(slot)) {
      all.push_back(static_cast<uint32_t>(slot));
    }
  }
  return Status::Ok();
}

// From this many queries on a matrix is worth filling at once.
constexpr size_t kWorthFilling = 8;

// A matrix that was never filled is sized by the rows that there are.
Status ExpectRows(sqlite3* db, const Source& source, CachedMatrix* entry) {
  if (entry->expected_rows > 0) return Status::Ok();
  Statement statement;
  Status status = statement.Prepare(db, "SELECT count(*) FROM " + source.QuotedName());
  if (!status.ok()) return status;
  const int rc = statement.Step();
  if (rc != SQLITE_ROW) return DatabaseError(db, rc, "reading " + source.Label());
  entry->expected_rows = statement.Int(0);
  return status;
}

// Whether a strict search would find a fault among the rows of the table.
bool HasFault(const Matrix& matrix) {
  return static_cast<int64_t>(matrix.faults().all().size()) > matrix.faults().counts().null;
}

// Calls use(id) with the value of a row's id column, if there is the row.
template <class Use>
Status FetchId(sqlite3* db, CachedTable* table, int64_t rowid, Use use) {
  Statement& statement = table->id_by_row;
  const Source& source = table->source;
  Status status;
  if (!statement) {
    status = statement.Prepare(db,
                               "SELECT " + QuoteName(source.id) + " FROM " + source.QuotedName() +
                                   " WHERE " + source.rowid + " = ?1",
                               SQLITE_PREPARE_PERSISTENT);
  }
  if (!status.ok()) return status;
  statement.BindInt(1, rowid);
  const int rc = statement.Step();
  if (rc == SQLITE_ROW) {
    use(sqlite3_column_value(statement.get(), 0));
  } else if (rc != SQLITE_DONE) {
    status = DatabaseError(db, rc, "reading " + source.Label());
  }
  statement.Reset();
  return status;
}

}  // namespace

Status FetchVector(sqlite3* db, CachedTable* table, int64_t rowid, ElementType element,
                   VectorView* vector) {
  RowValue value;
  Status status = ReadRow(db, table, rowid, &value);
  if (!status.ok()) return status;
  if (value.type != SQLITE_BLOB) return Status::Error("a row has vanished during the search");
  *vector = {value.blob, DimsOf(element, static_cast<size_t>(value.bytes)), element};
  return status;
}

Status FetchIds(sqlite3* db, CachedTable* table, Hits* hits) {
  Status status;
  if (table->source.id.empty()) return status;
  for (size_t i = 0; i < hits->size() && status.ok(); ++i) {
    status = FetchId(db, table, (*hits)[i].rowid, [&](sqlite3_value* id) { hits->SetId(i, id); });
  }
  return status;
}

Status SearchCached(sqlite3* db, const KernelTable& kernel, int threads, TableCache* cache,
                    HeldTable* held, const SearchRequest& request, Hits* hits, SearchReport* report,
                    bool* answered) {
  *answered = false;
  const auto start = std::chrono::steady_clock::now();
  CachedTable& table = held->table();
  CachedMatrix& entry = cache->MatrixOf(&table, request.query.type, request.query.dims);
  using Filling = TableCache::Filling;
  MatrixView view;
  Status status = cache->Ready(db, kernel, held, &entry,
                               WorthFilling(request, entry) ? Filling::kWhenDue : Filling::kNever,
                               threads, &view);
  if (!status.ok() || !view.matrix) return status;
  const Matrix& matrix = *view.matrix;
  const ChangedRows changed(view.changed, *request.candidates);
  // An error names the first faulty row of the table: the stream finds it.
  if (request.strict && (HasFault(matrix) || !changed.empty())) return status;

  MatrixRequest search;
  search.search = &request;
  search.kernel = &kernel;
  search.threads = threads;
  search.interrupt = &cache->interrupt();
  search.fetch = [&](int64_t rowid, VectorView* vector) {
    return FetchVector(db, &table, rowid, request.query.type, vector);
  };
  const StopPoll poll = [&] { return cache->interrupt().Poll(); };
  std::optional<std::vector<uint32_t>> slots;
  status = FindSlots(matrix, *request.candidates, changed, poll, &slots);
  if (!status.ok()) return status;
  if (slots) search.slots = &*slots;
  MatrixResult found;
  status = SearchMatrix(matrix, search, &found);
  table.vector_by_row.Reset();
  if (!status.ok() || !found.possible) return status;
  if (request.strict && found.scoreless > 0) return status;

  SearchReport current = ReportFor(request, kernel);
  current.tier = found.tier;
  const size_t compared = slots ? slots->size() : matrix.rows();
  current.rows = static_cast<int64_t>(compared);
  current.bytes = found.bytes;
  current.survivors = found.scored - found.scoreless;
  current.skipped[static_cast<size_t>(Skip::kScore)] = found.scoreless;
  Tally tally(request, &current);
  status = CountFaults(matrix, request, view.changed, poll, &tally, &current);
  if (status.ok() && !changed.empty()) {
    status = changed.Score(db, &table, kernel, request, poll, &tally, &current, &found.hits);
    table.vector_by_row.Reset();
  }
  // Rows that a bound excluded could be compared as well.
  if (status.ok() && compared == 0) status = tally.Finish();
  if (status.ok() && request.with_id) status = FetchIds(db, &table, &found.hits);
  if (!status.ok()) return status;
  *hits = std::move(found.hits);
  *answered = true;
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  current.milliseconds = elapsed.count();
  current.searches = report->searches + 1;
  *report = std::move(current);
  return status;
}

namespace {

// Asks one by one: some rows have to be read from the table for each query.
Status SearchInTurn(sqlite3* db, const KernelTable& kernel, int threads, TableCache* cache,
                    HeldTable* held, std::span<const SearchRequest> requests,
                    std::vector<Answer>* found, SearchReport* report, bool* answered) {
  Status status;
  *answered = true;
  for (size_t i = 0; i < requests.size() && *answered && status.ok(); ++i) {
    SearchRequest request = requests[i];
    request.with_id = false;
    SearchReport one;
    status =
        SearchCached(db, kernel, threads, cache, held, request, &(*found)[i].hits, &one, answered);
    if (status.code() == SQLITE_ERROR) {  // of this query, as that it can be compared with no row
      (*found)[i].failure = std::exchange(status, Status::Ok());
      *answered = true;
      continue;
    }
    one.bytes += report->bytes;
    one.survivors += report->survivors;
    *report = std::move(one);
  }
  return status;
}

// Asks the matrix for all at once.
Status SearchAtOnce(sqlite3* db, const KernelTable& kernel, int threads, TableCache* cache,
                    CachedTable* table, const Matrix& matrix,
                    std::span<const SearchRequest> requests, std::vector<Answer>* answers,
                    SearchReport* report, bool* answered) {
  const SearchRequest& first = requests.front();
  // The search that reads the table names the first fault.
  if (first.strict && HasFault(matrix)) return Status::Ok();
  MatrixRequest search;
  search.kernel = &kernel;
  search.threads = threads;
  search.interrupt = &cache->interrupt();
  search.fetch = [&](int64_t rowid, VectorView* vector) {
    return FetchVector(db, table, rowid, first.query.type, vector);
  };
  std::vector<MatrixResult> found;
  Status status = SearchMatrixMany(matrix, search, requests, &found);
  table->vector_by_row.Reset();
  if (!status.ok()) return status;
  for (const MatrixResult& result : found) {
    if (!result.possible || (first.strict && result.scoreless > 0)) return status;
  }
  report->rows = static_cast<int64_t>(matrix.rows());
  report->tier = found.front().tier;
  report->skipped[static_cast<size_t>(Skip::kScore)] = found.front().scoreless;
  Tally tally(first, report);
  const StopPoll poll = [&] { return cache->interrupt().Poll(); };
  status = CountFaults(matrix, first, {}, poll, &tally, report);
  if (status.code() == SQLITE_INTERRUPT) return status;
  // Rows that a bound excluded could be compared as well.
  if (status.ok() && matrix.rows() == 0) status = tally.Finish();
  for (size_t i = 0; i < found.size(); ++i) {
    report->bytes += found[i].bytes;
    report->survivors += found[i].scored - found[i].scoreless;
    (*answers)[i].hits = std::move(found[i].hits);
    // The same for all queries of a length.
    if (!status.ok()) (*answers)[i].failure = Status::Code(status.code(), status.message());
  }
  *answered = true;
  return Status::Ok();
}

// Fetches the id of each row that is among the hits, once, in the order of the rowids.
Status FetchIdsOfAll(sqlite3* db, CachedTable* table, const std::vector<Answer>& found,
                     const StopPoll& poll, IdMap* ids) {
  TopK by_rowid(INT64_MAX);
  size_t count = 0;
  for (const Answer& answer : found) {
    for (size_t i = 0; i < answer.hits.size(); ++i) {
      if (++count % Hits::kChunk == 0) {
        if (const int code = poll()) return Status::Code(code, "interrupted");
      }
      by_rowid.Add({0, answer.hits[i].rowid, nullptr});
    }
  }
  Hits rows;
  Status status = by_rowid.Take(poll, &rows);
  IdMap::Part* const part = ids->AddPart();
  for (size_t i = 0; i < rows.size() && status.ok(); ++i) {
    const int64_t rowid = rows[i].rowid;
    if (i > 0 && rows[i - 1].rowid == rowid) continue;
    status = FetchId(db, table, rowid, [&](sqlite3_value* id) { part->Add(rowid, id); });
  }
  return status;
}

}  // namespace

Status SearchCachedMany(sqlite3* db, const KernelTable& kernel, int threads, TableCache* cache,
                        HeldTable* held, std::span<const SearchRequest> requests,
                        std::span<Answer* const> answers, IdMap* ids, SearchReport* report,
                        bool* answered) {
  *answered = false;
  const SearchRequest& first = requests.front();
  CachedTable& table = held->table();
  CachedMatrix& entry = cache->MatrixOf(&table, first.query.type, first.query.dims);
  using Filling = TableCache::Filling;
  const bool now = requests.size() >= kWorthFilling;
  Status status;
  if (now && cache->memory().cap() > 0) status = ExpectRows(db, table.source, &entry);
  std::vector<Answer> found(requests.size());
  SearchReport current = ReportFor(first, kernel);
  bool in_turn = false;
  if (status.ok()) {
    MatrixView view;
    status = cache->Ready(db, kernel, held, &entry, now ? Filling::kNow : Filling::kWhenDue,
                          threads, &view);
    if (!status.ok() || !view.matrix) return status;
    in_turn = !view.changed.empty();
    if (!in_turn) {
      status = SearchAtOnce(db, kernel, threads, cache, &table, *view.matrix, requests, &found,
                            &current, answered);
    }
  }
  if (status.ok() && in_turn) {
    status = SearchInTurn(db, kernel, threads, cache, held, requests, &found, &current, answered);
  }
  if (!status.ok() || !*answered) return status;
  if (first.with_id && !table.source.id.empty()) {
    status = FetchIdsOfAll(
        db, &table, found, [&] { return cache->interrupt().Poll(); }, ids);
    if (!status.ok()) return status;
  }
  for (size_t i = 0; i < found.size(); ++i) *answers[i] = std::move(found[i]);
  current.bytes += report->bytes;
  current.survivors += report->survivors;
  *report = std::move(current);
  return status;
}

}  // namespace vecgraph
