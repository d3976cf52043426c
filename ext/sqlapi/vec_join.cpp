// vec_join(left_source, left_column, right_source, right_column
//          [, k, metric, min_score, element, strict])
//
// For every row of the left source the k nearest rows of the right one: row for row what
//   FROM left AS l, vec_topk(right, right_column, l.left_column, k, metric, ...)
// gives, in one pass over the right side for some hundred left rows.
//
//   SELECT left_id, id, score
//   FROM vec_join('nodes', 'embedding', 'nodes', 'embedding', 6, 'cosine') WHERE id <> left_id;
//   -- the nearest others of every node
//
// ARGUMENTS, by position or by name in WHERE
//   left_source, right_source  names of tables or views, or db_query('SELECT ...')
//   left_column                the column that holds the query vectors, as blobs or JSON; NULL: no
//                              rows for that left row
//   right_column               the column that holds the vectors, as blobs
//   k                          how many rows for each left row; NULL or omitted: all; 0: none
//   metric, min_score, element, strict    as those of vec_topk
//
// ROWS come in the order in which the left side is read, the hits of a left row by rank. xFilter
// computes the first few left rows, xNext the others as they are needed: LIMIT stops early. How
// that is done, and what is locked meanwhile, is in join_run.h.
//
// DECLARED AS
//   CREATE TABLE x(left_id, left_rowid INTEGER, id, score REAL, distance REAL, rank INTEGER,
//     left_source HIDDEN, left_column HIDDEN, right_source HIDDEN, right_column HIDDEN, k HIDDEN,
//     metric HIDDEN, min_score HIDDEN, element HIDDEN, strict HIDDEN)
// The rowid is a running number.
//
// THE PLAN is idxNum, the sum of 1 if left_id is read and 2 if id is, and the string of
// argument_plan.h.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "sqlapi/argument_plan.h"
#include "sqlapi/guard.h"
#include "sqlapi/join_arguments.h"
#include "sqlapi/join_run.h"
#include "sqlapi/registry.h"
#include "sqlapi/search_depth.h"

namespace vecgraph {
namespace {

// The visible columns; the hidden ones follow in the order of JoinArgument.
enum Column { kLeftId, kLeftRowid, kId, kScore, kDistance, kRank, kFirstHidden };

constexpr int kWithLeftId = 1;
constexpr int kWithId = 2;
constexpr const char* kUsage =
    "vec_join(left_source, left_column, right_source, right_column "
    "[, k, metric, min_score, element, strict])";

struct JoinTable : sqlite3_vtab {
  Connection* connection = nullptr;
};

struct JoinCursor : sqlite3_vtab_cursor {
  std::unique_ptr<JoinRun> run;  // null before the first xFilter and after an error
  sqlite3_int64 number = 0;
};

Status WrongJoin(const std::string& what) { return Status::Error("vec_join: " + what); }

// ---- planning -----------------------------------------------------------------------------------

Status PlanJoin(sqlite3_index_info* info, const std::array<int, kJoinArguments>& arguments) {
  Plan plan(info);
  for (size_t a = 0; a < kJoinArguments; ++a) {
    if (arguments[a] >= 0) {
      plan.Take(arguments[a], kJoinArgumentNames[a], true);
    } else if (a < kJoinRequired) {
      return PlanMissing(info, kJoinArgumentNames[a]);
    }
  }
  // Only the running number is known to rise.
  const bool ordered =
      info->nOrderBy == 1 && info->aOrderBy[0].iColumn == -1 && info->aOrderBy[0].desc == 0;
  info->orderByConsumed = ordered ? 1 : 0;
  info->estimatedRows = 10000;
  // Dear enough that no plan puts it inside a loop by choice.
  info->estimatedCost = 1e8;
  info->idxNum = ((info->colUsed & (1U << kLeftId)) != 0 ? kWithLeftId : 0) |
                 ((info->colUsed & (1U << kId)) != 0 ? kWithId : 0);
  return plan.Finish();
}

int JoinBestIndex(sqlite3_vtab* table, sqlite3_index_info* info) {
  const auto arguments = FindArguments<kJoinArguments>(*info, kFirstHidden);
  if (WaitsForLater(*info, arguments)) return SQLITE_CONSTRAINT;
  return GuardTable(table, [&] { return PlanJoin(info, arguments); });
}

// ---- joining ------------------------------------------------------------------------------------

GivenJoinArguments Receive(const char* plan, sqlite3_value** argv) {
  GivenJoinArguments given{};
  std::string_view rest(plan);
  rest = rest.substr(0, rest.find(';'));
  for (int i = 0; !rest.empty(); ++i) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    const auto* const argument =
        std::find(kJoinArgumentNames.begin(), kJoinArgumentNames.end(), name);
    given[static_cast<size_t>(argument - kJoinArgumentNames.begin())] = argv[i];
  }
  return given;
}

// Goes on with the run; an error ends it.
template <class Step>
int Advance(JoinCursor* cursor, Step step) {
  auto* connection = static_cast<JoinTable*>(cursor->pVtab)->connection;
  const int rc = GuardTable(cursor->pVtab, [&] {
    const Depth depth(connection);
    if (depth.TooDeep()) return WrongJoin(kTooDeep);
    Status status = step();
    if (status.ok()) return status;
    return Status::Code(status.code(), "vec_join: " + status.message());
  });
  if (rc != SQLITE_OK) cursor->run = nullptr;
  return rc;
}

int JoinFilter(sqlite3_vtab_cursor* base, int used, const char* plan, int, sqlite3_value** argv) {
  auto* cursor = static_cast<JoinCursor*>(base);
  cursor->run = nullptr;
  cursor->number = 1;
  const int rc = GuardTable(base->pVtab, [&] {
    if (const char* missing = MissingArgument(plan)) {
      return WrongJoin(MissingError(missing, kUsage));
    }
    JoinArguments arguments;
    Status status = ReadJoinArguments(Receive(plan, argv), &arguments);
    if (!status.ok()) return status;
    cursor->run = std::make_unique<JoinRun>(static_cast<JoinTable*>(base->pVtab)->connection,
                                            std::move(arguments), (used & kWithLeftId) != 0,
                                            (used & kWithId) != 0);
    return status;
  });
  return rc == SQLITE_OK ? Advance(cursor, [&] { return cursor->run->Start(); }) : rc;
}

int JoinNext(sqlite3_vtab_cursor* base) {
  auto* cursor = static_cast<JoinCursor*>(base);
  ++cursor->number;
  return Advance(cursor, [&] { return cursor->run->Next(); });
}

int JoinEof(sqlite3_vtab_cursor* base) {
  const auto* cursor = static_cast<JoinCursor*>(base);
  return !cursor->run || cursor->run->eof() ? 1 : 0;
}

// ---- rows ---------------------------------------------------------------------------------------

int JoinColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  const JoinRun& run = *static_cast<JoinCursor*>(base)->run;
  // The id is the rowid where there is no column for it.
  switch (column) {
    case kLeftId:
      if (!run.left_has_id()) {
        sqlite3_result_int64(ctx, run.left_rowid());
      } else if (run.left_id()) {
        sqlite3_result_value(ctx, run.left_id());
      }
      break;
    case kLeftRowid:
      sqlite3_result_int64(ctx, run.left_rowid());
      break;
    case kId:
      if (!run.right_has_id()) {
        sqlite3_result_int64(ctx, run.hit().rowid);
      } else {
        SetResult(ctx, run.id());
      }
      break;
    case kScore:
      sqlite3_result_double(ctx, ScoreOf(run.arguments().metric, run.hit().distance));
      break;
    case kDistance:
      sqlite3_result_double(ctx, run.hit().distance);
      break;
    case kRank:
      sqlite3_result_int64(ctx, run.rank());
      break;
    default:
      if (const Value& value = run.arguments().values[static_cast<size_t>(column - kFirstHidden)]) {
        sqlite3_result_value(ctx, value.get());
      }
  }
  return SQLITE_OK;
}

