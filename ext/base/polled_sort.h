// PolledSort: sorts without keeping an interrupt waiting. StopPoll: what is asked meanwhile.
// Threads: as the poll.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "base/status.h"

namespace vecgraph {

// Asked about every millisecond: SQLITE_OK (0), or the code to stop with.
using StopPoll = std::function<int()>;

// Sorts `values` by `before`; equal ones end in any order. An error: `poll` said to stop, and then
// the order is any.
template <class T, class Before = std::less<T>>
Status PolledSort(const StopPoll& poll, std::vector<T>* values, const Before& before = {}) {
  constexpr size_t kRun = 16384;
  const size_t count = values->size();
  // Rowids often come in order.
  size_t sorted = std::min<size_t>(count, 1);
  while (sorted < count && !before((*values)[sorted], (*values)[sorted - 1])) {
    if (++sorted % kRun != 0) continue;
    if (const int code = poll()) return Status::Code(code, "interrupted");
  }
  if (sorted == count) return Status::Ok();
  std::vector<T> other;
  if (count > kRun) other.reserve(count);
  const auto at = [](std::vector<T>& v, size_t i) { return v.begin() + static_cast<ptrdiff_t>(i); };
  for (size_t from = 0; from < count; from += kRun) {
    if (const int code = from > 0 ? poll() : 0) return Status::Code(code, "interrupted");
    std::sort(at(*values, from), at(*values, std::min(from + kRun, count)), before);
  }
  for (size_t width = kRun; width < count; width *= 2) {
    other.clear();
    for (size_t from = 0; from < count; from += 2 * width) {
      size_t left = from;
      size_t right = std::min(from + width, count);
      const size_t middle = right;
      const size_t end = std::min(from + 2 * width, count);
      while (left < middle || right < end) {
        if (other.size() % kRun == 0) {
          if (const int code = poll()) return Status::Code(code, "interrupted");
        }
        const bool second =
            left == middle || (right < end && before((*values)[right], (*values)[left]));
        other.push_back((*values)[second ? right++ : left++]);
      }
    }
    std::swap(*values, other);
  }
  return Status::Ok();
}

// The same, and leaves one of those that are equal.
template <class T>
Status SortDistinct(const StopPoll& poll, std::vector<T>* values) {
  Status status = PolledSort(poll, values);
  if (status.ok()) values->erase(std::unique(values->begin(), values->end()), values->end());
  return status;
}

}  // namespace vecgraph
