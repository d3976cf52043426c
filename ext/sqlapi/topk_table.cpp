#include "sqlapi/topk_table.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/compat.h"
#include "base/interrupt.h"
#include "base/value.h"
#include "sqlapi/argument_plan.h"
#include "sqlapi/connection.h"
#include "sqlapi/guard.h"
#include "sqlapi/options.h"
#include "sqlapi/search_depth.h"
#include "sqlapi/topk_arguments.h"
#include "sqlapi/topk_search.h"

namespace vecgraph {
namespace {

// The visible columns; the hidden ones follow in the order of TopkArgument.
enum Column { kId, kScore, kDistance, kRank, kFirstHidden };
// Of a diverse function, after the hidden ones.
constexpr int kMmr = kFirstHidden + static_cast<int>(kTopkArguments);
constexpr int kRowid = -1;

struct TopkCursor;

struct TopkTable : sqlite3_vtab {
  const TopkFunction* function = nullptr;
  Connection* connection = nullptr;
  // The cursor that was opened and has not been used yet. If SQLite now closes another one, the new
  // one takes its place in the same statement: a correlated subquery does this for every row.
  TopkCursor* opened = nullptr;
};

struct TopkCursor : sqlite3_vtab_cursor {
  std::shared_ptr<TopkSearch> last;    // the search before, in the same run of the statement
  std::shared_ptr<TopkSearch> search;  // null before the first xFilter and after a failed one
  size_t at = 0;
  // The arguments of this call, if the search was made for an equal one.
  std::unique_ptr<const TopkArguments> repeated;
  Value equal_to;  // before SQLite 3.38: what stands for `rowid =` or `id =`
};

// ---- planning -----------------------------------------------------------------------------------

// Whether the rows come out in the order that the statement asks for: by rank, and if they are not
// diverse by distance, or by score. rank decides alone; after distance only rowid may follow, as it
// breaks the ties.
bool IsRankOrder(const sqlite3_index_info& info, bool is_diverse) {
  if (info.nOrderBy == 0) return false;
  const auto* by = info.aOrderBy;
  if (by[0].iColumn == kRank) return by[0].desc == 0;
  if (is_diverse) return false;
  if (by[0].iColumn == kScore) return by[0].desc != 0 && info.nOrderBy == 1;
  if (by[0].iColumn != kDistance || by[0].desc != 0) return false;
  return info.nOrderBy == 1 || (info.nOrderBy == 2 && by[1].iColumn == -1 && by[1].desc == 0);
}

bool IsBinary(sqlite3_index_info* info, int constraint) {
  return sqlite3_stricmp(sqlite3_vtab_collation(info, constraint), "BINARY") == 0;
}

// Offers an equality with rowid or id: as the whole right side of an IN, or else not at all. Older
// versions do not tell IN from =; there it is taken so that xFilter sees a list arrive value by
// value.
void TakeIdentity(sqlite3_index_info* info, int i, Plan* plan) {
  const std::string name = info->aConstraint[i].iColumn == kId ? "id" : "rowid";
  if (!HasVtabIn()) return plan->Take(i, name + " =", false);
  if (IsBinary(info, i) && sqlite3_vtab_in(info, i, 1)) plan->Take(i, name + " in", false);
}

double EstimateRows(sqlite3_index_info* info, int k_constraint) {
  if (k_constraint < 0) return 1000;
  sqlite3_value* value = nullptr;
  int64_t k = 0;
  if (HasVtabIn() && sqlite3_vtab_rhs_value(info, k_constraint, &value) == SQLITE_OK && value &&
      ReadCount(value, &k)) {
    return static_cast<double>(std::min<int64_t>(k, 1000000)) + 1;
  }
  return 10;
}

bool IsIdentity(const sqlite3_index_info& info, int i) {
  const auto& constraint = info.aConstraint[i];
  return constraint.op == SQLITE_INDEX_CONSTRAINT_EQ &&
         (constraint.iColumn == kId || constraint.iColumn == kRowid);
}

// Whether a restriction before k waits for a table that this plan reads later.
bool LacksIn(sqlite3_index_info* info) {
  if (!HasVtabIn()) return false;
  for (int i = 0; i < info->nConstraint; ++i) {
    if (!info->aConstraint[i].usable && IsIdentity(*info, i) && IsBinary(info, i) &&
        sqlite3_vtab_in(info, i, -1)) {
      return true;
    }
  }
  return false;
}

Status PlanSearch(const TopkFunction& function, sqlite3_index_info* info,
                  const std::array<int, kTopkArguments>& arguments) {
  for (size_t a = 0; a <= (function.is_diverse ? kK : kQuery); ++a) {
    if (arguments[a] < 0) return PlanMissing(info, kTopkArgumentNames[a]);
  }
  Plan plan(info);
  for (size_t a = 0; a < kTopkArguments; ++a) {
    if (arguments[a] >= 0) plan.Take(arguments[a], kTopkArgumentNames[a], true);
  }
  bool later = false;  // an identity that this plan does not know yet
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (!constraint.usable) {
      later = later || IsIdentity(*info, i);
    } else if (IsIdentity(*info, i)) {
      TakeIdentity(info, i, &plan);
    } else if (function.is_diverse) {
      // LIMIT says nothing about how many are to choose from.
    } else if (constraint.op == SQLITE_INDEX_CONSTRAINT_LIMIT) {
      plan.Take(i, "limit", false);
    } else if (constraint.op == SQLITE_INDEX_CONSTRAINT_OFFSET) {
      plan.Take(i, "offset", false);  // never omitted: SQLite skips the rows itself
    }
  }
  const double rows = EstimateRows(info, arguments[kK]);
  info->orderByConsumed = IsRankOrder(*info, function.is_diverse) ? 1 : 0;
  info->estimatedRows = static_cast<sqlite3_int64>(rows);
  // A search reads the whole source: dear enough that no plan puts it inside a loop by choice.
  // Before 3.38 a plan that takes an IN must beat the one that leaves it to SQLite.
  info->estimatedCost = (later && !HasVtabIn() ? 1.2e6 : 1e6) + rows;
  // Without the list the k best would be others: any order that knows it is better. Not refused,
  // since there may be none, as for an ON term of an outer join.
  if (LacksIn(info)) info->estimatedCost = 1e30;
  info->idxNum = (info->colUsed & (1U << kId)) != 0 ? 1 : 0;
  return plan.Finish();
}

int TopkBestIndex(sqlite3_vtab* base, sqlite3_index_info* info) {
  const TopkFunction& function = *static_cast<TopkTable*>(base)->function;
  const auto arguments = FindArguments<kTopkArguments>(*info, kFirstHidden);
  if (WaitsForLater(*info, arguments)) return SQLITE_CONSTRAINT;
  return GuardTable(base, [&] { return PlanSearch(function, info, arguments); });
}

// ---- searching ----------------------------------------------------------------------------------

// Reads the right side of an IN.
Status ReadIn(sqlite3* db, sqlite3_value* list, IdSet* ids) {
  InterruptPoll interrupt;
  sqlite3_value* value = nullptr;
  int rc = sqlite3_vtab_in_first(list, &value);
  for (int64_t n = 1; rc == SQLITE_OK && value; rc = sqlite3_vtab_in_next(list, &value), ++n) {
    ids->Add(value);
    if (n % 1024 != 0) continue;
    if (const int code = interrupt.PollOn(db)) return Status::Code(code, "interrupted");
  }
  return rc == SQLITE_OK || rc == SQLITE_DONE
             ? Status::Ok()
             : Status::Code(rc, "the list of an IN cannot be read");
}

// What the plan string says that xFilter receives.
struct Received {
  GivenArguments arguments{};
  sqlite3_value* equal_to = nullptr;
  int64_t limit = -1;
  int64_t offset = 0;
};

Status Receive(const TopkTable& table, const char* plan, sqlite3_value** argv, Received* received,
               TopkArguments* out) {
  std::string_view rest(plan);
  if (const char* missing = MissingArgument(plan)) {
    return Status::Error(MissingError(missing, table.function->usage));
  }
  rest = rest.substr(0, rest.find(';'));
  for (int i = 0; !rest.empty(); ++i) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name == "rowid in" || name == "id in") {
      IdSet ids;
      Status status = ReadIn(table.connection->db, argv[i], &ids);
      if (!status.ok()) return status;
      (name == "id in" ? out->id_sets : out->rowid_sets).push_back(std::move(ids));
    } else if (name == "rowid =" || name == "id =") {
      received->equal_to = argv[i];
    } else if (name == "limit") {
      received->limit = sqlite3_value_int64(argv[i]);
    } else if (name == "offset") {
      received->offset = std::max<int64_t>(0, sqlite3_value_int64(argv[i]));
    } else {
      const auto* const argument =
          std::find(kTopkArgumentNames.begin(), kTopkArgumentNames.end(), name);
      received->arguments[static_cast<size_t>(argument - kTopkArgumentNames.begin())] = argv[i];
    }
  }
  return Status::Ok();
}

