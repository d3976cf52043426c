#include "sqlapi/graph_function.h"

#include <algorithm>
#include <string_view>

#include "base/compat.h"
#include "sqlapi/argument_plan.h"
#include "sqlapi/guard.h"
#include "sqlapi/search_depth.h"

namespace vecgraph {

struct GraphTable : sqlite3_vtab {
  Connection* connection = nullptr;
  const GraphFunction* function = nullptr;
  // Of the last call, while a cursor has it: a correlated subquery opens a new one for each row
  // before it closes the old one.
  std::weak_ptr<const GraphResult> last;
};

struct GraphCursor : sqlite3_vtab_cursor {
  std::vector<Value> values;                  // the arguments, as given
  std::shared_ptr<const GraphResult> result;  // before the first xFilter that of another cursor
  bool ready = false;                         // xFilter has succeeded
  size_t at = 0;
};

namespace {

GraphTable& TableOf(const sqlite3_vtab_cursor* cursor) {
  return *static_cast<GraphTable*>(cursor->pVtab);
}

// ---- planning -----------------------------------------------------------------------------------

// The usable equality of each argument, else any, else -1.
std::vector<int> FindConstraints(const sqlite3_index_info& info, const GraphFunction& function) {
  std::vector<int> found(function.arguments.size(), -1);
  for (int i = 0; i < info.nConstraint; ++i) {
    const auto& constraint = info.aConstraint[i];
    const int argument = constraint.iColumn - function.visible;
    if (constraint.op != SQLITE_INDEX_CONSTRAINT_EQ || argument < 0) continue;
    int& slot = found[static_cast<size_t>(argument)];
    if (slot < 0 || (constraint.usable && !info.aConstraint[slot].usable)) slot = i;
  }
  return found;
}

// Whether an argument is a set of nodes, which an IN gives at once.
bool IsSet(std::string_view argument) {
  return argument == "start" || argument == "seeds" || argument == "node_in";
}

// `max_depth <= 2` would compare what is not given, and no row would be left.
Status RefuseComparisons(const sqlite3_index_info& info, const GraphFunction& function,
                         const std::vector<int>& constraints) {
  for (int i = 0; i < info.nConstraint; ++i) {
    const auto& constraint = info.aConstraint[i];
    const int argument = constraint.iColumn - function.visible;
    if (argument < 0 || constraints[static_cast<size_t>(argument)] >= 0) continue;
    switch (constraint.op) {
      case SQLITE_INDEX_CONSTRAINT_GT:
      case SQLITE_INDEX_CONSTRAINT_GE:
      case SQLITE_INDEX_CONSTRAINT_LT:
      case SQLITE_INDEX_CONSTRAINT_LE:
      case SQLITE_INDEX_CONSTRAINT_NE:
      case SQLITE_INDEX_CONSTRAINT_IS:
      case SQLITE_INDEX_CONSTRAINT_LIKE:
      case SQLITE_INDEX_CONSTRAINT_GLOB: {
        const char* const name = function.arguments[static_cast<size_t>(argument)];
        return Status::Error(
            Format("%s: %s is an argument: give it by =, as %s = ...", function.name, name, name));
      }
      default:
        break;
    }
  }
  return Status::Ok();
}

bool ComesOrdered(const sqlite3_index_info& info, const GraphFunction& function) {
  const auto at = [&](int i) { return info.aOrderBy[i]; };
  if (info.nOrderBy == 1 && at(0).iColumn >= 0 &&
      at(0).iColumn == (at(0).desc != 0 ? function.descending : function.ascending)) {
    return true;
  }
  if (info.nOrderBy < 1 || static_cast<size_t>(info.nOrderBy) > function.order.size()) return false;
  for (int i = 0; i < info.nOrderBy; ++i) {
    if (at(i).desc != 0 || at(i).iColumn != function.order[static_cast<size_t>(i)]) return false;
  }
  return true;
}

// Takes `column <= x` where that bounds an argument.
void TakeBounds(const GraphFunction& function, const sqlite3_index_info& info, Plan* plan) {
  for (int i = 0; i < info.nConstraint; ++i) {
    const auto& constraint = info.aConstraint[i];
    if (!constraint.usable || (constraint.op != SQLITE_INDEX_CONSTRAINT_LE &&
                               constraint.op != SQLITE_INDEX_CONSTRAINT_LT)) {
      continue;
    }
    for (const GraphBound& bound : function.bounds) {
      if (constraint.iColumn != bound.column) continue;
      plan->Take(i, std::string(bound.argument) + " <=", false);
      break;
    }
  }
}

constexpr const char* kLimit = "LIMIT";

// Takes a LIMIT if it is applied to the rows as they come: nothing filters or sorts them.
void TakeLimit(const GraphFunction& function, const sqlite3_index_info& info, Plan* plan) {
  if (!function.takes_limit || !HasVtabIn() || (info.nOrderBy > 0 && info.orderByConsumed == 0))
    return;
  int limit = -1;
  for (int i = 0; i < info.nConstraint; ++i) {
    const auto& usage = info.aConstraintUsage[i];
    if (info.aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_LIMIT && info.aConstraint[i].usable) {
      limit = i;
    } else if (usage.argvIndex == 0 || usage.omit == 0) {
      return;
    }
  }
  if (limit >= 0) plan->Take(limit, kLimit, false);
}

Status PlanGraph(const GraphFunction& function, const std::vector<int>& constraints,
                 sqlite3_index_info* info) {
  Plan plan(info);
  for (size_t a = 0; a < constraints.size(); ++a) {
    const int i = constraints[a];
    const char* const name = function.arguments[a];
    if (i >= 0) {
      const bool whole =
          IsSet(name) && HasVtabIn() && sqlite3_vtab_in(info, i, -1) && sqlite3_vtab_in(info, i, 1);
      plan.Take(i, whole ? std::string(name) + " in" : name, true);
    } else if (a < static_cast<size_t>(function.required)) {
      return PlanMissing(info, name);
    }
  }
  info->orderByConsumed = ComesOrdered(*info, function) ? 1 : 0;
  TakeBounds(function, *info, &plan);
  TakeLimit(function, *info, &plan);
  info->estimatedRows = static_cast<sqlite3_int64>(function.rows);
  // Dear enough that no plan puts a call inside a loop by choice.
  info->estimatedCost = 1e3 * function.rows;
  return plan.Finish();
}

int GraphBestIndex(sqlite3_vtab* base, sqlite3_index_info* info) {
  const GraphFunction& function = *static_cast<GraphTable*>(base)->function;
  return GuardTable(base, [&] {
    const std::vector<int> constraints = FindConstraints(*info, function);
    // An argument of a table that this plan reads later: another order is wanted.
    for (const int i : constraints) {
      if (i >= 0 && !info->aConstraint[i].usable) return Status::Code(SQLITE_CONSTRAINT, "");
    }
    Status status = RefuseComparisons(*info, function, constraints);
    return status.ok() ? PlanGraph(function, constraints, info) : std::move(status);
  });
}

}  // namespace

// ---- calling ------------------------------------------------------------------------------------

Status FilterGraph(GraphCursor* cursor, const char* plan, sqlite3_value** argv) {
  GraphTable& table = TableOf(cursor);
  const GraphFunction& function = *table.function;
  const Depth depth(table.connection);
  if (depth.TooDeep()) return Status::Error(kTooDeep);
  if (const char* missing = MissingArgument(plan)) {
    return Status::Error(MissingError(missing, function.usage));
  }
  GraphCall call(table.connection, &function);
  std::string_view rest(plan);
  rest = rest.substr(0, rest.find(';'));
  for (int i = 0; !rest.empty(); ++i) {
    std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name == kLimit) {
      const sqlite3_int64 limit = sqlite3_value_int64(argv[i]);
      if (limit >= 0) call.wanted_ = static_cast<uint64_t>(limit);
      continue;
    }
    const size_t space = name.find(' ');
    const std::string_view how = space < name.size() ? name.substr(space) : "";
    const int place = call.PlaceOf(name.substr(0, space));
    if (how == " <=") {
      call.ReadBound(place, argv[i]);
    } else if (how == " in") {
      call.in_ = place;
      Status status = call.ReadIn(argv[i]);
      if (!status.ok()) return status;
    } else {
      call.values_[static_cast<size_t>(place)] = argv[i];
      cursor->values[static_cast<size_t>(place)] = Value(argv[i]);
    }
  }
  // Of look-ups nothing can be used again: what tells calls apart is not asked for.
  const bool kept = cursor->result && cursor->result->graph;
  std::string key;
  Status status = kept ? call.MakeKey(&key) : Status::Ok();
  if (!status.ok()) return status;
  if (!kept || cursor->result->key != key || !call.IsValid(*cursor->result)) {
    status = function.run(&call);
    if (status.ok() && !kept && call.graph_) status = call.MakeKey(&key);
    if (!status.ok()) return status;
    cursor->result = call.Result(std::move(key));
    table.last = cursor->result;
  }
  cursor->ready = true;
  return Status::Ok();
}

