// Reads the words of a migration, as far as the runner must know what a statement is before SQLite
// sees it. Comments, quoted text and blanks are skipped as SQLite does.
//
// This is a second wall: scripts/lint_migrations.py reads the same files more strictly before they
// are released. It assumes what the lint makes sure of: created names are plain words.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace vecgraph {

inline bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

inline bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Takes the next word, quoted text or other single character from `sql`; empty at the end.
inline std::string_view TakeToken(std::string_view* sql) {
  // The length of the text up to and including `end` searched from `from`, or all of it.
  const auto through = [sql](std::string_view end, size_t from) {
    const size_t at = sql->find(end, from);
    return at == std::string_view::npos ? sql->size() : at + end.size();
  };
  while (!sql->empty()) {
    if (IsBlank(sql->front())) {
      sql->remove_prefix(1);
    } else if (sql->starts_with("--")) {
      sql->remove_prefix(through("\n", 2));
    } else if (sql->starts_with("/*")) {
      sql->remove_prefix(through("*/", 2));
    } else {
      break;
    }
  }
  if (sql->empty()) return {};
  size_t length = 1;
  const char first = sql->front();
  if (IsWordByte(first)) {
    while (length < sql->size() && IsWordByte((*sql)[length])) ++length;
  } else if (first == '\'' || first == '"' || first == '`') {
    // A doubled quote reads as two quoted texts, which is all the same here.
    length = through(sql->substr(0, 1), 1);
  } else if (first == '[') {
    length = through("]", 1);
  }
  const std::string_view token = sql->substr(0, length);
  sql->remove_prefix(length);
  return token;
}

// Whether `token` is the keyword `upper`, in any case.
inline bool IsKeyword(std::string_view token, std::string_view upper) {
  return std::equal(token.begin(), token.end(), upper.begin(), upper.end(), [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}

// The word that the next statement begins with; empty if no statement follows.
inline std::string_view FirstKeyword(std::string_view sql) {
  std::string_view token = TakeToken(&sql);
  while (token == ";") token = TakeToken(&sql);
  return token;
}

// Whether a statement that begins with `keyword` leaves the transaction and the connection alone.
inline bool AllowedInMigration(std::string_view keyword) {
  constexpr std::string_view kForbidden[] = {"ATTACH",    "BEGIN",  "COMMIT",  "DETACH",
                                             "END",       "PRAGMA", "RELEASE", "ROLLBACK",
                                             "SAVEPOINT", "VACUUM"};
  return std::none_of(std::begin(kForbidden), std::end(kForbidden),
                      [&](std::string_view word) { return IsKeyword(keyword, word); });
}

// The names after CREATE TABLE, INDEX, VIEW and TRIGGER.
inline std::vector<std::string_view> CreatedNames(std::string_view sql) {
  std::vector<std::string_view> names;
  std::string_view token;
  while (!(token = TakeToken(&sql)).empty()) {
    if (!IsKeyword(token, "CREATE")) continue;
    token = TakeToken(&sql);
    if (IsKeyword(token, "UNIQUE")) TakeToken(&sql);
    token = TakeToken(&sql);
    if (IsKeyword(token, "IF")) {
      TakeToken(&sql);  // NOT
      TakeToken(&sql);  // EXISTS
      token = TakeToken(&sql);
    }
    if (!token.empty()) names.push_back(token);
  }
  return names;
}

}  // namespace vecgraph
