#include "graph/meet.h"

#include <algorithm>

namespace vecgraph {

CostSearch::CostSearch(Links* links, uint32_t root, bool unit) : links_(links), unit_(unit) {
  places_.Add(root);
  best_.push_back({0, false});
  Push({0, root});
}

void CostSearch::Push(const Entry& entry) {
  if (unit_) {
    line_.push_back(entry);
  } else {
    queue_.push(entry);
  }
}

bool CostSearch::Pop(Entry* entry) {
  if (unit_) {
    if (served_ == line_.size()) return false;
    *entry = line_[served_++];
    return true;
  }
  if (queue_.empty()) return false;
  *entry = queue_.top();
  queue_.pop();
  return true;
}

Status CostSearch::Step(uint32_t* node) {
  *node = kNoNode;
  Entry entry{};
  do {
    if (!Pop(&entry)) {
      radius_ = kNever;
      return Status::Ok();
    }
    ++steps_;
  } while (best_[places_.Find(entry.node)].settled);
  best_[places_.Find(entry.node)].settled = true;
  radius_ = entry.cost;
  Links::Range range;
  Status status = links_->Read(entry.node, &range);
  if (!status.ok()) return status;
  for (uint32_t i = range.begin; i < range.end; ++i) {
    const Link& link = (*links_)[i];
    const double cost = entry.cost + (unit_ ? 1 : link.weight);
    const uint32_t place = places_.Add(link.node);
    const bool found = place == best_.size();
    if (found) best_.emplace_back();
    if (!found && !(cost < best_[place].cost)) continue;
    best_[place].cost = cost;
    overflown_ = overflown_ || cost == kNever;
    Push({cost, link.node});
  }
  steps_ += 8 * (range.end - range.begin);
  *node = entry.node;
  return status;
}

Status Meet(CostSearch* from_source, CostSearch* from_target, double most, Stop* stop,
            double* cost) {
  *cost = CostSearch::kNever;
  for (;;) {
    const double rest = from_source->radius() + from_target->radius();
    if (rest > std::min(*cost, most) * kRoundingRoom) break;
    CostSearch* const own =
        from_source->steps() <= from_target->steps() ? from_source : from_target;
    CostSearch* const other = own == from_source ? from_target : from_source;
    const uint64_t before = own->steps();
    uint32_t node = kNoNode;
    Status status = own->Step(&node);
    if (!status.ok()) return status;
    if (node == kNoNode) break;  // all of its side is known
    *cost = std::min(*cost, own->Cost(node) + other->Cost(node));
    if (stop->After(own->steps() - before)) return stop->status();
  }
  if (*cost > most * kRoundingRoom) *cost = CostSearch::kNever;
  return Status::Ok();
}

}  // namespace vecgraph
