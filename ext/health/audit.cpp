#include "health/audit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>

#include "base/statement.h"
#include "base/value.h"
#include "health/audit_duplicates.h"
#include "health/query.h"
#include "scan/column_scan.h"
#include "vector/json.h"
#include "vector/vector.h"

namespace vecgraph {
namespace {

constexpr double kUnitTolerance = 1e-4;  // of the norm
constexpr double kLeastNorm = 1e-6;      // vec_normalize leaves what is shorter
constexpr int64_t kGuessRows = 1000;

struct Expected {
  size_t dims = 0;
  bool unit = false;

  bool operator==(const Expected&) const = default;
};

float FloatAt(const uint8_t* bytes, size_t i) {
  float value;
  std::memcpy(&value, bytes + i * sizeof value, sizeof value);
  return value;
}

bool AllEqual(const VectorView& v) {
  const float first = v.Float(0);
  for (size_t i = 1; i < v.dims; ++i) {
    if (v.Float(i) != first) return false;
  }
  return true;
}

bool IsUnit(double norm) { return std::abs(norm - 1) <= kUnitTolerance; }

// The same of a finite vector, from the sum of its squares as a kernel has added them where that is
// clear. Up to 65,536 elements the sum is off by less than a ten-thousandth of it.
bool IsUnit(const VectorView& v, float sum) {
  if (v.dims <= 65536 && std::abs(sum - 1) <= 1e-4F) return true;
  if (v.dims <= 65536 && std::abs(sum - 1) >= 1e-3F) return false;
  return IsUnit(Norm(v));
}

// A guess made from a number of floats alone takes this for inflated: the bytes of a unit vector.
bool HoldsBytesOfUnit(const VectorView& v) {
  if (!HoldsBytes(v.data, v.dims)) return false;
  Vector deflated(ElementType::kFloat32, v.dims / 4);
  Deflate(v.data, v.dims, deflated.data.data());
  return CheckFinite(deflated.view()).ok() && IsUnit(Norm(deflated.view()));
}

// What the rows say is usual.
class Usual {
 public:
  void CountDims(size_t dims) {
    if (dims != last_) {
      last_ = dims;
      last_count_ = &counts_[dims];
    }
    ++*last_count_;
  }
  void CountUnit(bool unit) { ++(unit ? units_ : others_); }

  // The most frequent number of floats, the smallest if there are several; 0: none.
  size_t dims() const {
    std::pair<size_t, int64_t> most{0, 0};
    for (const auto& [dims, count] : counts_) {
      if (count > most.second) most = {dims, count};
    }
    return most.first;
  }
  bool unit() const { return units_ > others_; }

 private:
  std::map<size_t, int64_t> counts_;
  size_t last_ = 0;
  int64_t* last_count_ = nullptr;
  int64_t units_ = 0;
  int64_t others_ = 0;
};

// Examines rows one by one.
class Examiner {
 public:
  Examiner(const AuditRequest& request, Expected expected, AuditReport* report)
      : request_(request), expected_(expected), report_(report) {}

  const Usual& usual() const { return usual_; }
  Duplicates* duplicates() { return &duplicates_; }

  // `guessing`: only what is usual is wanted. `id` gives the id of a row that is at fault.
  template <class Id>
  void Visit(sqlite3_value* value, int64_t rowid, bool guessing, Id&& id) {
    ++report_->rows;
    place_ = request_.source->kind == Source::Kind::kTable ? rowid : report_->rows;
    std::string detail;
    const std::optional<VectorProblem> problem = Examine(value, guessing, &detail);
    if (!problem || guessing) return;
    const StoredId* const kept = report_->ids.Add(id());
    report_->faults.push_back({rowid, place_, kept, *problem, std::move(detail)});
  }

 private:
  std::optional<VectorProblem> Examine(sqlite3_value* value, bool guessing, std::string* detail) {
    const int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) {
      ++report_->nulls;
      return {};
    }
    if (type != SQLITE_BLOB) return ExamineOther(value, type, detail);
    const int bytes = sqlite3_value_bytes(value);
    if (bytes == 0 || bytes % 4 != 0) {
      *detail = Format("%d bytes are no whole number of floats: embed this row again", bytes);
      return VectorProblem::kLength;
    }
    const void* const blob = sqlite3_value_blob(value);
    if (!blob) throw std::bad_alloc();
    const VectorView v{static_cast<const uint8_t*>(blob), static_cast<size_t>(bytes) / 4};
    usual_.CountDims(HoldsBytesOfUnit(v) ? v.dims / 4 : v.dims);
    if (expected_.dims != 0 && v.dims != expected_.dims) return ExamineDims(v, detail);
    return ExamineFloats(v, guessing, detail);
  }

