// vec_topk(source, column, query [, k, metric, min_score, element, strict, within])
//
// The k rows of a table, view or query whose vectors are nearest to `query`: exactly those that
// scoring every row would give, ordered by (distance, rowid).
//
//   SELECT n.title, t.score
//   FROM vec_topk('nodes', 'embedding', :q, 10) AS t JOIN nodes AS n ON n.rowid = t.rowid
//   ORDER BY t.rank;
//   -- 10 rows, the best first
//   SELECT id, distance FROM vec_topk('nodes', 'embedding', :q, 10, 'l2')
//   WHERE rowid IN (SELECT rowid FROM nodes WHERE domain = 'ops');
//   -- the 10 nearest of the rows in that domain: IN is applied before k
//   SELECT n.id, t.id FROM nodes AS n, vec_topk('nodes', 'embedding', n.embedding, 5) AS t;
//   -- one search per node
//   SELECT id FROM vec_topk('nodes', 'embedding', :q) WHERE score > 0.5 LIMIT 20;
//   -- k omitted: the full ranking; LIMIT decides how much of it is kept
//
// ARGUMENTS, by position or by name in WHERE
//   source     name of a table or view ('nodes', 'aux.nodes'), or db_query('SELECT ...')
//   column     the column that holds the vectors, as blobs
//   query      a blob or a JSON array; NULL: no rows
//   k          how many rows; NULL or omitted: all; 0: none
//   metric     dot (default), cosine, l2, l1, hamming
//   min_score  keeps rows whose score is at least this
//   element    float32, int8 or bit; default: the subtype of the query, bit for hamming, else
//              float32
//   strict     1: a row that cannot be compared is an error; 0: it is skipped and counted
//   within     only rows of this set: a JSON array of ids, or (SELECT vec_ids(rowid) FROM ...)
//
// HOW IT WORKS
//   xFilter does the whole search with one statement of its own, copies the results and resets the
//   statement. Nothing is kept locked between rows. A search that is repeated with the same
//   arguments by the same statement (the inner side of a join) is answered from the copy while the
//   snapshot key says that the table cannot have changed.
//
// DECLARED AS
//   CREATE TABLE x(id, score REAL, distance REAL, rank INTEGER, source HIDDEN, "column" HIDDEN,
//     query HIDDEN, k HIDDEN, metric HIDDEN, min_score HIDDEN, element HIDDEN, strict HIDDEN,
//     within HIDDEN)
//
// THE PLAN STRING names what xFilter receives, in order, separated by commas: argument names, then
//   "rowid in" / "id in"  the right side of an IN, taken whole (SQLite 3.38)
//   "rowid =" / "id ="    the same for older versions, which do not tell IN from =
//   "limit", "offset"     size the heap, never cut the result
// and ends in "; ordered" when the rows come in the order that the statement asks for.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/compat.h"
#include "base/snapshot.h"
#include "base/statement.h"
#include "base/value.h"
#include "scan/search.h"
#include "sqlapi/args.h"
#include "sqlapi/connection.h"
#include "sqlapi/guard.h"
#include "sqlapi/numbers.h"
#include "sqlapi/pointers.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

enum Column {
  kId,
  kScore,
  kDistance,
  kRank,
  kSource,  // the first hidden argument
  kColumn,
  kQuery,
  kK,
  kMetric,
  kMinScore,
  kElement,
  kStrict,
  kWithin,
  kColumnCount,
};

constexpr int kArguments = kColumnCount - kSource;
constexpr const char* kArgumentNames[kArguments] = {
    "source", "column", "query", "k", "metric", "min_score", "element", "strict", "within"};
constexpr const char* kUsage =
    "vec_topk(source, column, query [, k, metric, min_score, element, strict, within])";

constexpr int64_t kUnlimited = INT64_MAX;

struct TopkTable : sqlite3_vtab {
  Connection* connection = nullptr;
};

