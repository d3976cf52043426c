// Status: the result of an operation that can fail.
//
// Invariants: an OK status owns nothing and costs one null pointer. A failed one holds an SQLite
// result code (never SQLITE_OK) and a sentence that says what, where and what to do.
// Threads: a Status may be read by several threads, changed by one.
#pragma once

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace vecgraph {

// printf into a std::string; the text is cut at 2,000 bytes, which no message of ours reaches
// unless a user's own name is that long.
[[gnu::format(printf, 1, 2)]] inline std::string Format(const char* format, ...) {
  char buffer[2000];
  va_list args;
  va_start(args, format);
  const int length = std::vsnprintf(buffer, sizeof buffer, format, args);
  va_end(args);
  if (length < 0) return {};
  return std::string(buffer, std::min(static_cast<size_t>(length), sizeof buffer - 1));
}

class [[nodiscard]] Status {
 public:
  static constexpr int kError = 1;  // SQLITE_ERROR, spelled here so that no SQLite header is needed

  Status() = default;

  static Status Ok() { return {}; }
  static Status Error(std::string message) { return Status(kError, std::move(message)); }
  static Status Code(int code, std::string message) { return Status(code, std::move(message)); }

  bool ok() const { return rep_ == nullptr; }
  int code() const { return rep_ ? rep_->code : 0; }
  const std::string& message() const {
    static const std::string kNone;
    return rep_ ? rep_->message : kNone;
  }

 private:
  struct Rep {
    int code;
    std::string message;
  };

  Status(int code, std::string message) : rep_(new Rep{code, std::move(message)}) {}

  std::unique_ptr<Rep> rep_;
};

// An error with what was being done, or the function that did it, put before its sentence.
inline Status Within(std::string_view what, const Status& status) {
  if (status.ok()) return Status::Ok();
  return Status::Code(status.code(), std::string(what) + ": " + status.message());
}

}  // namespace vecgraph