  std::optional<VectorProblem> ExamineOther(sqlite3_value* value, int type, std::string* detail) {
    if (type != SQLITE_TEXT) {
      *detail = Format("%s is no vector: embed this row again", TypeNameOf(type));
      return VectorProblem::kType;
    }
    Vector vector;
    const std::string_view text = TextOf(value);
    if (!ParseJson(text, ElementType::kFloat32, &vector).ok()) {
      *detail = Format(
          "TEXT of %zu bytes that is no JSON array of float32 numbers: embed this row "
          "again",
          text.size());
      return VectorProblem::kType;
    }
    if (expected_.dims != 0 && vector.dims() != expected_.dims) {
      *detail = Format(
          "TEXT, a JSON array of %zu numbers where %zu are expected: embed this row "
          "again",
          vector.dims(), expected_.dims);
      return VectorProblem::kDimensions;
    }
    *detail =
        Format("TEXT, a JSON array of %zu numbers: vec_f32() makes it the blob", vector.dims());
    return VectorProblem::kText;
  }

  // REQUIRES: v has another number of floats than is expected.
  std::optional<VectorProblem> ExamineDims(const VectorView& v, std::string* detail) const {
    if (v.dims == 4 * expected_.dims && HoldsBytes(v.data, v.dims)) {
      *detail = Format("%zu floats that are the bytes of %zu: vec_deflate() restores them", v.dims,
                       expected_.dims);
      return VectorProblem::kInflated;
    }
    *detail = Format("%zu floats where %zu are expected: embed this row again with the same model",
                     v.dims, expected_.dims);
    return VectorProblem::kDimensions;
  }

  std::optional<VectorProblem> ExamineFloats(const VectorView& v, bool guessing,
                                             std::string* detail) {
    const float sum = request_.kernel->dot_f32(v.data, v.data, v.dims);
    // A sum of squares is finite only if all elements are; large ones overflow it.
    if (!std::isfinite(sum) && !request_.kernel->finite_f32(v.data, v.dims)) {
      const Status fault = CheckFinite(v);
      *detail = fault.message() + ": embed this row again";
      return VectorProblem::kNonfinite;
    }
    if (AllEqual(v)) {
      if (v.Float(0) == 0) {
        *detail = "all elements are 0: embed this row again, or set it to NULL";
        return VectorProblem::kZero;
      }
      if (v.dims > 1) {
        *detail = Format("all %zu elements are %.9g: embed this row again", v.dims,
                         static_cast<double>(v.Float(0)));
        return VectorProblem::kConstant;
      }
    }
    const bool unit = IsUnit(v, sum);
    usual_.CountUnit(unit);
    if (request_.duplicates && !guessing) duplicates_.Add(v, place_);
    if (unit || !expected_.unit) return {};
    if (guessing) return VectorProblem::kNotUnit;
    const double norm = Norm(v);
    *detail =
        norm > kLeastNorm
            ? Format("length %.9g where most have 1: vec_normalize() makes it 1", norm)
            : Format("length %.9g, too short for vec_normalize(): embed this row again", norm);
    return VectorProblem::kNotUnit;
  }

  const AuditRequest& request_;
  const Expected expected_;
  AuditReport* report_;
  int64_t place_ = 0;  // of the row that is examined
  Usual usual_;
  Duplicates duplicates_;
};

// Reads the rows, at most `limit` of them.
Status Read(const AuditRequest& request, ColumnScan* scan, int64_t limit, bool guessing,
            Examiner* examiner) {
  scan->Start();
  int rc = SQLITE_DONE;
  for (int64_t n = 0; n < limit && (rc = scan->Next()) == SQLITE_ROW; ++n) {
    examiner->Visit(scan->vector(), scan->rowid(), guessing, [&] { return scan->id(); });
  }
  Status status;
  if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
    status = DatabaseError(sqlite3_db_handle(scan->statement()), rc,
                           "reading " + request.source->Label());
  }
  scan->Stop();
  return status;
}