// What the hidden arguments of one xFilter call mean.
struct Arguments {
  std::array<Value, kArguments> values;  // as given, for xColumn; pointers become NULL
  std::string source;
  bool source_is_query = false;
  std::string column;
  VectorArg query;  // views values[query] or owns the parsed JSON
  bool query_is_null = false;
  int64_t k = kUnlimited;
  Metric metric = Metric::kDot;
  std::optional<double> min_score;
  bool strict = false;
  std::vector<IdSet> rowid_sets;  // of rowid IN, and of vec_ids
  std::vector<IdSet> id_sets;     // of id IN, and of the JSON array of within
  bool within_rowids = false;     // within came from vec_ids
  int64_t first_batch = kUnlimited;

  bool SameSearch(const Arguments& other) const {
    return source == other.source && source_is_query == other.source_is_query &&
           column == other.column && query.view.type == other.query.view.type &&
           query.view.dims == other.query.view.dims &&
           std::memcmp(query.view.data, other.query.view.data, query.view.bytes()) == 0 &&
           k == other.k && metric == other.metric && min_score == other.min_score &&
           strict == other.strict && first_batch == other.first_batch &&
           rowid_sets == other.rowid_sets && id_sets == other.id_sets &&
           within_rowids == other.within_rowids;
  }
};

struct TopkCursor : sqlite3_vtab_cursor {
  Arguments arguments;
  std::vector<Hit> hits;  // a prefix of the ranking
  size_t at = 0;
  bool complete = true;  // no more hits after these

  // The source stays as it was looked up for as long as its name in the statement stays the same.
  Source source;
  ColumnScan scan;
  Candidates candidates;
  Statement id_of_row;

  // The snapshot that `hits` were found in.
  SnapshotKey snapshot;
  // Before 3.38: the value that stands for `rowid =` or `id =`.
  Value equal_to;
};

TopkTable* TableOf(sqlite3_vtab_cursor* cursor) { return static_cast<TopkTable*>(cursor->pVtab); }

// ---- planning -----------------------------------------------------------------------------------

// Collects what xFilter will receive.
class Plan {
 public:
  explicit Plan(sqlite3_index_info* info) : info_(info) {}

  void Take(int constraint, const std::string& name, bool omit) {
    info_->aConstraintUsage[constraint].argvIndex = ++count_;
    info_->aConstraintUsage[constraint].omit = omit;
    text_ += (text_.empty() ? "" : ",") + name;
  }

  Status Finish() {
    const bool ordered = info_->orderByConsumed != 0;
    info_->idxStr = sqlite3_mprintf("%s%s", text_.c_str(), ordered ? "; ordered" : "");
    if (!info_->idxStr) throw std::bad_alloc();
    info_->needToFreeIdxStr = 1;
    return Status::Ok();
  }

 private:
  sqlite3_index_info* info_;
  std::string text_;
  int count_ = 0;
};

// Whether the rows come out in the order that the statement asks for: by rank, by distance, or by
// score. rank decides alone; after distance only rowid may follow, as it breaks the ties.
bool IsRankOrder(const sqlite3_index_info& info) {
  if (info.nOrderBy == 0) return false;
  const auto* by = info.aOrderBy;
  if (by[0].iColumn == kRank) return by[0].desc == 0;
  if (by[0].iColumn == kScore) return by[0].desc != 0 && info.nOrderBy == 1;
  if (by[0].iColumn != kDistance || by[0].desc != 0) return false;
  return info.nOrderBy == 1 || (info.nOrderBy == 2 && by[1].iColumn == -1 && by[1].desc == 0);
}

bool IsBinary(sqlite3_index_info* info, int constraint) {
  return sqlite3_stricmp(sqlite3_vtab_collation(info, constraint), "BINARY") == 0;
}

