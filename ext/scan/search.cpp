#include "scan/search.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/interrupt.h"
#include "base/statement.h"
#include "scan/aligned_copy.h"
#include "scan/tally.h"

namespace vecgraph {
namespace {

// Scores rows one by one and keeps the best.
class RowScorer {
 public:
  RowScorer(const KernelTable& kernel, const SearchRequest& request, SearchReport* report)
      : kernel_(kernel),
        request_(request),
        query_(request.query),
        query_bytes_(static_cast<int>(request.query.bytes())),
        self_(request.metric == Metric::kCosine ? SelfDot(kernel, request.query) : 0),
        best_(request.limit),
        report_(report),
        tally_(request, report) {}

  // Scores the vector of a row. `id`, called only for a row that is kept, returns its id column or
  // null.
  template <class Id>
  Status Visit(sqlite3_value* value, int64_t rowid, Id id) {
    ++report_->rows;
    const int type = sqlite3_value_type(value);
    if (type != SQLITE_BLOB) return tally_.SkipRow(type, 0, rowid);
    const void* blob = sqlite3_value_blob(value);
    const int bytes = sqlite3_value_bytes(value);
    report_->bytes += bytes;
    if (bytes != query_bytes_) return tally_.SkipRow(type, bytes, rowid);
    if (!blob) throw std::bad_alloc();  // an empty blob has another length
    const VectorView vector{static_cast<const uint8_t*>(blob), request_.query.dims,
                            request_.query.type};
    const double distance = Distance(kernel_, request_.metric, query_.view(), vector, self_);
    const double score = ScoreOf(request_.metric, distance);
    if (!std::isfinite(distance) || !std::isfinite(score)) {
      const bool finite =
          vector.type != ElementType::kFloat32 || kernel_.finite_f32(vector.data, vector.dims);
      return tally_.SkipScore(finite, rowid);
    }
    ++report_->survivors;
    if (request_.min_score && !(score >= *request_.min_score)) return Status::Ok();
    if (request_.after && !(*request_.after < Hit{distance, rowid, {}})) return Status::Ok();
    if (best_.Admits(distance, rowid)) best_.Add({distance, rowid, best_.Keep(id())});
    return Status::Ok();
  }

  // The hits in order; an error when rows were there but none could be compared.
  Status Finish(sqlite3* db, Hits* hits) {
    Status status = tally_.Finish();
    if (!status.ok()) return status;
    InterruptPoll interrupt;
    return best_.Take([&] { return interrupt.PollOn(db); }, hits);
  }

 private:
  const KernelTable& kernel_;
  const SearchRequest& request_;
  const AlignedCopy query_;
  const int query_bytes_;
  const double self_;
  TopK best_;
  SearchReport* report_;
  Tally tally_;
};

// Whether looking up the candidates one by one is cheaper than reading every row. A look-up costs
// about two to four rows of a scan; the largest rowid bounds the number of rows.
Status PreferLookUp(sqlite3* db, const SearchRequest& request, bool* prefer) {
  *prefer = false;
  const Source& source = *request.source;
  if (request.candidates->all || source.kind != Source::Kind::kTable) return Status::Ok();
  Statement statement;
  Status status =
      statement.Prepare(db, "SELECT max(" + source.rowid + ") FROM " + source.QuotedName());
  if (!status.ok()) return status;
  const int rc = statement.Step();
  if (rc != SQLITE_ROW) return DatabaseError(db, rc, "reading " + source.Label());
  const auto count = static_cast<int64_t>(request.candidates->rowids.size());
  *prefer = count <= 64 || count < statement.Int(0) / 4;
  return Status::Ok();
}

Status LookUp(sqlite3* db, const SearchRequest& request, RowScorer* scorer) {
  Statement statement;
  Status status = statement.Prepare(db, RowSql(*request.source, request.with_id));
  for (const int64_t rowid : request.candidates->rowids) {
    if (!status.ok()) break;
    statement.BindInt(1, rowid);
    const int rc = statement.Step();
    if (rc == SQLITE_ROW) {
      const auto id = [&]() -> sqlite3_value* {
        return sqlite3_column_count(statement.get()) > 2 ? sqlite3_column_value(statement.get(), 2)
                                                         : nullptr;
      };
      status = scorer->Visit(sqlite3_column_value(statement.get(), 1), rowid, id);
    } else if (rc != SQLITE_DONE) {
      status = DatabaseError(db, rc, "reading " + request.source->Label());
    }
    statement.Reset();
  }
  return status;
}

Status Stream(sqlite3* db, const SearchRequest& request, ColumnScan* scan, RowScorer* scorer) {
  const Candidates& candidates = *request.candidates;
  const bool has_rowid = request.source->has_rowid();
  Status status;
  scan->Start();
  int rc;
  while ((rc = scan->Next()) == SQLITE_ROW) {
    const int64_t rowid = scan->rowid();
    if (!candidates.all) {
      const bool wanted =
          has_rowid ? std::binary_search(candidates.rowids.begin(), candidates.rowids.end(), rowid)
                    : std::all_of(candidates.ids.begin(), candidates.ids.end(),
                                  [&](const IdSet& ids) { return ids.Contains(scan->id()); });
      if (!wanted) continue;
    }
    status = scorer->Visit(scan->vector(), rowid, [&] { return scan->id(); });
    if (!status.ok()) break;
  }
  if (status.ok() && rc != SQLITE_DONE) {
    status = DatabaseError(db, rc, "reading " + request.source->Label());
  }
  scan->Stop();
  return status;
}

}  // namespace

SearchReport ReportFor(const SearchRequest& request, const KernelTable& kernel) {
  SearchReport report{.searches = 0,
                      .source = request.source->name,
                      .column = request.source->column,
                      .metric = request.metric,
                      .element = request.query.type,
                      .tier = "stream",
                      .kernel = kernel.name,
                      .dims = request.query.dims};
  if (request.source->kind != Source::Kind::kQuery && request.source->schema != "main") {
    report.source = request.source->schema + "." + report.source;
  }
  return report;
}

Status Search(sqlite3* db, const KernelTable& kernel, const SearchRequest& request,
              ColumnScan* scan, Hits* hits, SearchReport* report) {
  const auto start = std::chrono::steady_clock::now();
  // Not yet in *report: a source that is a view may search as well, and report there.
  SearchReport current = ReportFor(request, kernel);
  RowScorer scorer(kernel, request, &current);
  bool look_up = false;
  Status status = PreferLookUp(db, request, &look_up);
  if (look_up) current.tier = "lookup";
  if (status.ok()) {
    status = look_up ? LookUp(db, request, &scorer) : Stream(db, request, scan, &scorer);
  }
  if (status.ok()) status = scorer.Finish(db, hits);
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  current.milliseconds = elapsed.count();
  current.searches = report->searches + 1;
  *report = std::move(current);
  return status;
}

}  // namespace vecgraph
