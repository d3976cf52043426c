// Value: an SQL value that outlives the row it came from. IdSet: a set of such values.
//
// Two values are the same as SQL's `=` without affinity and with BINARY collation says: numbers by
// their exact value, text and blobs byte for byte; NULL is the same as nothing.
// Threads: as the connection.
#pragma once

#include <cmath>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <unordered_set>
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

class IdSet {
 public:
  // NULL is left out.
  void Add(sqlite3_value* value) {
    int64_t integer = 0;
    switch (sqlite3_value_type(value)) {
      case SQLITE_INTEGER:
        integers_.insert(sqlite3_value_int64(value));
        break;
      case SQLITE_FLOAT:
        if (ToInteger(sqlite3_value_double(value), &integer)) {
          integers_.insert(integer);
        } else {
          reals_.insert(sqlite3_value_double(value));
        }
        break;
      case SQLITE_TEXT:
        texts_.emplace(TextOf(value));
        break;
      case SQLITE_BLOB:
        blobs_.emplace(BlobOf(value));
        break;
      default:
        break;
    }
  }

  bool Contains(sqlite3_value* value) const {
    int64_t integer = 0;
    switch (sqlite3_value_type(value)) {
      case SQLITE_INTEGER:
        return integers_.count(sqlite3_value_int64(value)) != 0;
      case SQLITE_FLOAT:
        if (ToInteger(sqlite3_value_double(value), &integer)) return integers_.count(integer) != 0;
        return reals_.count(sqlite3_value_double(value)) != 0;
      case SQLITE_TEXT:
        return !texts_.empty() && texts_.count(std::string(TextOf(value))) != 0;
      case SQLITE_BLOB:
        return !blobs_.empty() && blobs_.count(std::string(BlobOf(value))) != 0;
      default:
        return false;
    }
  }

  // Calls the function for each value by its type.
  template <class Integer, class Real, class Text, class Blob>
  void ForEach(Integer integer, Real real, Text text, Blob blob) const {
    for (const int64_t value : integers_) integer(value);
    for (const double value : reals_) real(value);
    for (const std::string& value : texts_) text(value);
    for (const std::string& value : blobs_) blob(value);
  }

  size_t size() const { return integers_.size() + reals_.size() + texts_.size() + blobs_.size(); }
  const std::unordered_set<int64_t>& integers() const { return integers_; }

  bool operator==(const IdSet&) const = default;

 private:
  std::unordered_set<int64_t> integers_;
  std::unordered_set<double> reals_;  // those that are no int64
  std::unordered_set<std::string> texts_;
  std::unordered_set<std::string> blobs_;
};

}  // namespace vecgraph
