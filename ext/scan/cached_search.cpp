#include "scan/cached_search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "scan/aligned_copy.h"
#include "scan/matrix_search.h"
#include "scan/tally.h"

namespace vecgraph {
namespace {

// Counts the rows of the table that are no vectors of the matrix.
Status CountFaults(const Matrix& matrix, const SearchRequest& request,
                   const std::vector<int64_t>& changed, Tally* tally, SearchReport* report) {
  const auto among = [](const std::vector<int64_t>& sorted, int64_t rowid) {
    return std::binary_search(sorted.begin(), sorted.end(), rowid);
  };
  for (const Matrix::Fault& fault : matrix.faults()) {
    const Candidates& candidates = *request.candidates;
    if (!candidates.all && !among(candidates.rowids, fault.rowid)) continue;
    if (among(changed, fault.rowid)) continue;
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
  bool Has(int64_t rowid) const { return Among(rowids_, rowid); }

  // Scores them, and puts the best of them and of `hits` into `hits`.
  Status Score(sqlite3* db, CachedTable* table, const KernelTable& kernel,
               const SearchRequest& request, Tally* tally, SearchReport* report,
               std::vector<Hit>* hits) const {
    TopK best(request.limit);
    for (Hit& hit : *hits) best.Add(std::move(hit));
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
    *hits = best.Take();
    return Status::Ok();
  }

 private:
  static bool Among(const std::vector<int64_t>& sorted, int64_t rowid) {
    return std::binary_search(sorted.begin(), sorted.end(), rowid);
  }

  std::vector<int64_t> rowids_;
};

// The slots to search, if not all: of the candidates, without the changed rows.
std::optional<std::vector<uint32_t>> SlotsOf(const Matrix& matrix, const Candidates& candidates,
                                             const ChangedRows& changed) {
  if (candidates.all && changed.empty()) return std::nullopt;
  std::vector<uint32_t> slots;
  if (!candidates.all) {
    slots = matrix.FindAll(candidates.rowids);
  } else {
    slots.reserve(matrix.rows());
    for (size_t slot = 0; slot < matrix.slots(); ++slot) {
      if (!matrix.dead(slot)) slots.push_back(static_cast<uint32_t>(slot));
    }
  }
  if (!changed.empty()) {
    std::erase_if(slots, [&](uint32_t slot) { return changed.Has(matrix.rowid(slot)); });
  }
  return slots;
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

Status FetchIds(sqlite3* db, CachedTable* table, std::vector<Hit>* hits) {
  if (table->source.id.empty()) return Status::Ok();
  Statement& statement = table->id_by_row;
  const Source& source = table->source;
  Status status;
  if (!statement) {
    status = statement.Prepare(db,
                               "SELECT " + QuoteName(source.id) + " FROM " + source.QuotedName() +
                                   " WHERE " + source.rowid + " = ?1",
                               SQLITE_PREPARE_PERSISTENT);
  }
  for (Hit& hit : *hits) {
    if (!status.ok()) break;
    statement.BindInt(1, hit.rowid);
    const int rc = statement.Step();
    if (rc == SQLITE_ROW) {
      hit.id = Value(sqlite3_column_value(statement.get(), 0));
    } else if (rc != SQLITE_DONE) {
      status = DatabaseError(db, rc, "reading " + table->source.Label());
    }
    statement.Reset();
  }
  return status;
}

Status SearchCached(sqlite3* db, const KernelTable& kernel, int threads, TableCache* cache,
                    HeldTable* held, const SearchRequest& request, std::vector<Hit>* hits,
                    SearchReport* report, bool* answered) {
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
  if (request.strict && !(matrix.faults().empty() && changed.empty())) return status;

  MatrixRequest search;
  search.search = &request;
  search.kernel = &kernel;
  search.threads = threads;
  search.interrupt = &cache->interrupt();
  search.fetch = [&](int64_t rowid, VectorView* vector) {
    return FetchVector(db, &table, rowid, request.query.type, vector);
  };
  const std::optional<std::vector<uint32_t>> slots = SlotsOf(matrix, *request.candidates, changed);
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
  status = CountFaults(matrix, request, view.changed, &tally, &current);
  if (status.ok() && !changed.empty()) {
    status = changed.Score(db, &table, kernel, request, &tally, &current, &found.hits);
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

}  // namespace vecgraph