int GraphFilter(sqlite3_vtab_cursor* base, int, const char* plan, int, sqlite3_value** argv) {
  auto* cursor = static_cast<GraphCursor*>(base);
  return GuardTable(base->pVtab, [&] {
    cursor->ready = false;
    cursor->at = 0;
    cursor->values.clear();
    cursor->values.resize(TableOf(base).function->arguments.size());
    Status status = FilterGraph(cursor, plan, argv);
    if (status.ok()) return status;
    return Status::Code(status.code(),
                        std::string(TableOf(base).function->name) + ": " + status.message());
  });
}

namespace {

int GraphNext(sqlite3_vtab_cursor* base) {
  ++static_cast<GraphCursor*>(base)->at;
  return SQLITE_OK;
}

int GraphEof(sqlite3_vtab_cursor* base) {
  const auto* cursor = static_cast<GraphCursor*>(base);
  return !cursor->ready || cursor->at >= cursor->result->rows->size() ? 1 : 0;
}

int GraphColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  const auto* cursor = static_cast<GraphCursor*>(base);
  GuardFunction(ctx, [&] {
    const int visible = TableOf(base).function->visible;
    if (column < visible) {
      cursor->result->rows->Column(ctx, cursor->at, column);
    } else if (const Value& value = cursor->values[static_cast<size_t>(column - visible)]) {
      sqlite3_result_value(ctx, value.get());
    }
    return Status::Ok();
  });
  return SQLITE_OK;
}

