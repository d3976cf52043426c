// Arguments that are counts or names of metrics, and the sentences for those that are not.
#pragma once

#include <cstdint>
#include <string>

#include "base/value.h"
#include "scan/metric.h"

namespace vecgraph {

// Reads an integer of at least 0. A whole real number counts: some clients bind every number so.
inline bool ReadCount(sqlite3_value* value, int64_t* count) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      *count = sqlite3_value_int64(value);
      return *count >= 0;
    case SQLITE_FLOAT:
      return ToInteger(sqlite3_value_double(value), count) && *count >= 0;
    default:
      return false;
  }
}

inline std::string CountError(const char* function, const char* argument, sqlite3_value* value) {
  const int type = sqlite3_value_type(value);
  const bool shown = type == SQLITE_INTEGER || type == SQLITE_FLOAT || type == SQLITE_TEXT;
  const std::string_view text = shown ? TextOf(value) : std::string_view(TypeNameOf(type));
  return Format("%s: %s must be an integer of 0 or more, found %.*s", function, argument,
                static_cast<int>(text.size()), text.data());
}

// Reads the name of a metric; NULL leaves `metric` as it is.
inline Status ReadMetric(const char* function, sqlite3_value* value, Metric* metric) {
  const int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL) return Status::Ok();
  const std::string_view name = type == SQLITE_TEXT ? TextOf(value) : TypeNameOf(type);
  const auto found = type == SQLITE_TEXT ? FindMetric(name) : std::nullopt;
  if (!found) {
    return Status::Error(Format("%s: unknown metric '%.*s' (there are %s)", function,
                                static_cast<int>(name.size()), name.data(), kMetricNames));
  }
  *metric = *found;
  return Status::Ok();
}

}  // namespace vecgraph
