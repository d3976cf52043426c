// The arguments that vec_topk and vec_join share, and the sentences for wrong ones. `function` is
// the name of the function that they are arguments of; k and metric are in options.h.
// Threads: as the connection.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "base/value.h"
#include "scan/metric.h"
#include "sqlapi/args.h"

namespace vecgraph {

constexpr int64_t kUnlimited = INT64_MAX;

// What a source was given as.
struct GivenSource {
  std::string text;       // a name, or the text of a query
  bool is_query = false;  // db_query('SELECT ...')

  bool operator==(const GivenSource&) const = default;
};

Status ReadName(const char* function, const char* argument, sqlite3_value* value,
                std::string* name);
Status ReadSource(const char* function, const char* argument, sqlite3_value* value,
                  GivenSource* source);

// NULL, and a null pointer, leave `out` as it is.
Status ReadK(const char* function, sqlite3_value* value, int64_t* out);
Status ReadMinScore(const char* function, sqlite3_value* value, std::optional<double>* out);
Status ReadStrict(const char* function, sqlite3_value* value, bool* out);
Status ReadElement(const char* function, sqlite3_value* value, std::optional<ElementType>* out);

// Says that the metric does not compare such vectors.
std::string MisfitOf(Metric metric, ElementType type);

// The element type of a query that is not NULL: what `element` says, else the subtype of the value,
// else what the metric compares. The message of an error has no function's name before it.
Status TypeOfQuery(sqlite3_value* query, const std::optional<ElementType>& element, Metric metric,
                   ElementType* type);

}  // namespace vecgraph
