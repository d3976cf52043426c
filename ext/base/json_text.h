// Values as JSON text.
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/utf8.h"

namespace vecgraph {

// `text` as a JSON string with its quotes; '?' stands for NUL and for bytes that are no UTF-8.
inline std::string JsonQuote(std::string_view text) {
  std::string json = "\"";
  for (const char c : ValidUtf8(text)) {
    switch (c) {
      case '"':
        json += "\\\"";
        break;
      case '\\':
        json += "\\\\";
        break;
      case '\n':
        json += "\\n";
        break;
      case '\t':
        json += "\\t";
        break;
      case '\r':
        json += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          json += Format("\\u%04x", static_cast<unsigned>(c));
        } else {
          json += c;
        }
    }
  }
  return json + '"';
}

// The shortest text that reads back as `real`, with a point or an exponent; 9e999 is infinite.
inline std::string JsonReal(double real) {
  if (std::isinf(real)) return real > 0 ? "9e999" : "-9e999";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, real);
  std::string text(buffer, end.ptr);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

}  // namespace vecgraph