int JoinRowid(sqlite3_vtab_cursor* base, sqlite3_int64* rowid) {
  *rowid = static_cast<JoinCursor*>(base)->number;
  return SQLITE_OK;
}

// ---- connecting ---------------------------------------------------------------------------------

int JoinConnect(sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out, char**) {
  const int rc = sqlite3_declare_vtab(
      db,
      "CREATE TABLE x(left_id, left_rowid INTEGER, id, score REAL, distance REAL, rank INTEGER, "
      "left_source HIDDEN, left_column HIDDEN, right_source HIDDEN, right_column HIDDEN, "
      "k HIDDEN, metric HIDDEN, min_score HIDDEN, element HIDDEN, strict HIDDEN)");
  if (rc != SQLITE_OK) return rc;
  auto* table = new (std::nothrow) JoinTable();
  if (!table) return SQLITE_NOMEM;
  table->connection = static_cast<Connection*>(user);
  table->connection->cache.Attach();
  *out = table;
  return SQLITE_OK;
}

int JoinDisconnect(sqlite3_vtab* base) {
  auto* table = static_cast<JoinTable*>(base);
  table->connection->cache.Detach();
  delete table;
  return SQLITE_OK;
}

int JoinOpen(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
  auto* cursor = new (std::nothrow) JoinCursor();
  if (!cursor) return SQLITE_NOMEM;
  *out = cursor;
  return SQLITE_OK;
}

int JoinClose(sqlite3_vtab_cursor* cursor) {
  delete static_cast<JoinCursor*>(cursor);
  return SQLITE_OK;
}

}  // namespace

ModuleDef VecJoinModule() {
  static const sqlite3_module kModule = [] {
    sqlite3_module module{};
    module.xConnect = JoinConnect;
    module.xBestIndex = JoinBestIndex;
    module.xDisconnect = JoinDisconnect;
    module.xOpen = JoinOpen;
    module.xClose = JoinClose;
    module.xFilter = JoinFilter;
    module.xNext = JoinNext;
    module.xEof = JoinEof;
    module.xColumn = JoinColumn;
    module.xRowid = JoinRowid;
    return module;
  }();
  return {"vec_join", &kModule, false};
}

}  // namespace vecgraph
