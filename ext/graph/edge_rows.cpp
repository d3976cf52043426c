#include "graph/edge_rows.h"

#include <algorithm>
#include <utility>

#include "graph/edge_order.h"
#include "graph/group.h"

namespace vecgraph {
namespace {

// Cells are fetched so many steps before they are needed.
constexpr size_t kAhead = 24;

// The numbers of integers that lie close together, in their order.
class Places {
 public:
  enum Mark : uint8_t { kEnd = 1, kListed = 2 };

  Places(int64_t least, uint64_t width) : least_(least), marks_(static_cast<size_t>(width) + 1) {}

  Status Note(const ValueList& values, Mark mark, Stop* stop) {
    stop->Each(size_t{0}, values.size(), 1,
               [&](size_t i) { marks_[At(values.Integer(i))] |= mark; });
    return stop->status();
  }
  // Gives numbers to what was noted. `phantoms` counts what was not listed.
  Status Number(Stop* stop, ValueList* ids, int64_t* phantoms) {
    stop->Each(size_t{0}, marks_.size(), 1, [&](size_t i) {
      if (marks_[i] == 0) return;
      *phantoms += (marks_[i] & kListed) == 0 ? 1 : 0;
      ids->AppendInteger(least_ + static_cast<int64_t>(i));
    });
    if (ids->size() == marks_.size()) return stop->status();  // a number is a place
    ReserveLarge(marks_.size(), &numbers_);
    uint32_t number = 0;
    stop->Each(size_t{0}, marks_.size(), 1, [&](size_t i) {
      numbers_.push_back(number);
      number += marks_[i] == 0 ? 0 : 1;
    });
    return stop->status();
  }
  // Takes the numbers of `values`, which are gone then.
  Status Take(ValueList* values, Stop* stop, std::vector<uint32_t>* numbers) const {
    *numbers = values->TakeNumbers([&](int64_t integer) {
      if (stop->After(1)) return uint32_t{0};
      const size_t place = At(integer);
      return numbers_.empty() ? static_cast<uint32_t>(place) : numbers_[place];
    });
    return stop->status();
  }

 private:
  size_t At(int64_t integer) const {
    return static_cast<size_t>(static_cast<uint64_t>(integer) - static_cast<uint64_t>(least_));
  }

