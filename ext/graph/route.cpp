#include "graph/route.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace vecgraph {
namespace {

bool IsBanned(const RouteSearch::Spur& spur, uint32_t link) {
  return std::find(spur.banned_links.begin(), spur.banned_links.end(), link) !=
         spur.banned_links.end();
}

}  // namespace

RouteSearch::Best& RouteSearch::At(uint32_t node) {
  const uint32_t place = places_.Add(node);
  if (place == best_.size()) best_.emplace_back();
  return best_[place];
}

// `straight`: by what a path through a node costs at least, until one is found; else by cost alone,
// until every cheapest path is.
Status RouteSearch::Run(const Spur& spur, double most, bool straight) {
  places_ = Places();
  best_.clear();
  expanded_.clear();
  overflown_ = false;
  std::priority_queue<Entry> queue;
  goal_ = places_.Add(target_);
  best_.emplace_back();
  for (const uint32_t node : spur.banned_nodes) At(node).banned = true;
  At(spur.node).cost = spur.cost;
  queue.push({spur.cost, spur.cost, 0, spur.node});
  while (!queue.empty()) {
    const Entry entry = queue.top();
    queue.pop();
    if (entry.key > best_[goal_].cost) break;
    if (stop_->After(16)) return stop_->status();
    const Best& own = At(entry.node);
    if (entry.cost != own.cost || entry.hops != own.hops || entry.node == target_) continue;
    if (!straight) expanded_.push_back(entry.node);
    Links::Range range;
    Status status = links_->Read(entry.node, &range);
    if (!status.ok()) return status;
    for (uint32_t i = range.begin; i < range.end; ++i) {
      const Link& link = (*links_)[i];
      if (entry.node == spur.node && IsBanned(spur, i)) continue;
      const double cost = entry.cost + CostOf(link);
      const uint32_t hops = entry.hops + 1;
      Best& known = At(link.node);
      if (known.banned) continue;
      if (cost == CostSearch::kNever) overflown_ = true;
      if (!(cost < known.cost || (cost == known.cost && hops < known.hops))) continue;
      const double rest = AtLeast(link.node);
      const double key = cost + rest;
      if (key == CostSearch::kNever) {
        // Else the target is out of reach from there.
        overflown_ = overflown_ || rest != CostSearch::kNever || bounds_->overflown();
        continue;
      }
      if (key > std::min(most, best_[goal_].cost) * kRoundingRoom) continue;
      known.cost = cost;
      known.hops = hops;
      queue.push({straight ? key : cost, cost, hops, link.node});
    }
    if (stop_->After(uint64_t{16} * (range.end - range.begin))) return stop_->status();
  }
  return Status::Ok();
}

Status RouteSearch::Search(const Spur& spur, double most, bool guess, double* cost) {
  *cost = CostSearch::kNever;
  Status status;
  if (guess) {
    status = Run(spur, most, true);
    if (!status.ok()) return status;
  }
  if (!guess || best_[goal_].cost != CostSearch::kNever) {
    status = Run(spur, std::min(most, guess ? best_[goal_].cost : most), false);
  }
  if (status.ok()) *cost = best_[goal_].cost;
  // What costs more than `most` is none of the paths that are looked for.
  const bool may_be_too_far =
      overflown_ && *cost == CostSearch::kNever && most == CostSearch::kNever;
  return status.ok() && may_be_too_far && !too_far_ ? Reach(spur, &too_far_) : std::move(status);
}

Status RouteSearch::Reach(const Spur& spur, bool* reached) {
  Places seen;
  for (const uint32_t node : spur.banned_nodes) seen.Add(node);
  std::vector<uint32_t> line = {spur.node};
  seen.Add(spur.node);
  for (size_t at = 0; at < line.size() && !*reached; ++at) {
    Links::Range range;
    Status status = links_->Read(line[at], &range);
    if (!status.ok()) return status;
    for (uint32_t i = range.begin; i < range.end; ++i) {
      const uint32_t node = (*links_)[i].node;
      const size_t known = seen.size();
      if (at == 0 && IsBanned(spur, i)) continue;
      if (seen.Add(node) < known) continue;
      line.push_back(node);
      *reached = *reached || node == target_;
    }
    if (stop_->After(uint64_t{16} * (1 + range.end - range.begin))) return stop_->status();
  }
  return Status::Ok();
}

Status RouteSearch::Trace(const Spur& spur, Route* route) {
  constexpr uint32_t kNoLink = UINT32_MAX;
  std::vector<uint32_t> next(best_.size(), kNoLink);  // by place: the first link of the path
  // A path leads from nodes that were expanded earlier to those that were later.
  for (size_t e = expanded_.size(); e-- > 0;) {
    const uint32_t place = places_.Find(expanded_[e]);
    const Best& own = best_[place];
    Links::Range range;
    Status status = links_->Read(expanded_[e], &range);
    if (!status.ok()) return status;
    for (uint32_t i = range.begin; i < range.end && next[place] == kNoLink; ++i) {
      const Link& link = (*links_)[i];
      const uint32_t other = places_.Find(link.node);
      if (other == Places::kNone || (other != goal_ && next[other] == kNoLink)) continue;
      if (best_[other].cost != own.cost + CostOf(link) || best_[other].hops != own.hops + 1) {
        continue;
      }
      if (expanded_[e] == spur.node && IsBanned(spur, i)) continue;
      next[place] = i;
    }
    if (stop_->After(uint64_t{16} * (1 + range.end - range.begin))) return stop_->status();
  }
  uint32_t node = spur.node;
  while (node != target_) {
    const uint32_t link = next[places_.Find(node)];
    route->push_back(link);
    node = (*links_)[link].node;
  }
  return Status::Ok();
}

Status RouteSearch::ListTight(std::vector<Tight>* tight) {
  for (const uint32_t node : expanded_) {
    const double cost = At(node).cost;
    Links::Range range;
    Status status = links_->Read(node, &range);
    if (!status.ok()) return status;
    for (uint32_t i = range.begin; i < range.end; ++i) {
      const Link& link = (*links_)[i];
      const uint32_t other = places_.Find(link.node);
      if (other == Places::kNone || best_[other].cost != cost + CostOf(link)) continue;
      tight->push_back({node, i});
    }
    if (stop_->After(uint64_t{16} * (1 + range.end - range.begin))) return stop_->status();
  }
  return Status::Ok();
}

}  // namespace vecgraph