// Offers an equality with rowid or id: as the whole right side of an IN, or else not at all.
void TakeIdentity(sqlite3_index_info* info, int i, Plan* plan, bool* repeats) {
  const std::string name = info->aConstraint[i].iColumn == kId ? "id" : "rowid";
  if (HasVtabIn()) {
    if (IsBinary(info, i) && sqlite3_vtab_in(info, i, 1)) plan->Take(i, name + " in", false);
  } else {
    // Taken only so that xFilter can see a list arrive value by value.
    plan->Take(i, name + " =", false);
    *repeats = true;
  }
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

Status MissingArgument(const char* name) {
  return Status::Error(Format("vec_topk: the argument '%s' is missing; write %s", name, kUsage));
}

int TopkBestIndex(sqlite3_vtab* table, sqlite3_index_info* info) {
  bool unusable = false;
  const int rc = GuardTable(table, [&] {
    std::array<int, kArguments> argument;
    argument.fill(-1);
    Plan plan(info);
    bool repeats = false;
    for (int i = 0; i < info->nConstraint; ++i) {
      const auto& constraint = info->aConstraint[i];
      const int a = constraint.iColumn - kSource;
      if (constraint.op != SQLITE_INDEX_CONSTRAINT_EQ || a < 0) continue;
      if (argument[a] < 0 || (constraint.usable && !info->aConstraint[argument[a]].usable)) {
        argument[a] = i;
      }
    }
    // An argument from a table that this plan reads later: the planner shall try another order.
    unusable = std::any_of(argument.begin(), argument.end(),
                           [&](int i) { return i >= 0 && !info->aConstraint[i].usable; });
    if (unusable) return Status::Ok();
    for (int a = 0; a < kArguments; ++a) {
      if (argument[a] >= 0) {
        plan.Take(argument[a], kArgumentNames[a], true);
      } else if (a <= kQuery - kSource) {
        return MissingArgument(kArgumentNames[a]);
      }
    }
    for (int i = 0; i < info->nConstraint; ++i) {
      const auto& constraint = info->aConstraint[i];
      if (!constraint.usable) continue;
      if (constraint.op == SQLITE_INDEX_CONSTRAINT_EQ &&
          (constraint.iColumn == kId || constraint.iColumn == -1)) {
        TakeIdentity(info, i, &plan, &repeats);
      } else if (constraint.op == SQLITE_INDEX_CONSTRAINT_LIMIT) {
        plan.Take(i, "limit", false);
      } else if (constraint.op == SQLITE_INDEX_CONSTRAINT_OFFSET) {
        plan.Take(i, "offset", false);  // never omitted: SQLite skips the rows itself
      }
    }
    const double rows = EstimateRows(info, argument[kK - kSource]);
    info->orderByConsumed = IsRankOrder(*info) ? 1 : 0;
    info->estimatedRows = static_cast<sqlite3_int64>(rows);
    // A search reads the whole source: dear enough that no plan puts it inside a loop by choice.
    info->estimatedCost = 1e6 + rows + (repeats ? 1e12 : 0);
    return plan.Finish();
  });
  return rc == SQLITE_OK && unusable ? SQLITE_CONSTRAINT : rc;
}

// ---- arguments ----------------------------------------------------------------------------------

Status Wrong(const std::string& what) { return Status::Error("vec_topk: " + what); }

Status ReadName(sqlite3_value* value, const char* argument, std::string* name) {
  if (sqlite3_value_type(value) != SQLITE_TEXT) {
    return Wrong(
        Format("%s must be text, found %s", argument, TypeNameOf(sqlite3_value_type(value))));
  }
  *name = TextOf(value);
  return Status::Ok();
}

Status ReadSource(sqlite3_value* value, Arguments* out) {
  if (const char* query = QueryOf(value)) {
    out->source = query;
    out->source_is_query = true;
    return Status::Ok();
  }
  if (sqlite3_value_type(value) == SQLITE_TEXT) return ReadName(value, "source", &out->source);
  return Wrong(
      Format("source must be the name of a table or view, or db_query('SELECT ...'), "
             "found %s",
             TypeNameOf(sqlite3_value_type(value))));
}

Status ReadElement(sqlite3_value* element, unsigned query_subtype, Metric metric,
                   ElementType* type) {
  if (element && sqlite3_value_type(element) != SQLITE_NULL) {
    const std::string_view name = TextOf(element);
    for (const ElementType known : {ElementType::kFloat32, ElementType::kInt8, ElementType::kBit}) {
      if (name == NameOf(known)) {
        *type = known;
        return Status::Ok();
      }
    }
    return Wrong(Format("unknown element '%.*s' (there are float32, int8, bit)",
                        static_cast<int>(name.size()), name.data()));
  }
  if (!TypeOfSubtype(query_subtype, type)) return Wrong("the query is no vector");
  if (*type == ElementType::kFloat32 && metric == Metric::kHamming) *type = ElementType::kBit;
  return Status::Ok();
}

Status ReadMinScore(sqlite3_value* value, std::optional<double>* min_score) {
  const int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL) return Status::Ok();
  if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) {
    return Wrong(Format("min_score must be a number, found %s", TypeNameOf(type)));
  }
  *min_score = sqlite3_value_double(value);
  return Status::Ok();
}

