#include "graph/louvain.h"

#include <numeric>

namespace vecgraph {
namespace {

// Another pass is worth its time while more than one node in so many has moved. Without groups in
// the graph a few nodes move in each of hundreds of passes, and then the larger groups undo it.
constexpr uint64_t kFew = 64;

}  // namespace

Status Louvain(const Graph& graph, const CommunityOptions& options, const StopPoll& poll,
               CommunityLevels* levels) {
  levels->clear();
  Random random(options.seed);
  JoinGraph join;
  Status status = MakeJoinGraph(graph, poll, &join);
  std::vector<uint32_t> group(graph.size());  // the node of `join` that a node is in
  std::iota(group.begin(), group.end(), 0U);
  while (status.ok() && levels->size() < options.most_levels) {
    std::vector<uint32_t> community(join.size());
    std::iota(community.begin(), community.end(), 0U);
    bool joined = false;
    uint64_t moves = 0;
    do {
      status = MoveNodes(join, options.resolution, &random, poll, &community, &moves);
      joined = joined || moves > 0;
    } while (status.ok() && moves > join.size() / kFew);
    if (!status.ok() || !joined) return status;
    uint32_t count = 0;
    status = Renumber(poll, &community, &count);
    if (status.ok()) status = AppendLevel(community, poll, &group, levels);
    if (status.ok()) status = Aggregate(join, community, count, poll, &join);
  }
  return status;
}

}  // namespace vecgraph
