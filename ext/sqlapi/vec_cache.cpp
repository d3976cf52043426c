// vec_cache   the vectors that this connection keeps in memory: a row per matrix
//
//   SELECT source, "column", rows, bytes, valid FROM vec_cache;
//   -- nodes|embedding|63666|147718208|1
//
//   source, column, element, dims   what is kept
//   rows           vectors
//   faults         rows that are no such vector (NULL, other lengths, NaN)
//   bytes          memory taken
//   vectors        1: the vectors and their codes; 0: the codes alone
//   valid          0: the table has changed since; the next searches read it, or fill it anew
//   served         searches of this connection answered since it was filled
//   shared         1: of a tracked table, one for all connections of the process to the file
//
// See vec_config('cache_mb') for how much memory there may be.
#include <string>
#include <vector>

#include "sqlapi/connection.h"
#include "sqlapi/eponymous.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

enum Column {
  kSource,
  kColumn,
  kElement,
  kDims,
  kRows,
  kFaults,
  kBytes,
  kVectors,
  kValid,
  kServed,
  kShared,
};

// A row, copied when the scan begins: a search may change the cache while it is listed.
struct CacheRow {
  std::string source;
  std::string column;
  ElementType element = ElementType::kFloat32;
  sqlite3_int64 numbers[kShared + 1] = {};
};

struct CacheCursor : sqlite3_vtab_cursor {
  std::vector<CacheRow> rows;
  size_t at = 0;
};

int CacheConnect(sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out, char**) {
  return ConnectEponymous(
      db, user,
      "CREATE TABLE x(source TEXT, \"column\" TEXT, element TEXT, dims INTEGER, "
      "rows INTEGER, faults INTEGER, bytes INTEGER, vectors INTEGER, "
      "valid INTEGER, served INTEGER, shared INTEGER)",
      out);
}

int CacheBestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
  info->estimatedCost = 10;
  info->estimatedRows = 10;
  return SQLITE_OK;
}

// Whether the log of a tracked table leads from what the matrix shows to what the table does.
bool Follows(CachedTable* table, const LogPosition& position) {
  bool chained = false;
  std::vector<int64_t> rowids;
  LogPosition now;
  return table->log.tracked() && position.known() &&
         table->log.Changes(position, INT64_MAX, &chained, &rowids, &now).ok() && chained;
}

void AddRow(sqlite3* db, const std::shared_ptr<CachedTable>& table, const CachedMatrix& entry,
            std::vector<CacheRow>* rows) {
  std::shared_lock<std::shared_mutex> lock;
  if (entry.shared) lock = {entry.shared->mutex, std::try_to_lock};
  if (entry.shared && !lock) return;  // about to change
  const Matrix* matrix = entry.shared ? entry.shared->matrix.get() : entry.matrix.get();
  if (!matrix) return;
  const Source& source = table->source;
  CacheRow row;
  row.source = source.schema == "main" ? source.name : source.schema + "." + source.name;
  row.column = source.column;
  row.element = entry.element;
  bool valid = false;
  if (!table->busy) {
    const HeldTable held(db, table);
    valid =
        entry.shared ? Follows(table.get(), entry.shared->position) : held.key().SameAs(entry.key);
  }
  row.numbers[kDims] = static_cast<sqlite3_int64>(entry.dims);
  row.numbers[kRows] = static_cast<sqlite3_int64>(matrix->rows());
  row.numbers[kFaults] = static_cast<sqlite3_int64>(matrix->faults().all().size());
  row.numbers[kBytes] = matrix->bytes();
  row.numbers[kVectors] = matrix->has_vectors() ? 1 : 0;
  row.numbers[kValid] = valid ? 1 : 0;
  row.numbers[kServed] = entry.served;
  row.numbers[kShared] = entry.shared ? 1 : 0;
  rows->push_back(std::move(row));
}

int CacheFilter(sqlite3_vtab_cursor* base, int, const char*, int, sqlite3_value**) {
  auto* cursor = static_cast<CacheCursor*>(base);
  auto* table = static_cast<EponymousTable*>(base->pVtab);
  return GuardTable(table, [&] {
    cursor->rows.clear();
    cursor->at = 0;
    // A copy: looking at a table steps a statement, and what that calls may search.
    const auto tables = static_cast<Connection*>(table->user)->cache.tables();
    for (const auto& cached : tables) {
      for (const auto& entry : cached->matrices) {
        AddRow(table->db, cached, *entry, &cursor->rows);
      }
    }
    return Status::Ok();
  });
}

int CacheNext(sqlite3_vtab_cursor* base) {
  ++static_cast<CacheCursor*>(base)->at;
  return SQLITE_OK;
}

int CacheEof(sqlite3_vtab_cursor* base) {
  const auto* cursor = static_cast<CacheCursor*>(base);
  return cursor->at >= cursor->rows.size() ? 1 : 0;
}

int CacheColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  const auto* cursor = static_cast<CacheCursor*>(base);
  const CacheRow& row = cursor->rows[cursor->at];
  const auto text = [&](const std::string& s) {
    sqlite3_result_text64(ctx, s.data(), s.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  };
  switch (column) {
    case kSource:
      text(row.source);
      break;
    case kColumn:
      text(row.column);
      break;
    case kElement:
      sqlite3_result_text(ctx, NameOf(row.element), -1, SQLITE_STATIC);
      break;
    default:
      sqlite3_result_int64(ctx, row.numbers[column]);
      break;
  }
  return SQLITE_OK;
}

int CacheRowid(sqlite3_vtab_cursor* base, sqlite3_int64* rowid) {
  *rowid = static_cast<sqlite3_int64>(static_cast<CacheCursor*>(base)->at) + 1;
  return SQLITE_OK;
}

}  // namespace

ModuleDef VecCacheModule() {
  static const sqlite3_module kModule = [] {
    sqlite3_module module{};
    module.xConnect = CacheConnect;
    module.xBestIndex = CacheBestIndex;
    module.xDisconnect = DisconnectEponymous;
    module.xOpen = OpenCursor<CacheCursor>;
    module.xClose = CloseCursor<CacheCursor>;
    module.xFilter = CacheFilter;
    module.xNext = CacheNext;
    module.xEof = CacheEof;
    module.xColumn = CacheColumn;
    module.xRowid = CacheRowid;
    return module;
  }();
  return {"vec_cache", &kModule, false};
}

}  // namespace vecgraph
