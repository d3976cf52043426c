// Statement: a prepared statement that finalizes itself.
//
// REQUIRES: destroyed before its connection closes; a statement that outlives one call belongs to
// a virtual table object, which SQLite disconnects first.
// Threads: as its connection.
#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "base/sqlite.h"
#include "base/status.h"

namespace vecgraph {

// The connection's last error as a Status. `what` says what was being done and may be empty.
inline Status DatabaseError(sqlite3* db, int code, const std::string& what = {}) {
  const char* message = sqlite3_errmsg(db);
  std::string text = what.empty() ? std::string() : what + ": ";
  return Status::Code(code, text + (message ? message : "unknown error"));
}

class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept : stmt_(std::exchange(other.stmt_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(stmt_, other.stmt_);
    std::swap(bind_code_, other.bind_code_);
    return *this;
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(stmt_); }

  // Prepares the first statement of `sql`; `*tail`, if given, is what follows it.
  Status Prepare(sqlite3* db, std::string_view sql, unsigned flags = 0,
                 std::string_view* tail = nullptr) {
    sqlite3_finalize(std::exchange(stmt_, nullptr));
    const char* rest = nullptr;
    const int rc =
        sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), flags, &stmt_, &rest);
    if (rc != SQLITE_OK) return DatabaseError(db, rc);
    if (tail) *tail = rest ? sql.substr(static_cast<size_t>(rest - sql.data())) : "";
    return Status::Ok();
  }

  // A failed bind is reported by the next Step.
  void BindText(int index, std::string_view text) {
    Note(
        sqlite3_bind_text64(stmt_, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  void BindBlob(int index, std::string_view blob) {
    Note(sqlite3_bind_blob64(stmt_, index, blob.data(), blob.size(), SQLITE_TRANSIENT));
  }
  void BindReal(int index, double value) { Note(sqlite3_bind_double(stmt_, index, value)); }
  void BindInt(int index, int64_t value) { Note(sqlite3_bind_int64(stmt_, index, value)); }
  void BindValue(int index, const sqlite3_value* value) {
    Note(sqlite3_bind_value(stmt_, index, value));
  }

  // SQLITE_ROW, SQLITE_DONE or an error code.
  int Step() {
    if (bind_code_ != SQLITE_OK) return std::exchange(bind_code_, SQLITE_OK);
    return sqlite3_step(stmt_);
  }
  void Reset() { sqlite3_reset(stmt_); }

  // Column text; empty for NULL.
  std::string Text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(stmt_, column));
    if (text) return {text, static_cast<size_t>(sqlite3_column_bytes(stmt_, column))};
    if (sqlite3_column_type(stmt_, column) != SQLITE_NULL) throw std::bad_alloc();
    return {};
  }
  int64_t Int(int column) const { return sqlite3_column_int64(stmt_, column); }

  sqlite3* db() const { return sqlite3_db_handle(stmt_); }
  sqlite3_stmt* get() const { return stmt_; }
  explicit operator bool() const { return stmt_ != nullptr; }

 private:
  void Note(int code) {
    if (code != SQLITE_OK) bind_code_ = code;
  }

  sqlite3_stmt* stmt_ = nullptr;
  int bind_code_ = SQLITE_OK;
};

// A name as an SQL identifier: "a""b".
inline std::string QuoteName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + '"';
}

}  // namespace vecgraph