// What the table embedding_models says of the column; a database without one says nothing. Whether
// there is one is looked up: a statement that fails for the lack of it makes SQLite look at the
// schema of every database again, and wait for those that are locked.
Status ReadModel(sqlite3* db, const Source& source, std::optional<int64_t>* dims) {
  if (source.kind == Source::Kind::kQuery) return Status::Ok();
  int64_t columns = 0;
  Status status = ReadInt(db,
                          "SELECT count(*) FROM pragma_table_xinfo('embedding_models', ?1) "
                          "WHERE lower(name) IN ('table_name', 'column_name', 'dims')",
                          {source.schema}, &columns);
  if (!status.ok() || columns < 3) return status;
  int64_t found = 0;
  status = ReadInt(db,
                   "SELECT dims FROM " + QuoteName(source.schema) +
                       ".embedding_models WHERE lower(table_name) = lower(?1) AND "
                       "lower(column_name) = lower(?2) AND typeof(dims) = 'integer' AND dims > 0",
                   {source.name, source.column}, &found);
  if (status.ok() && found > 0) *dims = found;
  return status;
}

// Guesses what is not given from the first rows.
Status Guess(const AuditRequest& request, bool given, ColumnScan* scan, Expected* expected) {
  for (int round = given ? 1 : 0; round < 2;
       ++round) {  // unit or not is asked of those of the usual length
    AuditReport ignored;
    Examiner examiner(request, *expected, &ignored);
    Status status = Read(request, scan, kGuessRows, true, &examiner);
    if (!status.ok()) return status;
    if (!given) expected->dims = examiner.usual().dims();
    expected->unit = examiner.usual().unit();
  }
  return Status::Ok();
}

}  // namespace

const char* NameOf(VectorProblem problem) {
  static constexpr std::array kNames{"type",      "text", "length",   "inflated", "dimensions",
                                     "nonfinite", "zero", "constant", "not_unit", "duplicate"};
  return kNames[static_cast<size_t>(problem)];
}

bool IsByte(float value) {
  return value >= 0 && value <= 255 && !std::signbit(value) &&
         value == static_cast<float>(static_cast<int>(value));
}

bool HoldsBytes(const void* floats, size_t n) {
  const auto* const bytes = static_cast<const uint8_t*>(floats);
  if (n == 0 || n % 4 != 0) return false;
  for (size_t i = 0; i < n; ++i) {
    if (!IsByte(FloatAt(bytes, i))) return false;
  }
  return true;
}

void Deflate(const void* floats, size_t n, uint8_t* bytes) {
  for (size_t i = 0; i < n; ++i) {
    bytes[i] = static_cast<uint8_t>(FloatAt(static_cast<const uint8_t*>(floats), i));
  }
}

Status AuditVectors(sqlite3* db, const AuditRequest& request, AuditReport* report) {
  std::optional<int64_t> dims = request.dims;
  Status status = dims ? Status::Ok() : ReadModel(db, *request.source, &dims);
  if (!status.ok()) return status;
  ColumnScan scan;
  status = scan.Open(db, *request.source, request.with_id);
  if (!status.ok()) return status;
  Expected expected;
  if (dims) expected.dims = static_cast<size_t>(*dims);
  status = Guess(request, dims.has_value(), &scan, &expected);
  // Of a source that gives the same rows each time, two rounds know the length and the third all.
  for (int round = 0; status.ok(); ++round) {
    *report = AuditReport();
    Examiner examiner(request, expected, report);
    status = Read(request, &scan, INT64_MAX, false, &examiner);
    if (!status.ok()) return status;
    Expected found = expected;
    if (!dims) found.dims = examiner.usual().dims();
    if (found.dims == expected.dims) found.unit = examiner.usual().unit();
    report->dims = static_cast<int64_t>(expected.dims);
    report->unit = expected.unit;
    if (found == expected || round == 2) {
      status = examiner.duplicates()->Find(db, *request.source, request.with_id, &scan, report);
      break;
    }
    expected = found;
  }
  return status;
}

}  // namespace vecgraph
