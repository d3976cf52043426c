// graph_id(text)    the id that a path gives to a node: './Notes/Big Idea.md' is 'notes-big-idea'
// graph_slug(text)  a text as part of an id: 'Big Idea!' is 'big-idea'
//
// Both keep the letters a to z, in lower case, and the digits; every run of anything else becomes
// one hyphen, and none stays at either end. That holds for letters beyond ASCII too, byte by byte:
// 'Café 2' is 'caf-2', and a text without any letter or digit of ASCII is ''. NULL in, NULL out;
// numbers and blobs are taken as texts.
//
// graph_id first drops dots and a slash in front ('./', '../', '/') and, at the end, .md, .ts, .js
// or .json in lower case; one of each.
#include <array>
#include <string>
#include <string_view>

#include "base/name.h"
#include "base/value.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

std::string Slug(std::string_view text) {
  std::string slug;
  bool gap = false;
  for (const char c : text) {
    const char lower = LowerAscii(c);
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (kept) {
      if (gap && !slug.empty()) slug += '-';
      slug += lower;
    }
    gap = !kept;
  }
  return slug;
}

std::string_view WithoutDotsAndSlash(std::string_view path) {
  const std::size_t slash = path.find_first_not_of('.');
  const bool found = slash != std::string_view::npos && path[slash] == '/';
  return found ? path.substr(slash + 1) : path;
}

std::string_view WithoutSuffix(std::string_view path) {
  for (const std::string_view suffix : {".md", ".ts", ".js", ".json"}) {
    if (path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  }
  return path;
}

template <typename Function>
void OfText(sqlite3_context* ctx, sqlite3_value* value, Function function) {
  GuardFunction(ctx, [&] {
    const int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) return Status::Ok();
    const std::string result = function(type == SQLITE_BLOB ? BlobOf(value) : TextOf(value));
    sqlite3_result_text64(ctx, result.data(), result.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return Status::Ok();
  });
}

void graph_id(sqlite3_context* ctx, int, sqlite3_value** argv) {
  OfText(ctx, argv[0],
         [](std::string_view path) { return Slug(WithoutSuffix(WithoutDotsAndSlash(path))); });
}

void graph_slug(sqlite3_context* ctx, int, sqlite3_value** argv) { OfText(ctx, argv[0], Slug); }

}  // namespace

std::span<const FunctionDef> GraphTextFunctions() {
  static const std::array<FunctionDef, 2> kFunctions{{
      {"graph_id", 1, kPure, false, graph_id},
      {"graph_slug", 1, kPure, false, graph_slug},
  }};
  return kFunctions;
}

}  // namespace vecgraph