int GraphRowid(sqlite3_vtab_cursor* base, sqlite3_int64* rowid) {
  *rowid = static_cast<sqlite3_int64>(static_cast<GraphCursor*>(base)->at) + 1;
  return SQLITE_OK;
}

int GraphOpen(sqlite3_vtab* table, sqlite3_vtab_cursor** out) {
  auto* cursor = new (std::nothrow) GraphCursor();
  if (!cursor) return SQLITE_NOMEM;
  cursor->result = static_cast<GraphTable*>(table)->last.lock();
  *out = cursor;
  return SQLITE_OK;
}

int GraphClose(sqlite3_vtab_cursor* cursor) {
  delete static_cast<GraphCursor*>(cursor);
  return SQLITE_OK;
}

int GraphDisconnect(sqlite3_vtab* base) {
  auto* table = static_cast<GraphTable*>(base);
  table->connection->graphs.Detach();
  delete table;
  return SQLITE_OK;
}

}  // namespace

int ConnectGraph(const GraphFunction& function, sqlite3* db, void* user, sqlite3_vtab** out) {
  try {
    std::string sql = std::string("CREATE TABLE x(") + function.columns;
    for (const char* argument : function.arguments) {
      sql += std::string(", \"") + argument + "\" HIDDEN";
    }
    const int rc = sqlite3_declare_vtab(db, (sql + ")").c_str());
    if (rc != SQLITE_OK) return rc;
    auto table = std::make_unique<GraphTable>();
    table->connection = static_cast<Connection*>(user);
    table->function = &function;
    table->connection->graphs.Attach();
    *out = table.release();
    return SQLITE_OK;
  } catch (...) {
    return SQLITE_NOMEM;
  }
}

sqlite3_module GraphModuleOf(GraphConnect connect) {
  sqlite3_module module{};
  module.xConnect = connect;
  module.xBestIndex = GraphBestIndex;
  module.xDisconnect = GraphDisconnect;
  module.xOpen = GraphOpen;
  module.xClose = GraphClose;
  module.xFilter = GraphFilter;
  module.xNext = GraphNext;
  module.xEof = GraphEof;
  module.xColumn = GraphColumn;
  module.xRowid = GraphRowid;
  return module;
}

}  // namespace vecgraph