Status ReadStrict(sqlite3_value* value, bool* strict) {
  int64_t number = 0;
  if (sqlite3_value_type(value) == SQLITE_NULL) return Status::Ok();
  if (!ReadCount(value, &number) || number > 1) {
    return Wrong(Format("strict must be 0 or 1, found %s", TypeNameOf(sqlite3_value_type(value))));
  }
  *strict = number == 1;
  return Status::Ok();
}

Status ReadWithin(sqlite3* db, sqlite3_value* value, Arguments* out) {
  if (const IdSet* rowids = RowidsOf(value)) {
    out->within_rowids = true;
    out->rowid_sets.push_back(*rowids);
    return Status::Ok();
  }
  if (sqlite3_value_type(value) != SQLITE_TEXT) {
    return Wrong(
        Format("within must be a JSON array of ids or (SELECT vec_ids(rowid) FROM ...) "
               "written right there, found %s",
               TypeNameOf(sqlite3_value_type(value))));
  }
  IdSet ids;
  Status status = ReadJsonIds(db, TextOf(value), &ids);
  if (!status.ok()) return Status::Code(status.code(), "vec_topk: " + status.message());
  out->id_sets.push_back(std::move(ids));
  return Status::Ok();
}

Status ReadQuery(const std::array<sqlite3_value*, kArguments>& given, Arguments* out) {
  sqlite3_value* const query = given[kQuery - kSource];
  if (sqlite3_value_type(query) == SQLITE_NULL) {
    out->query_is_null = true;
    return Status::Ok();
  }
  ElementType type;
  Status status =
      ReadElement(given[kElement - kSource], sqlite3_value_subtype(query), out->metric, &type);
  if (!status.ok()) return status;
  if (!Fits(out->metric, type)) {
    return Wrong(Format("metric %s does not compare %s vectors; %s", NameOf(out->metric),
                        NameOf(type),
                        type == ElementType::kBit ? "bit vectors take metric hamming"
                                                  : "hamming takes element bit"));
  }
  // The copy in `values` stays while the cursor does.
  status = DecodeVector(out->values[kQuery - kSource].get(), type, Finite::kCheck, &out->query);
  return status.ok() ? std::move(status) : Wrong("query: " + status.message());
}

// Reads the arguments; `given` has null for those that were not.
Status ReadArguments(sqlite3* db, const std::array<sqlite3_value*, kArguments>& given,
                     Arguments* out) {
  const auto at = [&](Column column) { return given[column - kSource]; };
  for (int a = 0; a < kArguments; ++a) out->values[a] = Value(given[a]);
  Status status = ReadSource(at(kSource), out);
  if (status.ok()) status = ReadName(at(kColumn), "column", &out->column);
  if (status.ok() && at(kMetric) && sqlite3_value_type(at(kMetric)) != SQLITE_NULL) {
    const auto metric = FindMetric(TextOf(at(kMetric)));
    if (!metric) return Status::Error(UnknownMetric("vec_topk", TextOf(at(kMetric))));
    out->metric = *metric;
  }
  if (status.ok()) status = ReadQuery(given, out);
  if (status.ok() && at(kK) && sqlite3_value_type(at(kK)) != SQLITE_NULL &&
      !ReadCount(at(kK), &out->k)) {
    return Status::Error(CountError("vec_topk", "k", at(kK)));
  }
  if (status.ok() && at(kMinScore)) status = ReadMinScore(at(kMinScore), &out->min_score);
  if (status.ok() && at(kStrict)) status = ReadStrict(at(kStrict), &out->strict);
  if (status.ok() && at(kWithin)) status = ReadWithin(db, at(kWithin), out);
  return status;
}

