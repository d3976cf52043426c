// The hidden arguments of vec_join: their names, and what the values of one call mean.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/value.h"
#include "scan/metric.h"
#include "sqlapi/search_options.h"

namespace vecgraph {

enum class JoinArgument {
  kLeftSource,
  kLeftColumn,
  kRightSource,
  kRightColumn,
  kK,
  kMetric,
  kMinScore,
  kElement,
  kStrict,
};

inline constexpr size_t kJoinArguments = static_cast<size_t>(JoinArgument::kStrict) + 1;
inline constexpr size_t kJoinRequired = 4;  // the first ones
inline constexpr std::array<const char*, kJoinArguments> kJoinArgumentNames = {
    "left_source", "left_column", "right_source", "right_column", "k",
    "metric",      "min_score",   "element",      "strict"};

// The values of one call, by argument; null for those that were not given.
using GivenJoinArguments = std::array<sqlite3_value*, kJoinArguments>;

struct JoinArguments {
  std::array<Value, kJoinArguments> values;  // as given; pointers become NULL
  GivenSource left;
  std::string left_column;
  GivenSource right;
  std::string right_column;
  int64_t k = kUnlimited;
  Metric metric = Metric::kDot;
  std::optional<double> min_score;
  std::optional<ElementType> element;
  bool strict = false;
};

Status ReadJoinArguments(const GivenJoinArguments& given, JoinArguments* out);

}  // namespace vecgraph
