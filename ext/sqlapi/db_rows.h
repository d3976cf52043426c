// RowsTable: a read-only table function that makes all its rows when a scan begins.
//
// A `Spec` has kSchema (the columns, hidden arguments last), kColumns (how many come before them),
// kArguments (how many there are), kCost, and Fill(), which makes the rows from the arguments. An
// argument that is not given is an empty Value.
// Threads: as the connection.
#pragma once

#include <array>
#include <vector>

#include "base/sqlite.h"
#include "base/value.h"
#include "health/cell.h"
#include "sqlapi/eponymous.h"
#include "sqlapi/guard.h"

namespace vecgraph {

using CellRow = std::vector<Cell>;

// Returns a cell from a function or a column.
inline void ResultCell(sqlite3_context* ctx, const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) {
    const std::string valid = ValidUtf8(*text);
    sqlite3_result_text64(ctx, valid.data(), valid.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  } else if (const auto* number = std::get_if<int64_t>(&cell)) {
    sqlite3_result_int64(ctx, *number);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    sqlite3_result_double(ctx, *real);
  } else {
    sqlite3_result_null(ctx);
  }
}

template <class Spec>
struct RowsTable {
  static constexpr size_t kGiven = Spec::kArguments > 0 ? Spec::kArguments : 1;

  struct Cursor : sqlite3_vtab_cursor {
    std::vector<CellRow> rows;
    size_t at = 0;
    std::array<Value, kGiven> given;
  };

  static int Connect(sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out, char**) {
    return ConnectEponymous(db, user, Spec::kSchema, out);
  }

  // Takes the arguments that a plan knows; the scan makes all rows, whatever is asked of them.
  static int BestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
    std::array<int, kGiven> found;
    found.fill(-1);
    for (int i = 0; i < info->nConstraint; ++i) {
      const auto& constraint = info->aConstraint[i];
      if (constraint.iColumn < Spec::kColumns || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) {
        continue;
      }
      if (!constraint.usable) return SQLITE_CONSTRAINT;
      found[static_cast<size_t>(constraint.iColumn - Spec::kColumns)] = i;
    }
    int next = 0;
    for (size_t argument = 0; argument < Spec::kArguments; ++argument) {
      if (found[argument] < 0) continue;
      info->idxNum |= 1 << argument;
      auto& usage = info->aConstraintUsage[found[argument]];
      usage.argvIndex = ++next;
      usage.omit = 1;
    }
    info->estimatedCost = Spec::kCost;
    info->estimatedRows = 50;
    return SQLITE_OK;
  }

  static int Filter(sqlite3_vtab_cursor* base, int plan, const char*, int, sqlite3_value** argv) {
    auto* cursor = static_cast<Cursor*>(base);
    return GuardTable(base->pVtab, [&]() -> Status {
      cursor->rows.clear();
      cursor->at = 0;
      int next = 0;
      for (size_t argument = 0; argument < kGiven; ++argument) {
        const bool given = (plan & 1 << argument) != 0;
        cursor->given[argument] = Value(given ? argv[next++] : nullptr);
      }
      return Spec::Fill(*static_cast<EponymousTable*>(base->pVtab), cursor->given, &cursor->rows);
    });
  }

  static int Next(sqlite3_vtab_cursor* base) {
    ++static_cast<Cursor*>(base)->at;
    return SQLITE_OK;
  }

  static int Eof(sqlite3_vtab_cursor* base) {
    const auto* cursor = static_cast<Cursor*>(base);
    return cursor->at >= cursor->rows.size() ? 1 : 0;
  }

  static int Column(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
    const auto* cursor = static_cast<Cursor*>(base);
    return GuardTable(base->pVtab, [&] {
      if (column < Spec::kColumns) {
        ResultCell(ctx, cursor->rows[cursor->at][static_cast<size_t>(column)]);
      } else if (const Value& value = cursor->given[static_cast<size_t>(column - Spec::kColumns)]) {
        sqlite3_result_value(ctx, value.get());
      }
      return Status::Ok();
    });
  }

  static int Rowid(sqlite3_vtab_cursor* base, sqlite3_int64* rowid) {
    *rowid = static_cast<sqlite3_int64>(static_cast<Cursor*>(base)->at) + 1;
    return SQLITE_OK;
  }

  static const sqlite3_module* Module() {
    static const sqlite3_module kModule = [] {
      sqlite3_module module{};  // xCreate stays null: eponymous only
      module.xConnect = Connect;
      module.xBestIndex = BestIndex;
      module.xDisconnect = DisconnectEponymous;
      module.xOpen = OpenCursor<Cursor>;
      module.xClose = CloseCursor<Cursor>;
      module.xFilter = Filter;
      module.xNext = Next;
      module.xEof = Eof;
      module.xColumn = Column;
      module.xRowid = Rowid;
      return module;
    }();
    return &kModule;
  }
};

}  // namespace vecgraph