// Below SQLite 3.38 an IN arrives as one xFilter call per value. More than one value for an
// otherwise equal search would be k of everything, filtered: an error instead.
Status CheckRepeated(sqlite3_value* equal_to, const TopkArguments& arguments, TopkCursor* cursor) {
  if (!equal_to) return Status::Ok();
  Value value(equal_to);
  const TopkSearch* last = cursor->last.get();
  if (last && cursor->equal_to && arguments.SameSearch(last->arguments())) {
    IdSet before;
    before.Add(cursor->equal_to.get());
    Status sealed = before.Seal([] { return SQLITE_OK; });
    if (!sealed.ok()) return sealed;
    if (!before.Contains(value.get())) {
      return Status::Error(
          "comparing rowid or id with several values, as IN does, needs SQLite 3.38; give the ids "
          "as within: a JSON array, or (SELECT vec_ids(rowid) FROM ...)");
    }
  }
  cursor->equal_to = std::move(value);
  return Status::Ok();
}

// `body` returns a Status whose message begins with the name of the function.
template <class Body>
int GuardCall(sqlite3_vtab* base, Body&& body) {
  const auto* table = static_cast<TopkTable*>(base);
  return GuardTable(base, [&] {
    const Depth depth(table->connection);
    return depth.TooDeep() ? Within(table->function->name, Status::Error(kTooDeep)) : body();
  });
}

