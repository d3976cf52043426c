#include "vector/json.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace vecgraph {
namespace {

static_assert(std::numeric_limits<float>::is_iec559);

const char* const kMalformed = "JSON parsing error";

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  void SkipSpace() {
    while (at_ != end_ && IsSpace(*at_)) ++at_;
  }
  bool AtEnd() const { return at_ == end_; }
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  // The next number by the grammar of RFC 8259; empty if there is none.
  std::string_view TakeNumber(bool* is_integer) {
    const char* const start = at_;
    Take('-');
    if (!Take('0') && !TakeDigits()) return Fail(start);
    *is_integer = true;
    if (Take('.')) {
      *is_integer = false;
      if (!TakeDigits()) return Fail(start);
    }
    if (Take('e') || Take('E')) {
      *is_integer = false;
      if (!Take('-')) Take('+');
      if (!TakeDigits()) return Fail(start);
    }
    return {start, static_cast<size_t>(at_ - start)};
  }

 private:
  bool TakeDigits() {
    const char* const start = at_;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
    return at_ != start;
  }
  std::string_view Fail(const char* start) {
    at_ = start;
    return {};
  }

  const char* at_;
  const char* end_;
};

// Whether a number that no double holds is too large, not too small: the place of its first digit
// that is not zero decides.
bool IsTooLarge(std::string_view number) {
  long place = 0;  // decimal exponent of the first digit that is not zero
  bool found = false;
  bool fraction = false;
  size_t i = 0;
  for (; i < number.size() && number[i] != 'e' && number[i] != 'E'; ++i) {
    const char c = number[i];
    if (c == '.') {
      fraction = true;
    } else if (IsDigit(c)) {
      if (found) {
        if (!fraction) ++place;
      } else {
        if (fraction) --place;
        found = c != '0';
      }
    }
  }
  if (!found) return false;
  if (i == number.size()) return place > 0;
  const bool negative = number[i + 1] == '-';
  const size_t digits = i + 1 + (negative || number[i + 1] == '+' ? 1 : 0);
  long exponent = 0;
  const auto result =
      std::from_chars(number.data() + digits, number.data() + number.size(), exponent);
  // An exponent of this size outweighs the digits of any text that fits in memory.
  constexpr long kHuge = 1L << 40;
  if (result.ec != std::errc() || exponent > kHuge) return !negative;
  return (negative ? -exponent : exponent) + place > 0;
}

Status AppendFloat(std::string_view number, Vector* vector) {
  double value = 0;
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (IsTooLarge(number)) return Status::Error(kMalformed);
    value = number[0] == '-' ? -0.0 : 0.0;
  }
  const auto element = static_cast<float>(value);  // IEEE 754: beyond FLT_MAX becomes Inf
  const auto* bytes = reinterpret_cast<const uint8_t*>(&element);
  vector->data.insert(vector->data.end(), bytes, bytes + sizeof element);
  return Status::Ok();
}

Status AppendInt8(std::string_view number, bool is_integer, Vector* vector) {
  if (!is_integer) return Status::Error(kMalformed);
  long value = 0;
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  if (result.ec != std::errc() || value < -128 || value > 127) {
    return Status::Error("JSON parsing error: value out of range for int8");
  }
  vector->data.push_back(static_cast<uint8_t>(value));
  return Status::Ok();
}

}  // namespace

Status ParseJson(std::string_view text, ElementType type, Vector* vector) {
  *vector = Vector(type, 0);
  Reader reader(text);
  reader.SkipSpace();
  if (text.empty()) return Status::Error("zero-length vectors are not supported.");
  if (!reader.Take('[')) {
    return Status::Error("JSON array parsing error: Input does not start with '['");
  }
  reader.SkipSpace();
  if (reader.AtEnd() || reader.Take(']')) {
    reader.SkipSpace();
    return Status::Error(reader.AtEnd() ? "zero-length vectors are not supported." : kMalformed);
  }
  for (;;) {
    bool is_integer = false;
    const std::string_view number = reader.TakeNumber(&is_integer);
    if (number.empty()) return Status::Error(kMalformed);
    Status status = type == ElementType::kInt8 ? AppendInt8(number, is_integer, vector)
                                               : AppendFloat(number, vector);
    if (!status.ok()) return status;
    reader.SkipSpace();
    if (reader.Take(']')) break;
    if (!reader.Take(',')) return Status::Error(kMalformed);
    reader.SkipSpace();
  }
  reader.SkipSpace();
  if (!reader.AtEnd()) return Status::Error(kMalformed);
  return CheckFinite(vector->view());
}

std::string ToJson(const VectorView& view) {
  std::string json = "[";
  char buffer[64];  // FLT_MAX has 39 digits before the point
  for (size_t i = 0; i < view.dims; ++i) {
    if (i > 0) json += ',';
    if (view.type == ElementType::kBit) {
      json += (view.data[i / 8] >> (i % 8)) & 1 ? '1' : '0';
    } else if (view.type == ElementType::kInt8) {
      const auto end = std::to_chars(buffer, buffer + sizeof buffer, int{view.Int8(i)});
      json.append(buffer, end.ptr);
    } else if (const float value = view.Float(i); std::isnan(value)) {
      json += "null";
    } else if (std::isinf(value)) {
      json += value > 0 ? "Inf" : "-Inf";
    } else {
      const auto end = std::to_chars(buffer, buffer + sizeof buffer, static_cast<double>(value),
                                     std::chars_format::fixed, 6);
      json.append(buffer, end.ptr);
    }
  }
  return json + ']';
}

}  // namespace vecgraph
