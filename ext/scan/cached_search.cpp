#include "scan/cached_search.h"

#include <algorithm>
#include <chrono>

#include "scan/matrix_search.h"
#include "scan/tally.h"

namespace vecgraph {
namespace {

// Counts the rows of the table that are no vectors of the matrix.
Status CountFaults(const Matrix& matrix, const SearchRequest& request, size_t compared,
                   SearchReport* report) {
  Tally tally(request, report);
  for (const Matrix::Fault& fault : matrix.faults()) {
    const Candidates& candidates = *request.candidates;
    if (!candidates.all &&
        !std::binary_search(candidates.rowids.begin(), candidates.rowids.end(), fault.rowid)) {
      continue;
    }
    ++report->rows;
    const bool fits =
        fault.type == SQLITE_BLOB && static_cast<size_t>(fault.bytes) == request.query.bytes();
    Status status = fits ? tally.SkipScore(false, fault.rowid)
                         : tally.SkipRow(fault.type, fault.bytes, fault.rowid);
    if (!status.ok()) return status;
  }
  // Rows that a bound excluded could be compared as well.
  return compared > 0 ? Status::Ok() : tally.Finish();
}

// A restriction to a few rows is better looked up than answered by a matrix that is not there yet.
bool WorthFilling(const SearchRequest& request, const CachedMatrix& entry) {
  return request.candidates->all ||
         static_cast<int64_t>(request.candidates->rowids.size()) > entry.expected_rows / 8;
}

Status Prepare(sqlite3* db, Statement* statement, const Source& source, const std::string& column) {
  if (*statement) return Status::Ok();
  return statement->Prepare(db,
                            "SELECT " + QuoteName(column) + " FROM " + source.QuotedName() +
                                " WHERE " + source.rowid + " = ?1",
                            SQLITE_PREPARE_PERSISTENT);
}

}  // namespace

Status FetchVector(sqlite3* db, CachedTable* table, int64_t rowid, ElementType element,
                   VectorView* vector) {
  Statement& statement = table->vector_by_row;
  Status status = Prepare(db, &statement, table->source, table->source.column);
  if (!status.ok()) return status;
  statement.Reset();
  statement.BindInt(1, rowid);
  const int rc = statement.Step();
  if (rc != SQLITE_ROW) {
    return rc == SQLITE_DONE ? Status::Error("a row has vanished during the search")
                             : DatabaseError(db, rc, "reading " + table->source.Label());
  }
  const void* blob = sqlite3_column_blob(statement.get(), 0);
  const auto bytes = static_cast<size_t>(sqlite3_column_bytes(statement.get(), 0));
  if (!blob) throw std::bad_alloc();
  *vector = {static_cast<const uint8_t*>(blob), DimsOf(element, bytes), element};
  return status;
}

Status FetchIds(sqlite3* db, CachedTable* table, std::vector<Hit>* hits) {
  if (table->source.id.empty()) return Status::Ok();
  Statement& statement = table->id_by_row;
  Status status = Prepare(db, &statement, table->source, table->source.id);
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
  bool ready = false;
  Status status = cache->Ready(db, kernel, held, &entry,
                               WorthFilling(request, entry) ? Filling::kWhenDue : Filling::kNever,
                               threads, &ready);
  if (!status.ok() || !ready) return status;
  const Matrix& matrix = *entry.matrix;
  if (request.strict && !matrix.faults().empty()) return status;

  MatrixRequest search;
  search.search = &request;
  search.kernel = &kernel;
  search.threads = threads;
  search.interrupt = &cache->interrupt();
  search.fetch = [&](int64_t rowid, VectorView* vector) {
    return FetchVector(db, &table, rowid, request.query.type, vector);
  };
  std::vector<uint32_t> slots;
  if (!request.candidates->all) {
    slots = matrix.FindAll(request.candidates->rowids);
    search.slots = &slots;
  }
  MatrixResult found;
  status = SearchMatrix(matrix, search, &found);
  table.vector_by_row.Reset();
  if (!status.ok() || !found.possible) return status;
  if (request.strict && found.scoreless > 0) return status;

  SearchReport current = ReportFor(request, kernel);
  current.tier = found.tier;
  const size_t compared = search.slots ? slots.size() : matrix.rows();
  current.rows = static_cast<int64_t>(compared);
  current.bytes = found.bytes;
  current.survivors = found.scored - found.scoreless;
  current.skipped[static_cast<size_t>(Skip::kScore)] = found.scoreless;
  status = CountFaults(matrix, request, compared, &current);
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