// Reads the right side of an IN.
Status ReadIn(sqlite3_value* list, IdSet* ids) {
  sqlite3_value* value = nullptr;
  int rc = sqlite3_vtab_in_first(list, &value);
  for (; rc == SQLITE_OK && value; rc = sqlite3_vtab_in_next(list, &value)) ids->Add(value);
  return rc == SQLITE_OK || rc == SQLITE_DONE
             ? Status::Ok()
             : Status::Code(rc, "vec_topk: the list of an IN cannot be read");
}

// What the plan string says that xFilter receives.
struct Received {
  std::array<sqlite3_value*, kArguments> arguments{};
  sqlite3_value* equal_to = nullptr;
  int64_t limit = -1;
  int64_t offset = 0;
};

Status Receive(const char* plan, sqlite3_value** argv, Received* received, Arguments* out) {
  std::string_view rest(plan);
  rest = rest.substr(0, rest.find(';'));
  for (int i = 0; !rest.empty(); ++i) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name == "rowid in" || name == "id in") {
      IdSet ids;
      Status status = ReadIn(argv[i], &ids);
      if (!status.ok()) return status;
      (name == "id in" ? out->id_sets : out->rowid_sets).push_back(std::move(ids));
    } else if (name == "rowid =" || name == "id =") {
      received->equal_to = argv[i];
    } else if (name == "limit") {
      received->limit = sqlite3_value_int64(argv[i]);
    } else if (name == "offset") {
      received->offset = std::max<int64_t>(0, sqlite3_value_int64(argv[i]));
    } else {
      const auto* const argument = std::find(kArgumentNames, kArgumentNames + kArguments, name);
      received->arguments[static_cast<size_t>(argument - kArgumentNames)] = argv[i];
    }
  }
  return Status::Ok();
}

// ---- searching ----------------------------------------------------------------------------------

Status FixSource(sqlite3* db, const Arguments& arguments, TopkCursor* cursor) {
  const Arguments& last = cursor->arguments;
  if (cursor->scan && last.source == arguments.source && last.column == arguments.column &&
      last.source_is_query == arguments.source_is_query) {
    return Status::Ok();
  }
  cursor->scan = ColumnScan();
  cursor->id_of_row = Statement();
  Status status = arguments.source_is_query
                      ? ResolveQuery(db, arguments.source, arguments.column, &cursor->source)
                      : ResolveTable(db, arguments.source, arguments.column, &cursor->source);
  if (status.ok()) status = cursor->scan.Open(db, cursor->source);
  return status.ok() ? std::move(status)
                     : Status::Code(status.code(), "vec_topk: " + status.message());
}

// Searches for the next hits after those that the cursor has.
Status FindMore(TopkCursor* cursor, int64_t limit) {
  Connection& connection = *TableOf(cursor)->connection;
  const Arguments& arguments = cursor->arguments;
  SearchRequest request;
  request.source = &cursor->source;
  request.query = arguments.query.view;
  request.metric = arguments.metric;
  request.limit = limit;
  request.min_score = arguments.min_score;
  request.strict = arguments.strict;
  request.candidates = &cursor->candidates;
  request.after = cursor->hits.empty() ? nullptr : &cursor->hits.back();
  std::vector<Hit> hits;
  Status status = Search(connection.db, *connection.kernel, request, &cursor->scan, &hits,
                         &connection.last_scan);
  if (!status.ok()) return Status::Code(status.code(), "vec_topk: " + status.message());
  cursor->complete = static_cast<int64_t>(hits.size()) < limit;
  std::move(hits.begin(), hits.end(), std::back_inserter(cursor->hits));
  if (static_cast<int64_t>(cursor->hits.size()) >= arguments.k) cursor->complete = true;
  return status;
}

// Takes a read lock on the source and says which snapshot it shows; `scan` is left started.
SnapshotKey HoldSnapshot(TopkCursor* cursor) {
  if (cursor->source.kind != Source::Kind::kTable) return {};
  cursor->scan.Start();
  if (cursor->scan.Next() != SQLITE_ROW) return {};
  return SampleSnapshot(TableOf(cursor)->connection->db, cursor->source.schema, cursor->scan.row());
}

