// vec_audit(source, column [, dims])
//
// The rows whose embedding is faulty, a row per fault, as docs/audit.md lists them.
//
//   SELECT rowid, id, problem, detail FROM vec_audit('nodes', 'embedding');
//   -- 17|notes/soup|inflated|1536 floats that are the bytes of 384: vec_deflate() restores them
//
// ARGUMENTS, by position or by name in WHERE
//   source  name of a table or view, or db_query('SELECT ...'), as for vec_topk
//   column  the column that holds the vectors
//   dims    how many floats are expected; omitted or NULL: what the table embedding_models says of
//           the column, else the most frequent number
//
// ROWS come in the order in which the source is read: of a table by rowid. rowid and id are those
// of vec_topk.
//
// HOW IT WORKS
//   xFilter makes the whole audit (health/audit.h) and keeps its rows. Nothing is locked between
//   them.
//
// DECLARED AS
//   CREATE TABLE x(id, problem TEXT, detail TEXT, source HIDDEN, "column" HIDDEN, dims HIDDEN)
//
// THE PLAN is idxNum: 1 when the statement reads the id, plus 2 when it wants no duplicates, which
// SQLite from 3.38 tells of problem = 'zero' and problem <> 'duplicate'; and a string that names
// the arguments that xFilter receives (argument_plan.h).
#include <array>
#include <string>
#include <string_view>

#include "base/compat.h"
#include "base/value.h"
#include "health/audit.h"
#include "sqlapi/argument_plan.h"
#include "sqlapi/eponymous.h"
#include "sqlapi/guard.h"
#include "sqlapi/options.h"
#include "sqlapi/registry.h"
#include "sqlapi/search_depth.h"
#include "sqlapi/search_options.h"

