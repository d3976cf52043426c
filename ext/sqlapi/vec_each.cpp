// vec_each(vector)   the elements of a vector, one a row
//
//   SELECT rowid, value FROM vec_each('[0.5, 2]');
//   -- 0|0.5
//   -- 1|2.0
//
// rowid counts from 0. float32 elements are REAL, int8 and bit elements INTEGER; the bits of a byte
// come from the most significant on (vec_to_json writes them from the least significant on: both
// orders are sqlite-vec's). NULL and anything else that is no vector is an error.
//
// DECLARED AS  CREATE TABLE x(value, vector HIDDEN)
// PLAN         the only argument of xFilter is the vector.
#include "base/value.h"
#include "sqlapi/args.h"
#include "sqlapi/eponymous.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

enum Column { kValue, kVector };

struct EachCursor : sqlite3_vtab_cursor {
  Value value;    // the argument
  VectorArg arg;  // views it
  size_t at = 0;
};

int EachConnect(sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out, char**) {
  const int rc = ConnectEponymous(db, user, "CREATE TABLE x(value, vector HIDDEN)", out);
  return rc == SQLITE_OK ? sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS) : rc;
}

int EachBestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
  bool given = false;
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (constraint.iColumn != kVector || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    given = true;
    if (!constraint.usable) continue;
    info->aConstraintUsage[i].argvIndex = 1;
    info->aConstraintUsage[i].omit = 1;
    info->estimatedCost = 100;
    info->estimatedRows = 100;
    return SQLITE_OK;
  }
  if (given) return SQLITE_CONSTRAINT;
  // xFilter turns this plan into an error. Not here: SQLite also plans the two sides of an OR
  // alone, without the argument.
  info->estimatedCost = 1e50;
  return SQLITE_OK;
}

int EachFilter(sqlite3_vtab_cursor* base, int, const char*, int argc, sqlite3_value** argv) {
  auto* cursor = static_cast<EachCursor*>(base);
  return GuardTable(base->pVtab, [&] {
    cursor->at = 0;
    cursor->arg = {};
    if (argc == 0) {
      return Status::Error("vec_each: the argument 'vector' is missing; write vec_each(vector)");
    }
    ElementType type;
    if (!TypeOfSubtype(sqlite3_value_subtype(argv[0]), &type)) {
      return Status::Error("vec_each: the argument is no vector");
    }
    cursor->value = Value(argv[0]);
    Status status = DecodeVector(cursor->value.get(), type, Finite::kCheck, &cursor->arg);
    if (status.ok()) return status;
    cursor->arg = {};
    return Status::Error("vec_each: " + status.message());
  });
}

int EachNext(sqlite3_vtab_cursor* base) {
  ++static_cast<EachCursor*>(base)->at;
  return SQLITE_OK;
}

int EachEof(sqlite3_vtab_cursor* base) {
  const auto* cursor = static_cast<EachCursor*>(base);
  return cursor->at >= cursor->arg.view.dims ? 1 : 0;
}

int EachColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  const auto* cursor = static_cast<EachCursor*>(base);
  const VectorView& v = cursor->arg.view;
  const size_t i = cursor->at;
  if (column == kVector) {
    sqlite3_result_value(ctx, cursor->value.get());
  } else if (v.type == ElementType::kFloat32) {
    sqlite3_result_double(ctx, v.Float(i));
  } else if (v.type == ElementType::kInt8) {
    sqlite3_result_int(ctx, v.Int8(i));
  } else {
    sqlite3_result_int(ctx, (v.data[i / 8] >> (7 - i % 8)) & 1);
  }
  return SQLITE_OK;
}

int EachRowid(sqlite3_vtab_cursor* base, sqlite3_int64* rowid) {
  *rowid = static_cast<sqlite3_int64>(static_cast<EachCursor*>(base)->at);
  return SQLITE_OK;
}

}  // namespace

ModuleDef VecEachModule() {
  static const sqlite3_module kModule = [] {
    sqlite3_module module{};
    module.xConnect = EachConnect;
    module.xBestIndex = EachBestIndex;
    module.xDisconnect = DisconnectEponymous;
    module.xOpen = OpenCursor<EachCursor>;
    module.xClose = CloseCursor<EachCursor>;
    module.xFilter = EachFilter;
    module.xNext = EachNext;
    module.xEof = EachEof;
    module.xColumn = EachColumn;
    module.xRowid = EachRowid;
    return module;
  }();
  return {"vec_each", &kModule, true};
}

}  // namespace vecgraph
