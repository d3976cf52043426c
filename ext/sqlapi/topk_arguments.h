// The hidden arguments of vec_topk and vec_mmr: their names, and what the values of one call mean.
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
  kLambda,  // this and the next: of vec_mmr alone
  kFetchK,
};

inline constexpr size_t kPlainArguments = kLambda;
inline constexpr size_t kTopkArguments = kFetchK + 1;
inline constexpr std::array<const char*, kTopkArguments> kTopkArgumentNames = {
    "source",  "column", "query",  "k",      "metric", "min_score",
    "element", "strict", "within", "lambda", "fetch_k"};

// The values of one call, by argument; null for those that were not given.
using GivenArguments = std::array<sqlite3_value*, kTopkArguments>;

// How many hits are picked of those that are found, and how.
struct Diversity {
  int64_t k = 0;
  double lambda = 0.5;

  bool operator==(const Diversity&) const = default;
};

struct TopkArguments {
  std::array<Value, kTopkArguments> values;  // as given; pointers become NULL
  std::string source;
  bool source_is_query = false;
  std::string column;
  bool query_is_null = false;          // then no rows, and `query` means nothing
  VectorArg query;                     // views values[kQuery] or owns the parsed JSON
  int64_t k = kUnlimited;              // of a diverse search fetch_k
  std::optional<Diversity> diversity;  // none: the hits are those that are found
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

// Reads the arguments of one call of `function`, whose name begins every message. The restrictions
// by IN and `first_batch` are the caller's.
Status ReadTopkArguments(sqlite3* db, const char* function, bool is_diverse,
                         const GivenArguments& given, TopkArguments* out);

}  // namespace vecgraph
