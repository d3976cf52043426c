// vec_track_sql(table, column [, action])   the SQL that tracks a table, a row per statement
//
//   SELECT sql FROM vec_track_sql('nodes', 'embedding');
//   -- CREATE TABLE IF NOT EXISTS "main"."_vec_log_nodes_embedding" (...);
//   -- DROP TRIGGER IF EXISTS "main"."_vec_nodes_embedding_before_delete";
//   -- ...
//
// The function writes nothing: run the statements, best in one transaction. They call nothing of
// vecgraph. What they make and why is in scan/track.h.
//
//   sql      one statement, ending in ";"
//   ordinal  its place, from 1; rows come in this order
//   tracked  1 if the table is tracked as the statements of today say, else 0
//
//   table    the name of a table ('nodes', 'aux.nodes')
//   column   the column that holds the vectors
//   action   create (default); remove: the statements that undo it
//
// DECLARED AS  CREATE TABLE x(sql TEXT, ordinal INTEGER, tracked INTEGER, "table" HIDDEN,
//   "column" HIDDEN, action HIDDEN)
// PLAN         idxNum is a mask of the hidden columns that xFilter receives, in their order.
// Not INNOCUOUS, since it reads the schema of a table that its text does not name; it never writes.
// Threads: as the connection.
#include <array>
#include <string>
#include <vector>

#include "base/value.h"
#include "scan/source.h"
#include "scan/track.h"
#include "sqlapi/eponymous.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

enum Column { kSql, kOrdinal, kTracked, kTable, kColumn, kAction };
constexpr size_t kArguments = kAction - kTable + 1;
constexpr std::array<const char*, kArguments> kNames = {"table", "column", "action"};

struct TrackCursor : sqlite3_vtab_cursor {
  std::vector<std::string> statements;
  size_t at = 0;
  bool tracked = false;
  std::array<Value, kArguments> given;
};

TrackCursor* CursorOf(sqlite3_vtab_cursor* cursor) { return static_cast<TrackCursor*>(cursor); }

Status WrongTrack(const std::string& what) { return Status::Error("vec_track_sql: " + what); }

int TrackConnect(sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out, char**) {
  return ConnectEponymous(db, user,
                          "CREATE TABLE x(sql TEXT, ordinal INTEGER, tracked INTEGER, \"table\" "
                          "HIDDEN, \"column\" HIDDEN, action HIDDEN)",
                          out);
}

int TrackBestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
  std::array<int, kArguments> found;  // the place of each argument among the constraints
  found.fill(-1);
  bool unusable = false;
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (constraint.iColumn < kTable || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (!constraint.usable) unusable = true;
    if (constraint.usable) found[static_cast<size_t>(constraint.iColumn - kTable)] = i;
  }
  if (unusable) return SQLITE_CONSTRAINT;
  int next = 0;
  for (size_t argument = 0; argument < kArguments; ++argument) {
    if (found[argument] < 0) continue;
    info->idxNum |= 1 << argument;
    auto& usage = info->aConstraintUsage[found[argument]];
    usage.argvIndex = ++next;
    usage.omit = 1;
  }
  // xFilter says what is missing. Not here: SQLite also plans the sides of an OR alone.
  info->estimatedCost = found[0] < 0 || found[1] < 0 ? 1e50 : 100;
  info->estimatedRows = 20;
  return SQLITE_OK;
}

// The text of an argument that must be there.
Status ReadName(const TrackCursor& cursor, size_t argument, std::string* name) {
  sqlite3_value* value = cursor.given[argument].get();
  if (!value) {
    return WrongTrack(
        Format("the argument '%s' is missing; write vec_track_sql(table, column "
               "[, action])",
               kNames[argument]));
  }
  if (sqlite3_value_type(value) != SQLITE_TEXT) {
    return WrongTrack(Format("%s must be a name, found %s", kNames[argument],
                             TypeNameOf(sqlite3_value_type(value))));
  }
  *name = TextOf(value);
  return Status::Ok();
}

Status MakeStatements(sqlite3* db, TrackCursor* cursor) {
  std::string table;
  std::string column;
  std::string action = "create";
  Status status = ReadName(*cursor, 0, &table);
  if (status.ok()) status = ReadName(*cursor, 1, &column);
  if (status.ok() && cursor->given[2]) status = ReadName(*cursor, 2, &action);
  if (!status.ok()) return status;
  if (action != "create" && action != "remove") {
    return WrongTrack(Format("unknown action '%s' (there are create, remove)", action.c_str()));
  }
  Source source;
  status = ResolveTable(db, table, column, &source);
  if (status.ok()) status = IsTracked(db, source, &cursor->tracked);
  if (status.ok() && action == "create") {
    status = TrackStatements(db, source, &cursor->statements);
  } else if (status.ok()) {
    cursor->statements = UntrackStatements(source);
  }
  if (status.ok()) return status;
  return Status::Code(status.code(), "vec_track_sql: " + status.message());
}

int TrackFilter(sqlite3_vtab_cursor* base, int plan, const char*, int, sqlite3_value** argv) {
  TrackCursor* cursor = CursorOf(base);
  return GuardTable(base->pVtab, [&] {
    cursor->statements.clear();
    cursor->at = 0;
    int next = 0;
    for (size_t argument = 0; argument < kArguments; ++argument) {
      const bool given = (plan & 1 << argument) != 0;
      cursor->given[argument] = Value(given ? argv[next++] : nullptr);
    }
    return MakeStatements(static_cast<EponymousTable*>(base->pVtab)->db, cursor);
  });
}

int TrackNext(sqlite3_vtab_cursor* base) {
  ++CursorOf(base)->at;
  return SQLITE_OK;
}

int TrackEof(sqlite3_vtab_cursor* base) {
  return CursorOf(base)->at >= CursorOf(base)->statements.size() ? 1 : 0;
}

int TrackColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  const TrackCursor* cursor = CursorOf(base);
  const std::string& sql = cursor->statements[cursor->at];
  switch (column) {
    case kSql:
      sqlite3_result_text64(ctx, sql.data(), sql.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      break;
    case kOrdinal:
      sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(cursor->at) + 1);
      break;
    case kTracked:
      sqlite3_result_int(ctx, cursor->tracked ? 1 : 0);
      break;
    default: {
      const Value& value = cursor->given[static_cast<size_t>(column - kTable)];
      if (value) sqlite3_result_value(ctx, value.get());
    }
  }
  return SQLITE_OK;
}

int TrackRowid(sqlite3_vtab_cursor* base, sqlite3_int64* rowid) {
  *rowid = static_cast<sqlite3_int64>(CursorOf(base)->at) + 1;
  return SQLITE_OK;
}

}  // namespace

ModuleDef VecTrackSqlModule() {
  static const sqlite3_module kModule = [] {
    sqlite3_module module{};
    module.xConnect = TrackConnect;
    module.xBestIndex = TrackBestIndex;
    module.xDisconnect = DisconnectEponymous;
    module.xOpen = OpenCursor<TrackCursor>;
    module.xClose = CloseCursor<TrackCursor>;
    module.xFilter = TrackFilter;
    module.xNext = TrackNext;
    module.xEof = TrackEof;
    module.xColumn = TrackColumn;
    module.xRowid = TrackRowid;
    return module;
  }();
  return {"vec_track_sql", &kModule, false};
}

}  // namespace vecgraph