Status SearchAnew(TopkCursor* cursor) {
  const Arguments& arguments = cursor->arguments;
  cursor->hits.clear();
  cursor->snapshot = {};
  sqlite3* db = TableOf(cursor)->connection->db;
  if (arguments.within_rowids && !cursor->source.has_rowid()) {
    return Wrong(
        Format("within: vec_ids holds rowids, and %s has none; give a JSON array of ids, "
               "as json_group_array(id) makes it",
               cursor->source.Label().c_str()));
  }
  // Without a rowid of the table, rowid IN is left to SQLite, after k.
  const std::vector<IdSet> none;
  const auto& rowid_sets = cursor->source.has_rowid() ? arguments.rowid_sets : none;
  Status status =
      FindCandidates(db, cursor->source, rowid_sets, arguments.id_sets, &cursor->candidates);
  if (!status.ok()) return Status::Code(status.code(), "vec_topk: " + status.message());
  const SnapshotKey snapshot = HoldSnapshot(cursor);
  status = FindMore(cursor, std::min(arguments.first_batch, arguments.k));
  if (status.ok()) cursor->snapshot = snapshot;
  return status;
}

// Below SQLite 3.38 an IN arrives as one xFilter call per value. More than one value for an
// otherwise equal search would be k of everything, filtered: an error instead.
Status CheckRepeated(const Received& received, const Arguments& arguments, TopkCursor* cursor) {
  if (!received.equal_to) return Status::Ok();
  Value value(received.equal_to);
  if (cursor->equal_to && arguments.SameSearch(cursor->arguments)) {
    IdSet before;
    before.Add(cursor->equal_to.get());
    if (!before.Contains(value.get())) {
      return Wrong(
          "IN on rowid or id needs SQLite 3.38; give the ids as within: a JSON array, or "
          "(SELECT vec_ids(rowid) FROM ...)");
    }
  }
  cursor->equal_to = std::move(value);
  return Status::Ok();
}

int TopkFilter(sqlite3_vtab_cursor* base, int, const char* plan, int, sqlite3_value** argv) {
  auto* cursor = static_cast<TopkCursor*>(base);
  return GuardTable(base->pVtab, [&] {
    cursor->at = 0;
    cursor->complete = true;
    sqlite3* db = TableOf(cursor)->connection->db;
    Arguments arguments;
    Received received;
    Status status = Receive(plan, argv, &received, &arguments);
    if (status.ok()) status = ReadArguments(db, received.arguments, &arguments);
    if (!status.ok()) return status;
    if (arguments.query_is_null || arguments.k == 0) {
      cursor->hits.clear();
      cursor->snapshot = {};
      return status;
    }
    if (received.limit >= 0 && received.limit <= kUnlimited - received.offset) {
      // LIMIT 0 asks for nothing, yet wrong arguments must show.
      arguments.first_batch = std::max<int64_t>(1, received.limit + received.offset);
    }
    status = CheckRepeated(received, arguments, cursor);
    if (status.ok()) status = FixSource(db, arguments, cursor);
    if (!status.ok()) return status;
    if (cursor->snapshot.known && arguments.SameSearch(cursor->arguments)) {
      const bool unchanged = HoldSnapshot(cursor).SameAs(cursor->snapshot);
      cursor->scan.Stop();
      if (unchanged) {
        cursor->complete = static_cast<int64_t>(cursor->hits.size()) <
                           std::min(arguments.first_batch, arguments.k);
        if (static_cast<int64_t>(cursor->hits.size()) >= arguments.k) cursor->complete = true;
        return status;
      }
    }
    cursor->arguments = std::move(arguments);
    status = SearchAnew(cursor);
    cursor->scan.Stop();
    return status;
  });
}

// ---- rows ---------------------------------------------------------------------------------------

int TopkNext(sqlite3_vtab_cursor* base) {
  auto* cursor = static_cast<TopkCursor*>(base);
  ++cursor->at;
  if (cursor->at < cursor->hits.size() || cursor->complete) return SQLITE_OK;
  // The statement wants more than its LIMIT let us expect.
  return GuardTable(base->pVtab, [&] {
    const auto have = static_cast<int64_t>(cursor->hits.size());
    return FindMore(cursor,
                    cursor->arguments.k == kUnlimited ? kUnlimited : cursor->arguments.k - have);
  });
}

