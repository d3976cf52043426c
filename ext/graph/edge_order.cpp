#include "graph/edge_order.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/memory.h"
#include "graph/group.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

class Ordering {
 public:
  Ordering(uint32_t nodes, std::vector<uint32_t> sources, const ValueList& ids,
           const StopPoll& poll, EdgeOrder* order)
      : nodes_(nodes),
        sources_(std::move(sources)),
        ids_(ids),
        poll_(poll),
        stop_(poll),
        order_(*order) {}

  Status Run() {
    Status status = Look();
    if (!status.ok()) return status;
    if (by_both_) return Count();
    // What is in order by target stays so among the edges of each source.
    std::vector<uint32_t> starts;
    if (!by_target_) status = SortBy(&order_.targets, &sources_, &starts);
    return status.ok() ? SortBy(&sources_, &order_.targets, &order_.starts) : std::move(status);
  }

  // Orders parallel edges, which are in the order of their rows, by their ids.
  Status SortParallel() {
    const std::vector<uint32_t>& starts = order_.starts;
    for (uint32_t node = 0; node < nodes_ && ids_.size() > 0; ++node) {
      for (uint32_t first = starts[node]; first < starts[node + 1];) {
        uint32_t last = first;
        bool sorted = true;
        while (++last < starts[node + 1] && order_.targets[last] == order_.targets[first]) {
          sorted = sorted && Compare(ids_[Row(last - 1)], ids_[Row(last)]) <= 0;
          if (stop_.After(8)) return stop_.status();
        }
        Status status = sorted ? Status::Ok() : SortRows(first, last);
        if (!status.ok()) return status;
        if (stop_.After(2)) return stop_.status();
        first = last;
      }
      if (stop_.After(1)) break;
    }
    return stop_.status();
  }

 private:
  // Which orders the edges are in.
  Status Look() {
    const std::vector<uint32_t>& targets = order_.targets;
    stop_.Each(size_t{1}, std::max<size_t>(sources_.size(), 1), 1, [&](size_t i) {
      const bool ascends = targets[i - 1] <= targets[i];
      by_target_ = by_target_ && ascends;
      by_both_ = by_both_ &&
                 (sources_[i - 1] < sources_[i] || (sources_[i - 1] == sources_[i] && ascends));
    });
    return stop_.status();
  }

  Status Count() {
    std::vector<uint32_t>& starts = order_.starts;
    ReserveLarge(nodes_ + size_t{1}, &starts);
    starts.resize(nodes_ + size_t{1});
    stop_.Each(size_t{0}, sources_.size(), 1, [&](size_t i) { ++starts[sources_[i] + size_t{1}]; });
    stop_.Each(uint32_t{0}, nodes_, 1, [&](uint32_t i) { starts[i + size_t{1}] += starts[i]; });
    return stop_.status();
  }

  // A stable sort of all three lists by `keys`. Leaves where each key's edges begin in `starts`.
  Status SortBy(std::vector<uint32_t>* keys, std::vector<uint32_t>* others,
                std::vector<uint32_t>* starts) {
    const bool in_rows = order_.rows.empty();
    ReserveLarge(keys->size(), &order_.rows);
    order_.rows.resize(keys->size());
    size_t place = 0;
    return GroupByNode(
        nodes_, keys->size(),
        [&](size_t i) {
          const uint32_t row = in_rows ? static_cast<uint32_t>(i) : order_.rows[i];
          return GroupedEdge{(*keys)[i], (*others)[i], row};
        },
        [&](const GroupedEdge* first, const GroupedEdge* last) {
          for (; first != last; ++first, ++place) {
            (*keys)[place] = first->node;
            (*others)[place] = first->other;
            order_.rows[place] = first->mark;
          }
        },
        &stop_, starts);
  }

  uint32_t Row(uint32_t slot) const { return order_.rows.empty() ? slot : order_.rows[slot]; }

  // Of the edges of these slots.
  Status SortRows(uint32_t first, uint32_t last) {
    constexpr uint32_t kFew = 16384;
    if (order_.rows.empty()) {
      ReserveLarge(order_.targets.size(), &order_.rows);
      order_.rows.resize(order_.targets.size());
      std::iota(order_.rows.begin(), order_.rows.end(), 0U);
    }
    const auto before = [&](uint32_t a, uint32_t b) {
      const int order = Compare(ids_[a], ids_[b]);
      return order != 0 ? order < 0 : a < b;
    };
    const auto at = [&](uint32_t slot) {
      return order_.rows.begin() + static_cast<ptrdiff_t>(slot);
    };
    if (last - first <= kFew) {
      std::sort(at(first), at(last), before);
      return stop_.After(16 * static_cast<uint64_t>(last - first)) ? stop_.status() : Status::Ok();
    }
    std::vector<uint32_t> many(at(first), at(last));
    Status status = PolledSort(poll_, &many, before);
    if (status.ok()) std::copy(many.begin(), many.end(), at(first));
    return status;
  }

  const uint32_t nodes_;
  std::vector<uint32_t> sources_;
  const ValueList& ids_;
  const StopPoll& poll_;
  Stop stop_;
  EdgeOrder& order_;
  bool by_target_ = true;
  bool by_both_ = true;
};

}  // namespace

Status OrderEdges(uint32_t nodes, std::vector<uint32_t> sources, std::vector<uint32_t> targets,
                  const ValueList& ids, const StopPoll& poll, EdgeOrder* order) {
  order->targets = std::move(targets);
  Ordering ordering(nodes, std::move(sources), ids, poll, order);
  Status status = ordering.Run();
  return status.ok() ? ordering.SortParallel() : std::move(status);
}

}  // namespace vecgraph
