#include "graph/modularity.h"

#include <algorithm>
#include <cmath>

#include "graph/stop.h"

namespace vecgraph {
namespace {

// A move must gain so much of the node's strength: far above what sums of doubles are wrong by, so
// that moves come to an end, and far below what anybody could see.
constexpr double kLeastGain = 1e-10;

// Communities as the moves see them.
struct Community {
  double strength = 0;
  double links = 0;  // to the node that is looked at; 0 between nodes
};

// A neighbour that two lists have: of what leaves and of what enters, ascending.
class Merger {
 public:
  Merger(const Graph& graph, const Adjacency& in, JoinGraph* made)
      : graph_(graph), in_(in), made_(made) {}

  // False: stop.
  bool Add(uint32_t node, Stop* stop) {
    const Adjacency& out = graph_.out;
    double strength = 0;
    uint32_t slot = out.begin(node);
    uint32_t place = in_.begin(node);
    const uint32_t out_end = out.end(node);
    const uint32_t in_end = in_.end(node);
    while (slot < out_end || place < in_end) {
      const uint32_t left = slot < out_end ? out.nodes[slot] : Graph::kNone;
      const uint32_t entering = place < in_end ? in_.nodes[place] : Graph::kNone;
      const uint32_t other = std::min(left, entering);
      double weight = 0;
      for (; slot < out_end && out.nodes[slot] == other; ++slot) {
        weight += graph_.weight(slot);
        if (stop->After(4)) return false;
      }
      // A self-loop is in both lists, and counts twice.
      for (; place < in_end && in_.nodes[place] == other; ++place) {
        weight += graph_.weight(in_.slots[place]);
        if (stop->After(4)) return false;
      }
      strength += weight;
      if (other != node && weight > 0) Append(other, weight);
    }
    made_->strengths.push_back(strength);
    made_->total += strength;
    made_->starts.push_back(made_->nodes.size());
    return !stop->After(4);
  }

 private:
  void Append(uint32_t other, double weight) {
    if (weight != 1 && made_->weights.empty()) {
      made_->weights.reserve(made_->nodes.capacity());
      made_->weights.assign(made_->nodes.size(), 1);
      plain_ = false;
    }
    made_->nodes.push_back(other);
    if (!plain_) made_->weights.push_back(weight);
  }

  const Graph& graph_;
  const Adjacency& in_;
  JoinGraph* made_;
  bool plain_ = true;  // every weight so far is 1
};

// The moves of one graph. A ring holds the nodes to look at; it never holds one twice.
class Mover {
 public:
  Mover(const JoinGraph& graph, double resolution, std::vector<uint32_t>* community)
      : graph_(graph),
        share_(resolution / graph.total),
        of_(*community),
        communities_(graph.size()),
        sizes_(graph.size()),
        waits_(graph.size(), 1) {}

  Status Run(Random* random, const StopPoll& poll, uint64_t* moves) {
    Stop stop(poll);
    Status status = random->Order(graph_.size(), &stop, &ring_);
    if (status.ok()) status = Count(&stop);
    if (!status.ok()) return status;
    size_t waiting = ring_.size();
    for (size_t at = 0; waiting > 0; at = at + 1 == ring_.size() ? 0 : at + 1, --waiting) {
      const uint32_t node = ring_[at];
      waits_[node] = 0;
      const uint32_t own = of_[node];
      uint32_t best = own;
      if (!FindBest(node, own, &stop, &best)) return stop.status();
      if (best == own) continue;
      ++*moves;
      Move(node, own, best);
      const bool all = stop.Each(graph_.begin(node), graph_.end(node), 2, [&](uint64_t i) {
        const uint32_t other = graph_.nodes[i];
        if (waits_[other] != 0 || of_[other] == best) return;
        waits_[other] = 1;
        const size_t free = at + waiting;
        ring_[free < ring_.size() ? free : free - ring_.size()] = other;
        ++waiting;
      });
      if (!all) return stop.status();
    }
    return Status::Ok();
  }

 private:
  // What is in each community at first.
  Status Count(Stop* stop) {
    for (uint32_t node = 0; node < graph_.size(); ++node) {
      communities_[of_[node]].strength += graph_.strengths[node];
      ++sizes_[of_[node]];
      if (stop->After(4)) return stop->status();
    }
    for (uint32_t c = graph_.size(); c-- > 0;) {
      if (sizes_[c] == 0) empty_.push_back(c);
      if (stop->After(1)) return stop->status();
    }
    return Status::Ok();
  }

  // The community in which `node` gains most; of equal ones its own, else the one found first.
  // False: stop.
  bool FindBest(uint32_t node, uint32_t own, Stop* stop, uint32_t* best) {
    touched_.clear();
    const bool added = stop->Each(graph_.begin(node), graph_.end(node), 4, [&](uint64_t i) {
      const uint32_t c = of_[graph_.nodes[i]];
      Community& community = communities_[c];
      if (community.links == 0) touched_.push_back(c);
      community.links += graph_.weight(i);
    });
    if (!added) return false;
    const double strength = graph_.strengths[node];
    const double pull = share_ * strength;
    Community& home = communities_[own];
    const double stay = home.links - pull * (home.strength - strength);
    double gain = stay + kLeastGain * strength;
    *best = own;
    home.links = 0;
    const bool compared = stop->Each(size_t{0}, touched_.size(), 2, [&](size_t i) {
      Community& community = communities_[touched_[i]];
      const double here = community.links - pull * community.strength;
      community.links = 0;
      if (touched_[i] != own && here > gain) {
        gain = here;
        *best = touched_[i];
      }
    });
    // Alone it gains 0.
    if (gain < 0 && sizes_[own] > 1) *best = empty_.back();
    return compared && !stop->After(4);
  }

