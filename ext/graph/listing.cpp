#include "graph/listing.h"

#include <new>

#include "graph/stop.h"

namespace vecgraph {
namespace {

// An edge of no text: two names in quotes, and what is between them.
constexpr uint64_t kLeastOfRow = 8;

// The numbers of all values in their order, and the place of each.
Status Rank(const StopPoll& poll, const Interner& values, std::vector<uint32_t>* order,
            std::vector<uint32_t>* places) {
  Status status = values.Order(poll, order);
  if (!status.ok()) return status;
  places->resize(order->size());
  Stop stop(poll);
  for (size_t i = 0; i < order->size(); ++i) {
    (*places)[(*order)[i]] = static_cast<uint32_t>(i);
    if (stop.After(2)) return stop.status();
  }
  return status;
}

// Its number, kNone for NULL; `*bytes` grows by its text if that is new.
Status Number(const ValueRef& value, const StopPoll& poll, Interner* values, uint32_t* number,
              uint64_t* bytes) {
  *number = Listing::kNone;
  if (value.is_null()) return Status::Ok();
  const size_t before = values->size();
  Status status = values->Add(value, poll, number);
  if (values->size() > before) *bytes += value.bytes.size();
  return status;
}

}  // namespace

Status Listing::Add(const ValueRef& source, const ValueRef& target, const ValueRef& label,
                    const ValueRef& attributes, const StopPoll& poll, bool* is_new) {
  *is_new = false;
  if (source.is_null()) return Status::Ok();
  if (edges_.size() + nodes_.size() >= kNone) throw std::bad_alloc();
  uint32_t from = kNone;
  uint32_t to = kNone;
  uint32_t name = kNone;
  uint32_t more = kNone;
  uint64_t unused = 0;  // attributes may be written as something shorter, or not at all
  Status status = Number(source, poll, &ids_, &from, &least_bytes_);
  if (status.ok()) status = Number(target, poll, &ids_, &to, &least_bytes_);
  if (status.ok()) status = Number(label, poll, &words_, &name, &least_bytes_);
  const size_t texts = words_.size();
  if (status.ok()) status = Number(attributes, poll, &words_, &more, &unused);
  if (!status.ok()) return status;
  *is_new = words_.size() > texts;
  least_bytes_ += kLeastOfRow;
  if (target.is_null()) {
    nodes_.push_back({from, name, more, true, false});
  } else {
    edges_.push_back({from, to, name, more, static_cast<uint32_t>(edges_.size())});
  }
  return status;
}

Status Listing::Sort(const StopPoll& poll) {
  std::vector<uint32_t> ids;
  std::vector<uint32_t> words;
  Status status = Rank(poll, ids_, &id_order_, &ids);
  if (status.ok()) status = Rank(poll, words_, &word_order_, &words);
  if (!status.ok()) return status;
  const auto place = [&](uint32_t word) { return word == kNone ? kNone : words[word]; };
  Stop stop(poll);
  for (Node& node : nodes_) {
    if (stop.After(4)) return stop.status();
    node = {ids[node.id], place(node.label), place(node.attributes), true, false};
  }
  for (Edge& edge : edges_) {
    if (stop.After(4)) return stop.status();
    edge = {ids[edge.source], ids[edge.target], place(edge.label), place(edge.attributes),
            edge.row};
  }
  status = SortDistinct(poll, &nodes_);
  if (status.ok()) status = SortDistinct(poll, &edges_);
  return status.ok() ? PlaceNodes(poll) : std::move(status);
}

// From the given nodes to all nodes.
Status Listing::PlaceNodes(const StopPoll& poll) {
  std::vector<Node> all(id_order_.size());
  Stop stop(poll);
  for (const Node& node : nodes_) {
    if (stop.After(4)) return stop.status();
    if (all[node.id].given) {
      return Status::Error(Format("node %s has two rows with different labels or attributes",
                                  id(node.id).Label().c_str()));
    }
    all[node.id] = node;
  }
  for (const Edge& edge : edges_) {
    if (stop.After(4)) return stop.status();
    all[edge.source].linked = all[edge.target].linked = true;
  }
  for (size_t i = 0; i < all.size(); ++i) all[i].id = static_cast<uint32_t>(i);
  nodes_ = std::move(all);
  return Status::Ok();
}

}  // namespace vecgraph