  int64_t least_;
  std::vector<uint8_t> marks_;
  std::vector<uint32_t> numbers_;  // by place; empty: 0, 1, 2, ...
};

}  // namespace

void EdgeRows::Expect(size_t edges, bool with_weights) {
  src_values_.Reserve(edges);
  dst_values_.Reserve(edges);
  ids.Reserve(edges);
  if (with_weights) weights.Reserve(edges);
}

Status EdgeRows::AddEnds(const ValueRef& src, const ValueRef& dst) {
  const bool integers = src.type == SQLITE_INTEGER && dst.type == SQLITE_INTEGER;
  if (!interned_ && integers) return AddEnds(src.integer, dst.integer);
  Status status = Intern();
  if (status.ok()) status = AddNumber(src, &src_);
  return status.ok() ? AddNumber(dst, &dst_) : std::move(status);
}

Status EdgeRows::AddNode(const ValueRef& id) {
  if (!interned_ && id.type == SQLITE_INTEGER) {
    node_values_.AppendInteger(id.integer);
    return Status::Ok();
  }
  Status status = Intern();
  return status.ok() ? AddNumber(id, &listed_) : std::move(status);
}

Status EdgeRows::AddNumber(const ValueRef& id, std::vector<uint32_t>* numbers) {
  uint32_t number = 0;
  Status status = nodes_.Add(id, poll_, &number);
  if (status.ok()) numbers->push_back(number);
  return status;
}

// Numbers what has come so far.
Status EdgeRows::Intern() {
  if (interned_) return Status::Ok();
  interned_ = true;
  Status status = InternAll(&src_values_, &src_);
  if (status.ok()) status = InternAll(&dst_values_, &dst_);
  return status.ok() ? InternAll(&node_values_, &listed_) : std::move(status);
}

Status EdgeRows::InternAll(ValueList* values, std::vector<uint32_t>* numbers) {
  numbers->reserve(values->size());
  for (size_t i = 0; i < values->size(); ++i) {
    if (i + kAhead < values->size()) nodes_.Expect(values->Integer(i + kAhead));
    Status status = AddNumber(ValueRef::Integer(values->Integer(i)), numbers);
    if (!status.ok()) return status;
    if (stop_.After(16)) return stop_.status();
  }
  *values = ValueList();
  return Status::Ok();
}

int64_t EdgeRows::bytes() const {
  const auto edge = static_cast<int64_t>(sizeof(GroupedEdge) + 3 * sizeof(uint32_t));
  return static_cast<int64_t>(size()) * edge + src_values_.bytes() + dst_values_.bytes() +
         node_values_.bytes() + 2 * nodes_.bytes() + 2 * ids.bytes() + 2 * weights.bytes();
}

Status EdgeRows::NumberByArray(int64_t least, uint64_t width, Graph* graph) {
  Stop* const stop = &stop_;
  Places places(least, width);
  Status status = places.Note(src_values_, Places::kEnd, stop);
  if (status.ok()) status = places.Note(dst_values_, Places::kEnd, stop);
  if (status.ok()) status = places.Note(node_values_, Places::kListed, stop);
  if (status.ok()) status = places.Number(stop, &graph->ids, &graph->phantoms);
  if (!status.ok()) return status;
  node_values_ = ValueList();
  status = places.Take(&src_values_, stop, &src_);
  return status.ok() ? places.Take(&dst_values_, stop, &dst_) : std::move(status);
}

Status EdgeRows::NumberByOrder(Graph* graph) {
  std::vector<uint32_t> order;
  Status status = nodes_.Order(poll_, &order);
  if (!status.ok()) return status;
  std::vector<bool> listed(order.size());
  for (const uint32_t node : listed_) listed[node] = true;
  graph->phantoms = std::count(listed.begin(), listed.end(), false);
  std::vector<uint32_t> place(order.size());
  graph->ids.Reserve(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) {
    if (i + kAhead < order.size()) nodes_.values().Fetch(order[i + kAhead]);
    place[order[i]] = i;
    graph->ids.Append(nodes_.values()[order[i]]);
    if (stop_.After(4)) return stop_.status();
  }
  nodes_ = Interner();
  for (std::vector<uint32_t>* ends : {&src_, &dst_}) {
    for (size_t i = 0; i < ends->size(); ++i) {
      if (i + kAhead < ends->size()) __builtin_prefetch(&place[(*ends)[i + kAhead]]);
      (*ends)[i] = place[(*ends)[i]];
      if (stop_.After(1)) return stop_.status();
    }
  }
  return status;
}

// Puts the edges into their order.
Status EdgeRows::Fill(Graph* graph) {
  stop_.Each(size_t{0}, src_.size(), 1, [&](size_t i) {
    if (src_[i] != dst_[i]) return;
    graph->looped.resize(graph->size());
    graph->looped[src_[i]] = true;
  });
  if (!stop_.status().ok()) return stop_.status();
  EdgeOrder order;
  Status status = OrderEdges(graph->size(), std::move(src_), std::move(dst_), ids, poll_, &order);
  if (!status.ok()) return status;
  graph->out.starts = std::move(order.starts);
  graph->out.nodes = std::move(order.targets);
  graph->out.nodes.shrink_to_fit();
  if (order.rows.empty()) {
    graph->weights = std::move(weights);
    graph->weights.ShrinkToFit();
    graph->edge_ids = std::move(ids);
    graph->edge_ids.ShrinkToFit();
    return status;
  }
  if (!weights.empty()) status = weights.Pick(order.rows, &stop_, &graph->weights);
  weights = WeightList();
  if (status.ok() && ids.size() > 0) {
    status = ids.Pick(std::move(order.rows), &stop_, &graph->edge_ids);
  }
  return status;
}

Status EdgeRows::Finish(Graph* graph) {
  bool by_array = false;
  int64_t least = 0;
  uint64_t width = 0;
  if (!interned_ && size() + node_values_.size() > 0) {
    int64_t most = INT64_MIN;
    least = INT64_MAX;
    for (const ValueList* values : {&src_values_, &dst_values_, &node_values_}) {
      if (values->size() == 0) continue;
      int64_t low = 0;
      int64_t high = 0;
      values->Range(&low, &high);
      least = std::min(least, low);
      most = std::max(most, high);
    }
    width = static_cast<uint64_t>(most) - static_cast<uint64_t>(least);
    by_array = width < 4096 + 4 * (size() + node_values_.size()) && width < Graph::kNone;
  }
  Status status = by_array ? NumberByArray(least, width, graph) : Intern();
  if (status.ok() && !by_array) status = NumberByOrder(graph);
  return status.ok() ? Fill(graph) : std::move(status);
}

}  // namespace vecgraph
