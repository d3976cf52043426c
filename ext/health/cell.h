// Cell: an SQL value that a health function reports: nothing, a number or a text.
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <cstdio>
#include <new>
#include <string>
#include <string_view>
#include <variant>

#include "base/sqlite.h"
#include "base/utf8.h"

namespace vecgraph {

using Cell = std::variant<std::monostate, int64_t, double, std::string>;

inline bool IsNull(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

// A column of the row that `stmt` stands on; a blob counts as nothing.
inline Cell CellOf(sqlite3_stmt* stmt, int column) {
  switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
      return int64_t{sqlite3_column_int64(stmt, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(stmt, column);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(stmt, column));
      if (!text) throw std::bad_alloc();
      return std::string(text, static_cast<size_t>(sqlite3_column_bytes(stmt, column)));
    }
    default:
      return {};
  }
}

// As text for people; empty for nothing.
inline std::string TextOf(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return ValidUtf8(*text);
  if (const auto* number = std::get_if<int64_t>(&cell)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&cell)) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", *real);
    return digits;
  }
  return {};
}

// `text` as a JSON string, with its quotes.
inline std::string JsonText(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : ValidUtf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      json += "\\u00";
      json += kHex[byte >> 4];
      json += kHex[byte & 15];
    } else {
      json += c;
    }
  }
  return json + '"';
}

inline std::string JsonOf(const Cell& cell) {
  if (IsNull(cell)) return "null";
  if (const auto* text = std::get_if<std::string>(&cell)) return JsonText(*text);
  return TextOf(cell);
}

}  // namespace vecgraph
