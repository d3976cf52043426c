#include "sqlapi/topk_arguments.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "scan/restriction.h"
#include "sqlapi/options.h"
#include "sqlapi/pointers.h"

namespace vecgraph {
namespace {

Status ReadWithin(sqlite3* db, sqlite3_value* value, TopkArguments* out) {
  if (const IdSet* rowids = RowidsOf(value)) {
    out->within_rowids = true;
    out->rowid_sets.push_back(*rowids);
    return Status::Ok();
  }
  if (sqlite3_value_type(value) != SQLITE_TEXT) {
    return Status::Error(
        Format("within must be a JSON array of ids or (SELECT vec_ids(rowid) FROM ...) "
               "written right there, found %s",
               TypeNameOf(sqlite3_value_type(value))));
  }
  IdSet ids;
  Status status = ReadJsonIds(db, TextOf(value), &ids);
  if (!status.ok()) return status;
  out->id_sets.push_back(std::move(ids));
  return Status::Ok();
}

Status ReadQuery(const char* function, const GivenArguments& given, TopkArguments* out) {
  sqlite3_value* const query = given[kQuery];
  if (sqlite3_value_type(query) == SQLITE_NULL) {
    out->query_is_null = true;
    return Status::Ok();
  }
  std::optional<ElementType> element;
  ElementType type;
  Status status = ReadElement(function, given[kElement], &element);
  if (!status.ok()) return status;
  status = TypeOfQuery(query, element, out->metric, &type);
  if (!status.ok()) return Within(function, status);
  // The copy in `values` stays while the cursor does.
  status = DecodeVector(out->values[kQuery].get(), type, Finite::kCheck, &out->query);
  if (status.ok()) return status;
  return Within(function, Status::Error("query: " + status.message()));
}

// lambda and fetch_k; k is read already.
Status ReadDiversity(const GivenArguments& given, TopkArguments* out) {
  Diversity diversity;
  diversity.k = out->k;
  sqlite3_value* const k = given[kK];
  if (!k || sqlite3_value_type(k) == SQLITE_NULL) {
    return Status::Error("k must be an integer of 0 or more, found NULL");
  }
  sqlite3_value* const lambda = given[kLambda];
  if (lambda && sqlite3_value_type(lambda) != SQLITE_NULL) {
    const int type = sqlite3_value_type(lambda);
    diversity.lambda = sqlite3_value_double(lambda);
    const bool is_number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    if (!is_number || !(diversity.lambda >= 0 && diversity.lambda <= 1)) {
      const std::string_view found = type == SQLITE_BLOB ? TypeNameOf(type) : TextOf(lambda);
      return Status::Error(Format("lambda must be a number from 0 to 1, found %.*s",
                                  static_cast<int>(found.size()), found.data()));
    }
  }
  constexpr int64_t kTimes = 5;
  constexpr int64_t kLeast = 20;
  int64_t fetch = diversity.k > kUnlimited / kTimes ? kUnlimited : kTimes * diversity.k;
  fetch = std::max(kLeast, fetch);
  sqlite3_value* const fetch_k = given[kFetchK];
  if (fetch_k && sqlite3_value_type(fetch_k) != SQLITE_NULL) {
    if (!ReadCount(fetch_k, &fetch) || fetch < diversity.k) {
      const bool is_blob = sqlite3_value_type(fetch_k) == SQLITE_BLOB;
      const std::string_view found = is_blob ? TypeNameOf(SQLITE_BLOB) : TextOf(fetch_k);
      return Status::Error(Format("fetch_k must be an integer of at least k (%lld), found %.*s",
                                  static_cast<long long>(diversity.k),
                                  static_cast<int>(found.size()), found.data()));
    }
  }
  out->k = diversity.k == 0 ? 0 : fetch;
  out->diversity = diversity;
  return Status::Ok();
}

}  // namespace

Status ReadTopkArguments(sqlite3* db, const char* function, bool is_diverse,
                         const GivenArguments& given, TopkArguments* out) {
  const auto at = [&](TopkArgument argument) { return given[argument]; };
  for (size_t a = 0; a < kTopkArguments; ++a) out->values[a] = Value(given[a]);
  GivenSource source;
  Status status = ReadSource(function, "source", at(kSource), &source);
  out->source = std::move(source.text);
  out->source_is_query = source.is_query;
  if (status.ok()) status = ReadName(function, "column", at(kColumn), &out->column);
  if (status.ok() && at(kMetric)) status = ReadMetric(function, at(kMetric), &out->metric);
  if (status.ok()) status = ReadQuery(function, given, out);
  if (status.ok()) status = ReadK(function, at(kK), &out->k);
  if (status.ok()) status = ReadMinScore(function, at(kMinScore), &out->min_score);
  if (status.ok()) status = ReadStrict(function, at(kStrict), &out->strict);
  if (status.ok() && at(kWithin)) status = Within(function, ReadWithin(db, at(kWithin), out));
  if (status.ok() && is_diverse) status = Within(function, ReadDiversity(given, out));
  return status;
}

bool TopkArguments::SameSearch(const TopkArguments& other) const {
  return SameSource(other) && query.view.type == other.query.view.type &&
         query.view.dims == other.query.view.dims &&
         std::memcmp(query.view.data, other.query.view.data, query.view.bytes()) == 0 &&
         k == other.k && diversity == other.diversity && metric == other.metric &&
         min_score == other.min_score && strict == other.strict &&
         first_batch == other.first_batch && rowid_sets == other.rowid_sets &&
         id_sets == other.id_sets && within_rowids == other.within_rowids;
}

}  // namespace vecgraph
