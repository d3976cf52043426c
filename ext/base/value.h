// Value: an SQL value that outlives the row it came from, and what a value holds.
// Threads: as the connection.
#pragma once

#include <cmath>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "base/sqlite.h"

namespace vecgraph {

class Value {
 public:
  Value() = default;
  // Copies `value`; a null pointer stays one. Throws std::bad_alloc.
  explicit Value(const sqlite3_value* value) : value_(value ? sqlite3_value_dup(value) : nullptr) {
    if (value && !value_) throw std::bad_alloc();
  }
  Value(Value&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  Value& operator=(Value&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  ~Value() {
    if (value_) sqlite3_value_free(value_);
  }

  sqlite3_value* get() const { return value_; }
  explicit operator bool() const { return value_ != nullptr; }

 private:
  sqlite3_value* value_ = nullptr;
};

// The value as text or bytes; empty for NULL. Throws std::bad_alloc when a conversion fails.
inline std::string_view TextOf(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  if (!text && sqlite3_value_type(value) != SQLITE_NULL) throw std::bad_alloc();
  if (!text) return {};
  return {text, static_cast<size_t>(sqlite3_value_bytes(value))};
}

inline std::string_view BlobOf(sqlite3_value* value) {
  const auto* blob = static_cast<const char*>(sqlite3_value_blob(value));
  if (!blob && sqlite3_value_bytes(value) > 0) throw std::bad_alloc();
  if (!blob) return {};
  return {blob, static_cast<size_t>(sqlite3_value_bytes(value))};
}

inline const char* TypeNameOf(int type) {
  switch (type) {
    case SQLITE_INTEGER:
      return "INTEGER";
    case SQLITE_FLOAT:
      return "FLOAT";
    case SQLITE_TEXT:
      return "TEXT";
    case SQLITE_BLOB:
      return "BLOB";
    default:
      return "NULL";
  }
}

// A real that is a whole number within int64, as that number.
inline bool ToInteger(double real, int64_t* integer) {
  if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0)) return false;
  if (real != std::floor(real)) return false;
  *integer = static_cast<int64_t>(real);
  return true;
}

}  // namespace vecgraph
