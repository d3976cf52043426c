#include "graph/attributes.h"

#include <algorithm>

#include "base/json_text.h"

namespace vecgraph {
namespace {

bool LooksLikeObject(std::string_view json) {
  const size_t first = json.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && json[first] == '{';
}

Status NotAnObject(std::string_view json) {
  constexpr int kShown = 60;
  const bool cut = json.size() > kShown;
  return Status::Error(Format("must be a JSON object, found '%.*s'%s",
                              cut ? kShown : static_cast<int>(json.size()), json.data(),
                              cut ? "..." : ""));
}

}  // namespace

std::string Attribute::Text() const {
  switch (kind) {
    case Kind::kInteger:
      return std::to_string(integer);
    case Kind::kReal:
      return JsonReal(real);
    case Kind::kBoolean:
      return integer ? "true" : "false";
    default:
      return text;
  }
}

std::string Attribute::Json() const { return kind == Kind::kText ? JsonQuote(text) : Text(); }

Attribute AttributeOf(std::string_view name, const ValueRef& value) {
  Attribute attribute;
  attribute.name = name;
  attribute.kind = value.type == SQLITE_INTEGER ? Attribute::Kind::kInteger
                   : value.type == SQLITE_FLOAT ? Attribute::Kind::kReal
                                                : Attribute::Kind::kText;
  attribute.integer = value.integer;
  attribute.real = value.real;
  attribute.text = value.bytes;
  return attribute;
}

const Attribute* FindAttribute(const Attributes& attributes, std::string_view name) {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

Status AttributeReader::Read(std::string_view json, Attributes* attributes) {
  if (!LooksLikeObject(json)) return NotAnObject(json);
  if (!members_) {
    Status status = members_.Prepare(db_, "SELECT key, type, value FROM json_each(?1)",
                                     SQLITE_PREPARE_PERSISTENT);
    if (!status.ok()) return status;
  }
  members_.BindText(1, json);
  int rc;
  while ((rc = members_.Step()) == SQLITE_ROW) {
    const std::string type = members_.Text(1);
    if (type == "null") continue;
    const ValueRef value = ValueRef::Of(sqlite3_column_value(members_.get(), 2));
    Attribute attribute = AttributeOf(members_.Text(0), value);
    if (type == "true" || type == "false") attribute.kind = Attribute::Kind::kBoolean;
    if (type == "array" || type == "object") attribute.kind = Attribute::Kind::kJson;
    attributes->push_back(std::move(attribute));
  }
  const Status failed = rc == SQLITE_DONE    ? Status::Ok()
                        : rc == SQLITE_ERROR ? NotAnObject(json)
                                             : DatabaseError(db_, rc);
  members_.Reset();
  if (!failed.ok()) return Status::Code(failed.code(), failed.message());
  const auto by_name = [](const Attribute& a, const Attribute& b) { return a.name < b.name; };
  const auto same_name = [](const Attribute& a, const Attribute& b) { return a.name == b.name; };
  // unique() keeps the first of several: from the back that is the last.
  std::reverse(attributes->begin(), attributes->end());
  std::stable_sort(attributes->begin(), attributes->end(), by_name);
  attributes->erase(std::unique(attributes->begin(), attributes->end(), same_name),
                    attributes->end());
  return Status::Ok();
}

}  // namespace vecgraph