  void Move(uint32_t node, uint32_t from, uint32_t to) {
    communities_[from].strength -= graph_.strengths[node];
    communities_[to].strength += graph_.strengths[node];
    if (sizes_[to]++ == 0) empty_.pop_back();
    if (--sizes_[from] == 0) {
      communities_[from].strength = 0;
      empty_.push_back(from);
    }
    of_[node] = to;
  }

  const JoinGraph& graph_;
  const double share_;
  std::vector<uint32_t>& of_;  // the community of each node
  std::vector<Community> communities_;
  std::vector<uint32_t> sizes_;
  std::vector<uint32_t> empty_;  // communities without a node
  std::vector<uint32_t> touched_;
  std::vector<uint32_t> ring_;
  std::vector<uint8_t> waits_;  // by node: whether it is in the ring
};

}  // namespace

Status MakeJoinGraph(const Graph& graph, const StopPoll& poll, JoinGraph* made) {
  const Adjacency* in = nullptr;
  Status status = graph.In(poll, &in);
  if (!status.ok()) return status;
  *made = JoinGraph();
  made->starts.reserve(graph.size() + size_t{1});
  made->starts.push_back(0);
  made->strengths.reserve(graph.size());
  made->nodes.reserve(2 * graph.edges());
  Stop stop(poll);
  Merger merger(graph, *in, made);
  for (uint32_t node = 0; node < graph.size(); ++node) {
    if (!merger.Add(node, &stop)) return stop.status();
  }
  if (!std::isfinite(made->total)) {
    return Status::Error("weight_col: the sum of all weights is beyond a double");
  }
  return Status::Ok();
}

Status MoveNodes(const JoinGraph& graph, double resolution, Random* random, const StopPoll& poll,
                 std::vector<uint32_t>* community, uint64_t* moves) {
  *moves = 0;
  if (!(graph.total > 0)) return Status::Ok();
  return Mover(graph, resolution, community).Run(random, poll, moves);
}

Status Renumber(const StopPoll& poll, std::vector<uint32_t>* community, uint32_t* count) {
  Stop stop(poll);
  std::vector<uint32_t> numbers(community->size(), Graph::kNone);
  *count = 0;
  for (uint32_t& c : *community) {
    uint32_t& number = numbers[c];
    if (number == Graph::kNone) number = (*count)++;
    c = number;
    if (stop.After(2)) return stop.status();
  }
  return Status::Ok();
}

Status Aggregate(const JoinGraph& graph, const std::vector<uint32_t>& community, uint32_t count,
                 const StopPoll& poll, JoinGraph* made) {
  Stop stop(poll);
  std::vector<uint32_t> starts(count + size_t{1});
  for (const uint32_t c : community) {
    ++starts[c + size_t{1}];
    if (stop.After(2)) return stop.status();
  }
  for (size_t c = 0; c < count; ++c) starts[c + 1] += starts[c];
  std::vector<uint32_t> members(community.size());
  {
    std::vector<uint32_t> next(starts.begin(), starts.end() - 1);
    for (uint32_t node = 0; node < graph.size(); ++node) {
      members[next[community[node]]++] = node;
      if (stop.After(4)) return stop.status();
    }
  }
  JoinGraph result;
  result.total = graph.total;
  result.starts.reserve(count + size_t{1});
  result.starts.push_back(0);
  result.strengths.reserve(count);
  std::vector<double> links(count);
  for (uint32_t c = 0; c < count; ++c) {
    double strength = 0;
    for (uint32_t m = starts[c]; m < starts[c + size_t{1}]; ++m) {
      const uint32_t node = members[m];
      strength += graph.strengths[node];
      const bool added = stop.Each(graph.begin(node), graph.end(node), 4, [&](uint64_t i) {
        const uint32_t other = community[graph.nodes[i]];
        if (other == c) return;
        if (links[other] == 0) result.nodes.push_back(other);
        links[other] += graph.weight(i);
      });
      if (!added || stop.After(4)) return stop.status();
    }
    const uint64_t end = result.nodes.size();
    const bool moved = stop.Each(result.starts.back(), end, 2, [&](uint64_t i) {
      result.weights.push_back(links[result.nodes[i]]);
      links[result.nodes[i]] = 0;
    });
    if (!moved) return stop.status();
    result.strengths.push_back(strength);
    result.starts.push_back(result.nodes.size());
  }
  *made = std::move(result);
  return Status::Ok();
}

Status AppendLevel(const std::vector<uint32_t>& part, const StopPoll& poll,
                   std::vector<uint32_t>* group, CommunityLevels* levels) {
  Stop stop(poll);
  std::vector<uint32_t> smallest(part.size(), Graph::kNone);
  std::vector<uint32_t> level(group->size());
  for (uint32_t node = 0; node < level.size(); ++node) {
    uint32_t& in = (*group)[node];
    in = part[in];
    uint32_t& first = smallest[in];
    if (first == Graph::kNone) first = node;
    level[node] = first;
    if (stop.After(4)) return stop.status();
  }
  levels->push_back(std::move(level));
  return Status::Ok();
}

}  // namespace vecgraph