int TopkFilter(sqlite3_vtab_cursor* base, int with_id, const char* plan, int,
               sqlite3_value** argv) {
  auto* cursor = static_cast<TopkCursor*>(base);
  auto* table = static_cast<TopkTable*>(base->pVtab);
  const char* const name = table->function->name;
  return GuardCall(base->pVtab, [&] {
    cursor->at = 0;
    table->opened = nullptr;
    if (cursor->search) cursor->last = std::move(cursor->search);
    cursor->search = nullptr;
    cursor->repeated = nullptr;
    TopkArguments arguments;
    Received received;
    Status status = Within(name, Receive(*table, plan, argv, &received, &arguments));
    if (status.ok()) {
      status = ReadTopkArguments(table->connection->db, name, table->function->is_diverse,
                                 received.arguments, &arguments);
    }
    if (!status.ok()) return status;
    if (received.limit >= 0 && received.limit <= kUnlimited - received.offset) {
      // LIMIT 0 asks for nothing, yet wrong arguments must show.
      arguments.first_batch = std::max<int64_t>(1, received.limit + received.offset);
    }
    status = Within(name, CheckRepeated(received.equal_to, arguments, cursor));
    if (!status.ok()) return status;
    if (cursor->last && cursor->last->Answers(arguments, with_id != 0)) {
      cursor->repeated = std::make_unique<TopkArguments>(std::move(arguments));
      cursor->search = cursor->last;
      return status;
    }
    auto search = std::make_shared<TopkSearch>(table->connection, std::move(arguments));
    status = search->Start(with_id != 0);
    if (status.ok()) cursor->search = std::move(search);
    return Within(name, status);
  });
}

// ---- rows ---------------------------------------------------------------------------------------

int TopkNext(sqlite3_vtab_cursor* base) {
  auto* cursor = static_cast<TopkCursor*>(base);
  ++cursor->at;
  if (cursor->at < cursor->search->found() || cursor->search->complete()) return SQLITE_OK;
  // The statement wants more than its LIMIT let us expect.
  const char* const name = static_cast<TopkTable*>(base->pVtab)->function->name;
  return GuardCall(base->pVtab, [&] { return Within(name, cursor->search->FindRest()); });
}

