// Attributes: the members of a JSON object that says more about a node, an edge or a graph.
//
// Ordered by name; of a name that comes twice the last counts; null is as if it were not there.
// Threads: as the connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/statement.h"
#include "graph/value_list.h"

namespace vecgraph {

struct Attribute {
  enum class Kind { kInteger, kReal, kBoolean, kText, kJson };  // kJson: an array or an object

  std::string name;
  Kind kind = Kind::kText;
  int64_t integer = 0;  // of a boolean 0 or 1
  double real = 0;
  std::string text;  // of kText and kJson

  // What it holds, as text for people and as JSON.
  std::string Text() const;
  std::string Json() const;
};

using Attributes = std::vector<Attribute>;

// A label or an id as an attribute. REQUIRES: neither NULL nor a blob.
Attribute AttributeOf(std::string_view name, const ValueRef& value);

const Attribute* FindAttribute(const Attributes& attributes, std::string_view name);

class AttributeReader {
 public:
  explicit AttributeReader(sqlite3* db) : db_(db) {}

  // Adds the members of `json` to `attributes`. An error says that it is no JSON object.
  Status Read(std::string_view json, Attributes* attributes);

 private:
  sqlite3* db_;
  Statement members_;
};

}  // namespace vecgraph
