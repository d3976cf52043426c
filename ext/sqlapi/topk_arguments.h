// The hidden arguments of vec_topk: their names, and what the values of one call mean.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id_set.h"
#include "base/status.h"
#include "base/value.h"
#include "scan/metric.h"
#include "sqlapi/args.h"
#include "sqlapi/search_options.h"

namespace vecgraph {

enum TopkArgument {
  kSource,
  kColumn,
  kQuery,
  kK,
  kMetric,
  kMinScore,
  kElement,
  kStrict,
  kWithin,
};

inline constexpr size_t kTopkArguments = kWithin + 1;
inline constexpr std::array<const char*, kTopkArguments> kTopkArgumentNames = {
    "source", "column", "query", "k", "metric", "min_score", "element", "strict", "within"};

// The values of one call, by argument; null for those that were not given.
using GivenArguments = std::array<sqlite3_value*, kTopkArguments>;

struct TopkArguments {
  std::array<Value, kTopkArguments> values;  // as given; pointers become NULL
  std::string source;
  bool source_is_query = false;
  std::string column;
  bool query_is_null = false;  // then no rows, and `query` means nothing
  VectorArg query;             // views values[kQuery] or owns the parsed JSON
  int64_t k = kUnlimited;
  Metric metric = Metric::kDot;
  std::optional<double> min_score;
  bool strict = false;
  std::vector<IdSet> rowid_sets;     // of rowid IN, and of vec_ids
  std::vector<IdSet> id_sets;        // of id IN, and of a JSON array given to within
  bool within_rowids = false;        // within came from vec_ids
  int64_t first_batch = kUnlimited;  // how many hits the statement's LIMIT lets expect

  bool SameSource(const TopkArguments& other) const {
    return source == other.source && source_is_query == other.source_is_query &&
           column == other.column;
  }
  // Whether the other call asks for the same hits.
  bool SameSearch(const TopkArguments& other) const;
};

// Reads the arguments of one call. The restrictions by IN and `first_batch` are the caller's.
Status ReadTopkArguments(sqlite3* db, const GivenArguments& given, TopkArguments* out);

// An error of vec_topk.
inline Status WrongTopk(const std::string& what) { return Status::Error("vec_topk: " + what); }

// The same error with the function's name before it.
inline Status NameTopk(Status status) {
  if (status.ok()) return status;
  return Status::Code(status.code(), "vec_topk: " + status.message());
}

}  // namespace vecgraph
