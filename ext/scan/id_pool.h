// IdPool: copies of SQL values, kept together so that a million of them are freed at once.
//
// A value that SQLite itself copies takes two allocations, and giving them back takes longer than
// an interrupt may. What is in a pool stays where it is until the pool is destroyed, also when the
// pool is moved. Threads: belongs to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/sqlite.h"

namespace vecgraph {

struct StoredId {
  int type = SQLITE_NULL;
  unsigned subtype = 0;
  union {
    int64_t integer;
    double real;
    size_t bytes;  // of text (UTF-8) or a blob, which follow
  };

  // REQUIRES: text or a blob.
  std::string_view data() const { return {reinterpret_cast<const char*>(this + 1), bytes}; }
};

class IdPool {
 public:
  // Null for a null pointer. Throws std::bad_alloc.
  const StoredId* Add(sqlite3_value* value);
  const StoredId* Add(const StoredId* id);
  size_t count() const { return count_; }

 private:
  StoredId* Place(size_t bytes);

  Arena arena_;
  size_t count_ = 0;
};

// The value as the result of a function or a column; null: no value.
void SetResult(sqlite3_context* ctx, const StoredId* id);

}  // namespace vecgraph
