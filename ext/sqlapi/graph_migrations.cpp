// graph_migrations: the migrations inside the library, a row each, in order.
//
//   SELECT name, sha256, applied, sql FROM graph_migrations;
//
//   name     the file's name without .sql
//   sha256   of the file
//   applied  1 if the ledger of the main schema has it, else 0
//   sql      the file, byte for byte
//
// A client that can only send statements applies a row's sql itself; the ledger is the same.
// Eponymous only. It reads the ledger when a scan begins and holds no statement afterwards. Not
// INNOCUOUS, since it reads a table that its text does not name; it never writes.
// Threads: as the connection.

#include <algorithm>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"
#include "sqlapi/eponymous.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"
#include "store/migrate.h"
#include "store/migrations.h"

namespace vecgraph {
namespace {

enum Column { kName, kSha256, kApplied, kSql };

struct MigrationsCursor : sqlite3_vtab_cursor {
  size_t row = 0;
  std::vector<bool> applied;  // by migration

  bool Eof() const { return row >= applied.size(); }
};

MigrationsCursor* CursorOf(sqlite3_vtab_cursor* cursor) {
  return static_cast<MigrationsCursor*>(cursor);
}

int MigrationsConnect(sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** table,
                      char**) {
  return ConnectEponymous(
      db, user, "CREATE TABLE x(name TEXT, sha256 TEXT, applied INTEGER, sql TEXT)", table);
}

// Always a scan of a few rows.
int MigrationsBestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
  info->estimatedCost = static_cast<double>(EmbeddedMigrations().size());
  info->estimatedRows = static_cast<sqlite3_int64>(EmbeddedMigrations().size());
  return SQLITE_OK;
}

int MigrationsFilter(sqlite3_vtab_cursor* base, int, const char*, int, sqlite3_value**) {
  return GuardTable(base->pVtab, [&]() -> Status {
    MigrationsCursor* cursor = CursorOf(base);
    cursor->row = 0;
    cursor->applied.clear();
    std::vector<LedgerRow> ledger;
    const Status status = ReadLedger(static_cast<EponymousTable*>(base->pVtab)->db, &ledger);
    if (!status.ok()) return Status::Code(status.code(), "graph_migrations: " + status.message());
    for (const EmbeddedMigration& migration : EmbeddedMigrations()) {
      cursor->applied.push_back(std::ranges::any_of(
          ledger, [&](const LedgerRow& row) { return row.name == migration.name; }));
    }
    return Status::Ok();
  });
}

int MigrationsNext(sqlite3_vtab_cursor* cursor) {
  ++CursorOf(cursor)->row;
  return SQLITE_OK;
}

int MigrationsEof(sqlite3_vtab_cursor* cursor) { return CursorOf(cursor)->Eof(); }

// The texts are part of the library, which stays loaded.
void ResultStatic(sqlite3_context* ctx, std::string_view text) {
  sqlite3_result_text64(ctx, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

int MigrationsColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  const MigrationsCursor* cursor = CursorOf(base);
  const EmbeddedMigration& migration = EmbeddedMigrations()[cursor->row];
  switch (column) {
    case kName:
      ResultStatic(ctx, migration.name);
      break;
    case kSha256:
      ResultStatic(ctx, migration.sha256);
      break;
    case kApplied:
      sqlite3_result_int(ctx, cursor->applied[cursor->row]);
      break;
    case kSql:
      ResultStatic(ctx, migration.sql);
      break;
  }
  return SQLITE_OK;
}

int MigrationsRowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* rowid) {
  *rowid = static_cast<sqlite3_int64>(CursorOf(cursor)->row) + 1;
  return SQLITE_OK;
}

const sqlite3_module kModule = [] {
  sqlite3_module module = {};  // xCreate stays null: eponymous only
  module.xConnect = MigrationsConnect;
  module.xBestIndex = MigrationsBestIndex;
  module.xDisconnect = DisconnectEponymous;
  module.xOpen = OpenCursor<MigrationsCursor>;
  module.xClose = CloseCursor<MigrationsCursor>;
  module.xFilter = MigrationsFilter;
  module.xNext = MigrationsNext;
  module.xEof = MigrationsEof;
  module.xColumn = MigrationsColumn;
  module.xRowid = MigrationsRowid;
  return module;
}();

}  // namespace

ModuleDef GraphMigrationsModule() { return {"graph_migrations", &kModule, false}; }

}  // namespace vecgraph
