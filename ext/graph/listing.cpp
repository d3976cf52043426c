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
  for (size_t i = 0; i < order->size(); ++i) (*places)[(*order)[i]] = static_cast<uint32_t>(i);
  return status;
}

uint32_t Number(Interner* words, const ValueRef& word) {
  return word.is_null() ? Listing::kNone : words->Add(word);
}

}  // namespace

bool Listing::Add(const ValueRef& source, const ValueRef& target, const ValueRef& label,
                  const ValueRef& attributes) {
  if (source.is_null()) return false;
  if (edges_.size() + nodes_.size() >= kNone) throw std::bad_alloc();
  const size_t ids = ids_.size();
  const uint32_t from = ids_.Add(source);
  if (ids_.size() > ids) least_bytes_ += source.bytes.size();
  const size_t words = words_.size();
  const uint32_t name = Number(&words_, label);
  if (words_.size() > words) least_bytes_ += label.bytes.size();
  const size_t texts = words_.size();
  const uint32_t more = Number(&words_, attributes);
  const bool is_new = words_.size() > texts;
  least_bytes_ += kLeastOfRow;
  if (target.is_null()) {
    nodes_.push_back({from, name, more, true, false});
    return is_new;
  }
  const size_t before = ids_.size();
  const uint32_t to = ids_.Add(target);
  if (ids_.size() > before) least_bytes_ += target.bytes.size();
  edges_.push_back({from, to, name, more, static_cast<uint32_t>(edges_.size())});
  return is_new;
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
