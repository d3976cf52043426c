// Names as SQLite compares them: ASCII letters in either case are the same, all other bytes are
// not.
//
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace vecgraph {

constexpr char LowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline bool SameName(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, LowerAscii, LowerAscii);
}

// The names of the rowid, but for those that a column of the table has.
inline constexpr std::array<const char*, 3> kRowidNames = {"rowid", "_rowid_", "oid"};

inline bool IsRowidName(std::string_view name) {
  return std::ranges::any_of(kRowidNames, [&](const char* one) { return SameName(one, name); });
}

}  // namespace vecgraph
