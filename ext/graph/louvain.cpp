#include "graph/louvain.h"

#include <numeric>

#include "graph/interner.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// Another turn is worth its time while more than one node in so many has moved. Without groups in
// the graph a few nodes move in each of hundreds of turns, and then the larger groups undo it.
constexpr uint64_t kFew = 64;

// Joins nodes level by level. `community`: by node of `whole`, what they start from.
Status Join(const JoinGraph& whole, const CommunityOptions& options, Random* random,
            const StopPoll& poll, std::vector<uint32_t> community, CommunityLevels* levels) {
  const JoinGraph* join = &whole;
  JoinGraph grouped;
  std::vector<uint32_t> group(whole.size());  // the node of `join` that a node is in
  std::iota(group.begin(), group.end(), 0U);
  while (levels->size() < options.most_levels) {
    uint64_t moves = 0;
    do {
      Status status = MoveNodes(*join, options.resolution, random, poll, &community, &moves);
      if (!status.ok()) return status;
    } while (moves > join->size() / kFew);
    uint32_t count = 0;
    Status status = Renumber(poll, &community, &count);
    if (!status.ok() || count == join->size()) return status;
    status = AppendLevel(community, poll, &group, levels);
    if (status.ok()) status = Aggregate(*join, community, count, poll, &grouped);
    if (!status.ok()) return status;
    join = &grouped;
    community.resize(count);
    std::iota(community.begin(), community.end(), 0U);
  }
  return Status::Ok();
}

// Divides the groups of a level by those that a later one has now.
Status Divide(const std::vector<uint32_t>& by, const StopPoll& poll, std::vector<uint32_t>* level) {
  Stop stop(poll);
  Interner pairs;
  std::vector<uint32_t> smallest;  // by number of a pair
  for (uint32_t node = 0; node < by.size(); ++node) {
    const uint64_t pair = uint64_t{(*level)[node]} << 32 | by[node];
    uint32_t number = 0;
    Status status = pairs.Add(ValueRef::Integer(static_cast<int64_t>(pair)), poll, &number);
    if (!status.ok()) return status;
    if (number == smallest.size()) smallest.push_back(node);
    (*level)[node] = smallest[number];
    if (stop.After(16)) return stop.status();
  }
  return Status::Ok();
}

}  // namespace

Status Louvain(const Graph& graph, const CommunityOptions& options, const StopPoll& poll,
               CommunityLevels* levels) {
  levels->clear();
  Random random(options.seed);
  JoinGraph whole;
  Status status = MakeJoinGraph(graph, poll, &whole);
  std::vector<uint32_t> community(graph.size());
  std::iota(community.begin(), community.end(), 0U);
  if (status.ok()) status = Join(whole, options, &random, poll, std::move(community), levels);
  if (!status.ok() || levels->empty() || levels->size() == options.most_levels) return status;
  CommunityLevels again;
  status = Join(whole, options, &random, poll, levels->back(), &again);
  if (!status.ok() || again.empty()) return status;
  levels->back() = std::move(again.back());
  for (size_t i = 0; options.all_levels && status.ok() && i + 1 < levels->size(); ++i) {
    status = Divide(levels->back(), poll, &(*levels)[i]);
  }
  return status;
}

}  // namespace vecgraph
