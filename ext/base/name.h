// Names as SQLite compares them: ASCII letters in either case are the same, all other bytes are
// not.
//
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <string_view>

namespace vecgraph {

constexpr char LowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline bool SameName(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, LowerAscii, LowerAscii);
}

}  // namespace vecgraph