int TopkEof(sqlite3_vtab_cursor* base) {
  const auto* cursor = static_cast<TopkCursor*>(base);
  return !cursor->search || cursor->at >= cursor->search->found() ? 1 : 0;
}

int TopkColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  const auto* cursor = static_cast<TopkCursor*>(base);
  const TopkSearch& search = *cursor->search;
  const Hit& hit = search.hit(cursor->at);
  switch (column) {
    case kId:
      if (hit.id) {
        SetResult(ctx, hit.id);
      } else if (search.source().id.empty()) {
        sqlite3_result_int64(ctx, hit.rowid);
      }
      break;
    case kScore:
      sqlite3_result_double(ctx, ScoreOf(search.arguments().metric, hit.distance));
      break;
    case kDistance:
      sqlite3_result_double(ctx, hit.distance);
      break;
    case kRank:
      sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(cursor->at) + 1);
      break;
    case kMmr:
      sqlite3_result_double(ctx, search.mmr(cursor->at));
      break;
    default: {
      const TopkArguments& shown = cursor->repeated ? *cursor->repeated : search.arguments();
      if (const Value& value = shown.values[static_cast<size_t>(column - kFirstHidden)]) {
        sqlite3_result_value(ctx, value.get());
      }
    }
  }
  return SQLITE_OK;
}

int TopkRowid(sqlite3_vtab_cursor* base, sqlite3_int64* rowid) {
  const auto* cursor = static_cast<TopkCursor*>(base);
  *rowid = cursor->search->hit(cursor->at).rowid;
  return SQLITE_OK;
}

// ---- connecting ---------------------------------------------------------------------------------

int TopkDisconnect(sqlite3_vtab* base) {
  auto* table = static_cast<TopkTable*>(base);
  table->connection->cache.Detach();
  delete table;
  return SQLITE_OK;
}

int TopkOpen(sqlite3_vtab* table, sqlite3_vtab_cursor** out) {
  auto* cursor = new (std::nothrow) TopkCursor();
  if (!cursor) return SQLITE_NOMEM;
  static_cast<TopkTable*>(table)->opened = cursor;
  *out = cursor;
  return SQLITE_OK;
}

int TopkClose(sqlite3_vtab_cursor* base) {
  auto* cursor = static_cast<TopkCursor*>(base);
  auto* table = static_cast<TopkTable*>(base->pVtab);
  if (table->opened && table->opened != cursor) {
    table->opened->last = cursor->search ? cursor->search : cursor->last;
  }
  table->opened = nullptr;
  delete cursor;
  return SQLITE_OK;
}

}  // namespace

int ConnectTopk(const TopkFunction& function, sqlite3* db, void* user, sqlite3_vtab** out) {
  try {
    std::string sql = "CREATE TABLE x(id, score REAL, distance REAL, rank INTEGER";
    for (size_t a = 0; a < (function.is_diverse ? kTopkArguments : kPlainArguments); ++a) {
      sql += std::string(", \"") + kTopkArgumentNames[a] + "\" HIDDEN";
    }
    sql += function.is_diverse ? ", mmr REAL)" : ")";
    const int rc = sqlite3_declare_vtab(db, sql.c_str());
    if (rc != SQLITE_OK) return rc;
    auto table = std::make_unique<TopkTable>();
    table->function = &function;
    table->connection = static_cast<Connection*>(user);
    table->connection->cache.Attach();
    *out = table.release();
    return SQLITE_OK;
  } catch (...) {
    return SQLITE_NOMEM;
  }
}

sqlite3_module TopkModuleOf(TopkConnect connect) {
  sqlite3_module module{};
  module.xConnect = connect;
  module.xBestIndex = TopkBestIndex;
  module.xDisconnect = TopkDisconnect;
  module.xOpen = TopkOpen;
  module.xClose = TopkClose;
  module.xFilter = TopkFilter;
  module.xNext = TopkNext;
  module.xEof = TopkEof;
  module.xColumn = TopkColumn;
  module.xRowid = TopkRowid;
  return module;
}

}  // namespace vecgraph