namespace vecgraph {
namespace {

enum Column { kId, kProblem, kDetail, kFirstHidden };
enum Argument { kSource, kColumn, kDims, kArguments };
enum PlanBit { kWithId = 1, kWithoutDuplicates = 2 };

constexpr std::array<const char*, kArguments> kArgumentNames = {"source", "column", "dims"};
constexpr const char* kUsage = "vec_audit(source, column [, dims])";
// A blob has at most 2^31 - 1 bytes.
constexpr int64_t kMostDims = (int64_t{1} << 29) - 1;

struct AuditCursor : sqlite3_vtab_cursor {
  std::array<Value, kArguments> values;
  Source source;
  AuditReport report;
  size_t at = 0;
};

int AuditConnect(sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out, char**) {
  return ConnectEponymous(db, user,
                          "CREATE TABLE x(id, problem TEXT, detail TEXT, source HIDDEN, "
                          "\"column\" HIDDEN, dims HIDDEN)",
                          out);
}

// ---- planning -----------------------------------------------------------------------------------

// Whether a term leaves no duplicate: problem = 'zero', problem <> 'duplicate'. It is only looked
// at; SQLite tests it.
bool ExcludesDuplicates(sqlite3_index_info* info, int i) {
  const auto& constraint = info->aConstraint[i];
  const bool equal = constraint.op == SQLITE_INDEX_CONSTRAINT_EQ;
  if (constraint.iColumn != kProblem || !HasVtabIn()) return false;
  if (!equal && constraint.op != SQLITE_INDEX_CONSTRAINT_NE) return false;
  if (sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY") != 0) return false;
  sqlite3_value* value = nullptr;
  if (sqlite3_vtab_rhs_value(info, i, &value) != SQLITE_OK || !value) return false;
  if (sqlite3_value_type(value) != SQLITE_TEXT) return false;
  return (TextOf(value) == NameOf(VectorProblem::kDuplicate)) != equal;
}

int AuditBestIndex(sqlite3_vtab* table, sqlite3_index_info* info) {
  const auto arguments = FindArguments<kArguments>(*info, kFirstHidden);
  if (WaitsForLater(*info, arguments)) return SQLITE_CONSTRAINT;
  return GuardTable(table, [&] {
    for (const Argument needed : {kSource, kColumn}) {
      if (arguments[needed] < 0) return PlanMissing(info, kArgumentNames[needed]);
    }
    Plan plan(info);
    for (size_t a = 0; a < kArguments; ++a) {
      if (arguments[a] >= 0) plan.Take(arguments[a], kArgumentNames[a], true);
    }
    if ((info->colUsed & (1U << kId)) != 0) info->idxNum |= kWithId;
    for (int i = 0; i < info->nConstraint; ++i) {
      if (ExcludesDuplicates(info, i)) info->idxNum |= kWithoutDuplicates;
    }
    info->estimatedCost = 1e6;  // reads the whole source
    info->estimatedRows = 100;
    return plan.Finish();
  });
}

// ---- auditing -----------------------------------------------------------------------------------

Status Wrong(const std::string& what) { return Status::Error("vec_audit: " + what); }

Status ReadDims(sqlite3_value* value, std::optional<int64_t>* dims) {
  if (!value || sqlite3_value_type(value) == SQLITE_NULL) return Status::Ok();
  int64_t count = 0;
  if (!ReadCount(value, &count)) return Status::Error(CountError("vec_audit", "dims", value));
  if (count < 1 || count > kMostDims) {
    return Wrong(Format("dims must be 1 to %lld, found %lld", static_cast<long long>(kMostDims),
                        static_cast<long long>(count)));
  }
  *dims = count;
  return Status::Ok();
}

Status Audit(Connection* connection, int bits, const std::array<sqlite3_value*, kArguments>& given,
             AuditCursor* cursor) {
  GivenSource source;
  std::string column;
  AuditRequest request;
  request.source = &cursor->source;
  request.kernel = connection->kernel;
  request.with_id = (bits & kWithId) != 0;
  request.duplicates = (bits & kWithoutDuplicates) == 0;
  Status status = ReadSource("vec_audit", "source", given[kSource], &source);
  if (status.ok()) status = ReadName("vec_audit", "column", given[kColumn], &column);
  if (status.ok()) status = ReadDims(given[kDims], &request.dims);
  if (!status.ok()) return status;
  status = source.is_query ? ResolveQuery(connection->db, source.text, column, &cursor->source)
                           : ResolveTable(connection->db, source.text, column, &cursor->source);
  if (status.ok()) status = AuditVectors(connection->db, request, &cursor->report);
  if (status.ok()) return status;
  return Status::Code(status.code(), "vec_audit: " + status.message());
}

int AuditFilter(sqlite3_vtab_cursor* base, int bits, const char* plan, int, sqlite3_value** argv) {
  auto* cursor = static_cast<AuditCursor*>(base);
  auto* connection = static_cast<Connection*>(static_cast<EponymousTable*>(base->pVtab)->user);
  return GuardTable(base->pVtab, [&] {
    cursor->at = 0;
    cursor->report = AuditReport();
    if (const char* missing = MissingArgument(plan)) return Wrong(MissingError(missing, kUsage));
    const Depth depth(connection);
    if (depth.TooDeep()) return Wrong(kTooDeep);
    std::array<sqlite3_value*, kArguments> given{};
    int next = 0;
    for (size_t a = 0; a < kArguments; ++a) {
      if (std::string_view(plan).find(kArgumentNames[a]) != std::string_view::npos) {
        given[a] = argv[next++];
      }
      cursor->values[a] = Value(given[a]);
    }
    return Audit(connection, bits, given, cursor);
  });
}

// ---- rows ---------------------------------------------------------------------------------------

int AuditNext(sqlite3_vtab_cursor* base) {
  ++static_cast<AuditCursor*>(base)->at;
  return SQLITE_OK;
}

int AuditEof(sqlite3_vtab_cursor* base) {
  const auto* cursor = static_cast<AuditCursor*>(base);
  return cursor->at >= cursor->report.faults.size() ? 1 : 0;
}

int AuditColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  const auto* cursor = static_cast<AuditCursor*>(base);
  const VectorFault& fault = cursor->report.faults[cursor->at];
  switch (column) {
    case kId:
      if (fault.id) {
        SetResult(ctx, fault.id);
      } else if (cursor->source.id.empty()) {
        sqlite3_result_int64(ctx, fault.rowid);
      }
      break;
    case kProblem:
      sqlite3_result_text(ctx, NameOf(fault.problem), -1, SQLITE_STATIC);
      break;
    case kDetail:
      sqlite3_result_text64(ctx, fault.detail.data(), fault.detail.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8);
      break;
    default:
      if (const Value& value = cursor->values[static_cast<size_t>(column - kFirstHidden)]) {
        sqlite3_result_value(ctx, value.get());
      }
  }
  return SQLITE_OK;
}

int AuditRowid(sqlite3_vtab_cursor* base, sqlite3_int64* rowid) {
  const auto* cursor = static_cast<AuditCursor*>(base);
  *rowid = cursor->report.faults[cursor->at].rowid;
  return SQLITE_OK;
}

}  // namespace

ModuleDef VecAuditModule() {
  static const sqlite3_module kModule = [] {
    sqlite3_module module{};
    module.xConnect = AuditConnect;
    module.xBestIndex = AuditBestIndex;
    module.xDisconnect = DisconnectEponymous;
    module.xOpen = OpenCursor<AuditCursor>;
    module.xClose = CloseCursor<AuditCursor>;
    module.xFilter = AuditFilter;
    module.xNext = AuditNext;
    module.xEof = AuditEof;
    module.xColumn = AuditColumn;
    module.xRowid = AuditRowid;
    return module;
  }();
  return {"vec_audit", &kModule, false};
}

}  // namespace vecgraph
