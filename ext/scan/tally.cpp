#include "scan/tally.h"

#include "base/value.h"

namespace vecgraph {

Status Tally::SkipRow(int type, int bytes, int64_t rowid) {
  if (type == SQLITE_NULL) {
    Count(Skip::kNull);
    return Status::Ok();
  }
  Count(type == SQLITE_BLOB ? Skip::kLength : Skip::kType);
  // A row of the wrong length tells more than one of another type.
  const bool tells_more = first_fault_.type != SQLITE_BLOB && type == SQLITE_BLOB;
  const bool tells_less = first_fault_.type == SQLITE_BLOB && type != SQLITE_BLOB;
  const bool earlier = !first_fault_.rowid || rowid < *first_fault_.rowid;
  if (tells_more || (earlier && !tells_less)) first_fault_ = {rowid, type, bytes};
  if (!request_.strict) return Status::Ok();
  if (type != SQLITE_BLOB) return Strict(rowid, Format("is %s, not BLOB", TypeNameOf(type)));
  return Strict(rowid,
                Format("has %d bytes, but the query has %zu dimensions (%d bytes of %s)", bytes,
                       request_.query.dims, query_bytes_, NameOf(request_.query.type)));
}

Status Tally::SkipScore(bool finite, int64_t rowid) {
  comparable_ = true;
  Count(finite ? Skip::kScore : Skip::kNonfinite);
  if (!request_.strict) return Status::Ok();
  return Strict(rowid, finite ? Format("has no finite %s score", NameOf(request_.metric))
                              : std::string("holds NaN or Inf"));
}

Status Tally::Finish() const {
  if (comparable_ || report_->survivors > 0 || !first_fault_.rowid) return Status::Ok();
  if (report_->Skipped(Skip::kLength) == 0) {
    return Status::Error(Format("%s holds no blobs (%s %lld is %s)", Label().c_str(), Unit(),
                                static_cast<long long>(*first_fault_.rowid),
                                TypeNameOf(first_fault_.type)));
  }
  return Status::Error(
      Format("the query has %zu dimensions (%d bytes of %s), but no row of %s has (%s %lld has %d "
             "bytes)",
             request_.query.dims, query_bytes_, NameOf(request_.query.type), Label().c_str(),
             Unit(), static_cast<long long>(*first_fault_.rowid), first_fault_.bytes));
}

Status Tally::Strict(int64_t rowid, const std::string& what) const {
  return Status::Error(Format("%s: %s %lld %s (strict = 1)", Label().c_str(), Unit(),
                              static_cast<long long>(rowid), what.c_str()));
}

}  // namespace vecgraph