int TopkEof(sqlite3_vtab_cursor* base) {
  const auto* cursor = static_cast<TopkCursor*>(base);
  return cursor->at >= cursor->hits.size() ? 1 : 0;
}

// The id of a hit of a table whose id is a column of its own: read when it is asked for.
Status ResultId(sqlite3_context* ctx, TopkCursor* cursor, const Hit& hit) {
  sqlite3* db = TableOf(cursor)->connection->db;
  const Source& source = cursor->source;
  if (!cursor->id_of_row) {
    Status status =
        cursor->id_of_row.Prepare(db, "SELECT " + QuoteName(source.id) + " FROM " +
                                          source.QuotedName() + " WHERE " + source.rowid + " = ?1");
    if (!status.ok()) return Status::Code(status.code(), "vec_topk: " + status.message());
  }
  cursor->id_of_row.BindInt(1, hit.rowid);
  const int rc = cursor->id_of_row.Step();
  Status status;
  if (rc == SQLITE_ROW) {
    sqlite3_result_value(ctx, sqlite3_column_value(cursor->id_of_row.get(), 0));
  } else if (rc != SQLITE_DONE) {
    status = DatabaseError(db, rc, "vec_topk: reading the id");
  }
  cursor->id_of_row.Reset();
  return status;
}

int TopkColumn(sqlite3_vtab_cursor* base, sqlite3_context* ctx, int column) {
  auto* cursor = static_cast<TopkCursor*>(base);
  return GuardTable(base->pVtab, [&] {
    const Hit& hit = cursor->hits[cursor->at];
    switch (column) {
      case kId:
        if (hit.id) {
          sqlite3_result_value(ctx, hit.id.get());
        } else if (cursor->source.id.empty()) {
          sqlite3_result_int64(ctx, hit.rowid);
        } else if (cursor->source.has_rowid()) {
          return ResultId(ctx, cursor, hit);
        }
        break;
      case kScore:
        sqlite3_result_double(ctx, ScoreOf(cursor->arguments.metric, hit.distance));
        break;
      case kDistance:
        sqlite3_result_double(ctx, hit.distance);
        break;
      case kRank:
        sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(cursor->at) + 1);
        break;
      default:
        if (const Value& value = cursor->arguments.values[column - kSource]) {
          sqlite3_result_value(ctx, value.get());
        }
    }
    return Status::Ok();
  });
}

int TopkRowid(sqlite3_vtab_cursor* base, sqlite3_int64* rowid) {
  const auto* cursor = static_cast<TopkCursor*>(base);
  *rowid = cursor->hits[cursor->at].rowid;
  return SQLITE_OK;
}

// ---- connecting ---------------------------------------------------------------------------------

int TopkConnect(sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out, char**) {
  const int rc = sqlite3_declare_vtab(
      db,
      "CREATE TABLE x(id, score REAL, distance REAL, rank INTEGER, source HIDDEN, "
      "\"column\" HIDDEN, query HIDDEN, k HIDDEN, metric HIDDEN, min_score HIDDEN, "
      "element HIDDEN, strict HIDDEN, within HIDDEN)");
  if (rc != SQLITE_OK) return rc;
  auto* table = new (std::nothrow) TopkTable();
  if (!table) return SQLITE_NOMEM;
  table->connection = static_cast<Connection*>(user);
  *out = table;
  return SQLITE_OK;
}

int TopkDisconnect(sqlite3_vtab* table) {
  delete static_cast<TopkTable*>(table);
  return SQLITE_OK;
}

int TopkOpen(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
  auto* cursor = new (std::nothrow) TopkCursor();
  if (!cursor) return SQLITE_NOMEM;
  *out = cursor;
  return SQLITE_OK;
}

int TopkClose(sqlite3_vtab_cursor* cursor) {
  delete static_cast<TopkCursor*>(cursor);
  return SQLITE_OK;
}

}  // namespace

ModuleDef VecTopkModule() {
  static const sqlite3_module kModule = [] {
    sqlite3_module module{};
    module.xConnect = TopkConnect;
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
  }();
  return {"vec_topk", &kModule, false};
}

}  // namespace vecgraph
