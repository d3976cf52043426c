// vec_last_scan   what the last search of this connection did: no row before the first, then one
//
//   SELECT tier, kernel, rows, skipped_length, milliseconds FROM vec_last_scan;
//   -- stream|avx2|63666|0|31.4
//
//   source, column, metric, element, dims   what was searched
//   tier           stream: all rows were read; lookup: only the candidates, one by one; int4, int8,
//                  float32, bit: from memory (docs/cache.md)
//   kernel         the CPU level that computed
//   rows           rows read; with a restriction, the candidates
//   skipped_null, skipped_type, skipped_length, skipped_nonfinite, skipped_score
//                  rows without a vector, that are no blob, of another length, with NaN or Inf,
//                  without a finite score
//   bytes          of vectors and codes read
//   survivors      rows whose exact score was computed, and is finite
//   milliseconds   wall time of the search
//   searches       how many searches this connection has made
#include "sqlapi/connection.h"
#include "sqlapi/eponymous.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

enum Column {
  kSource,
  kColumn,
  kMetric,
  kElement,
  kTier,
  kKernel,
  kDims,
  kRows,
  kSkippedNull,  // followed by the other reasons, in the order of Skip
  kSkippedScore = kSkippedNull + static_cast<int>(Skip::kCount) - 1,
  kBytes,
  kSurvivors,
  kMilliseconds,
  kSearches,
};

struct LastScanCursor : sqlite3_vtab_cursor {
  bool done = false;
};

const SearchReport& ReportOf(sqlite3_vtab_cursor* cursor) {
  return static_cast<Connection*>(static_cast<EponymousTable*>(cursor->pVtab)->user)->last_scan;
}

int LastScanConnect(sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out, char**) {
  return ConnectEponymous(
      db, user,
      "CREATE TABLE x(source TEXT, \"column\" TEXT, metric TEXT, element TEXT, tier TEXT, "
      "kernel TEXT, dims INTEGER, rows INTEGER, skipped_null INTEGER, skipped_type INTEGER, "
      "skipped_length INTEGER, skipped_nonfinite INTEGER, skipped_score INTEGER, bytes INTEGER, "
      "survivors INTEGER, milliseconds REAL, searches INTEGER)",
      out);
}

int LastScanBestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
  info->estimatedCost = 1;
  info->estimatedRows = 1;
  return SQLITE_OK;
}

int LastScanFilter(sqlite3_vtab_cursor* base, int, const char*, int, sqlite3_value**) {
  static_cast<LastScanCursor*>(base)->done = ReportOf(base).searches == 0;
  return SQLITE_OK;
}

int LastScanNext(sqlite3_vtab_cursor* base) {
  static_cast<LastScanCursor*>(base)->done = true;
  return SQLITE_OK;
}

int LastScanEof(sqlite3_vtab_cursor* base) {
  return static_cast<LastScanCursor*>(base)->done ? 1 : 0;
}

void ResultText(sqlite3_context* ctx, const char* text) {
  sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
}

int LastScanColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  const SearchReport& report = ReportOf(base);
  if (column >= kSkippedNull && column <= kSkippedScore) {
    sqlite3_result_int64(ctx, report.skipped[static_cast<size_t>(column - kSkippedNull)]);
    return SQLITE_OK;
  }
  switch (column) {
    case kSource:
      ResultText(ctx, report.source.c_str());
      break;
    case kColumn:
      ResultText(ctx, report.column.c_str());
      break;
    case kMetric:
      ResultText(ctx, NameOf(report.metric));
      break;
    case kElement:
      ResultText(ctx, NameOf(report.element));
      break;
    case kTier:
      ResultText(ctx, report.tier);
      break;
    case kKernel:
      ResultText(ctx, report.kernel);
      break;
    case kDims:
      sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(report.dims));
      break;
    case kRows:
      sqlite3_result_int64(ctx, report.rows);
      break;
    case kBytes:
      sqlite3_result_int64(ctx, report.bytes);
      break;
    case kSurvivors:
      sqlite3_result_int64(ctx, report.survivors);
      break;
    case kMilliseconds:
      sqlite3_result_double(ctx, report.milliseconds);
      break;
    case kSearches:
      sqlite3_result_int64(ctx, report.searches);
      break;
    default:
      break;
  }
  return SQLITE_OK;
}

int LastScanRowid(sqlite3_vtab_cursor*, sqlite3_int64* rowid) {
  *rowid = 1;
  return SQLITE_OK;
}

}  // namespace

ModuleDef VecLastScanModule() {
  static const sqlite3_module kModule = [] {
    sqlite3_module module{};
    module.xConnect = LastScanConnect;
    module.xBestIndex = LastScanBestIndex;
    module.xDisconnect = DisconnectEponymous;
    module.xOpen = OpenCursor<LastScanCursor>;
    module.xClose = CloseCursor<LastScanCursor>;
    module.xFilter = LastScanFilter;
    module.xNext = LastScanNext;
    module.xEof = LastScanEof;
    module.xColumn = LastScanColumn;
    module.xRowid = LastScanRowid;
    return module;
  }();
  return {"vec_last_scan", &kModule, false};
}

}  // namespace vecgraph
