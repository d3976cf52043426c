// Stop: asks whether work has to stop, every so many steps.
// Threads: as the poll.
#pragma once

#include <cstdint>

#include "base/polled_sort.h"
#include "base/status.h"

namespace vecgraph {

class Stop {
 public:
  // REQUIRES: `poll` outlives it.
  explicit Stop(const StopPoll& poll) : poll_(poll) {}

  // Counts `steps`, each of a few nanoseconds. True: stop, status() says why.
  bool After(uint64_t steps) {
    done_ += steps;
    if (done_ < kStretch) return code_ != 0;
    done_ = 0;
    if (code_ == 0) code_ = poll_();
    return code_ != 0;
  }
  // use(i) for each i from `begin` to below `end`, each of `steps`: a node may have millions of
  // edges. False: stop.
  template <class Index, class Use>
  bool Each(Index begin, Index end, uint64_t steps, Use&& use) {
    return EachPiece(begin, end, steps, [&use](Index from, Index to) {
      for (; from < to; ++from) use(from);
    });
  }
  // The same, use(from, to) for a few thousand of them at a time.
  template <class Index, class Use>
  bool EachPiece(Index begin, Index end, uint64_t steps, Use&& use) {
    constexpr Index kPiece = 4096;
    while (begin < end) {
      const Index to = end - begin > kPiece ? begin + kPiece : end;
      use(begin, to);
      if (After(steps * (to - begin))) return false;
      begin = to;
    }
    return true;
  }
  Status status() const { return code_ == 0 ? Status::Ok() : Status::Code(code_, "interrupted"); }

 private:
  static constexpr uint64_t kStretch = 1 << 16;

  const StopPoll& poll_;
  uint64_t done_ = 0;
  int code_ = 0;
};

}  // namespace vecgraph
