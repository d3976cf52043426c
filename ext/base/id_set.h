// IdSet: a set of SQL values, as the right side of an IN has them.
//
// Two values are the same as SQL's `=` without affinity and with BINARY collation says: numbers by
// their exact value, text and blobs byte for byte; NULL is the same as nothing.
// It is filled, then sealed, then asked. A million values are freed at once.
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/polled_sort.h"
#include "base/sqlite.h"

namespace vecgraph {

class IdSet {
 public:
  // NULL is left out. Throws std::bad_alloc.
  void Add(sqlite3_value* value);
  // Sorts the values, without which Contains() means nothing. An error: `poll` said to stop.
  Status Seal(const StopPoll& poll);
  bool Contains(sqlite3_value* value) const;

  // Calls the function for each value by its type.
  template <class Integer, class Real, class Text, class Blob>
  void ForEach(Integer integer, Real real, Text text, Blob blob) const {
    for (const int64_t value : integers_) integer(value);
    for (const double value : reals_) real(value);
    for (const std::string_view value : texts_) text(value);
    for (const std::string_view value : blobs_) blob(value);
  }
  // Before Seal() as they were added.
  const std::vector<int64_t>& integers() const { return integers_; }

  // Whether both hold the same in the same order.
  bool operator==(const IdSet& other) const {
    return integers_ == other.integers_ && reals_ == other.reals_ && texts_ == other.texts_ &&
           blobs_ == other.blobs_;
  }

 private:
  std::string_view Copy(std::string_view bytes);

  std::vector<int64_t> integers_;
  std::vector<double> reals_;  // those that are no int64
  std::vector<std::string_view> texts_;
  std::vector<std::string_view> blobs_;
  std::shared_ptr<Arena> bytes_;  // of texts and blobs; shared with copies
};

}  // namespace vecgraph
