// Bfs: the nodes that can be reached, each once, nearest first.
//
// Of several roots at the same distance the one with the smallest id has the node, of several
// parents then the smallest, of parallel edges the first. Rows come by depth, root, node. O(nodes +
// edges) of what is reached.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "graph/stop.h"
#include "graph/walk.h"

namespace vecgraph {

struct BfsRow {
  uint32_t node;
  uint32_t depth;
  uint32_t parent;  // kNoNode: a root
  uint32_t edge;
  uint32_t root;
};

struct BfsLimits {
  uint32_t depth = UINT32_MAX;
  uint32_t fanout = UINT32_MAX;  // neighbours followed from one node, those with the smallest ids
  uint64_t nodes = UINT64_MAX;   // rows, roots included
  uint64_t enough = UINT64_MAX;  // rows that are wanted: the levels beyond them are not visited
};

// `roots` are distinct. Interrupted: an error. The caller asks a LookupWalk whether it gave up.
template <class Walk>
Status Bfs(Walk* walk, std::vector<uint32_t> roots, const BfsLimits& limits, const StopPoll& poll,
           std::vector<BfsRow>* rows) {
  Stop stop(poll);
  std::vector<bool> seen(walk->size());
  const auto add = [&](const BfsRow& row) {
    if (row.node >= seen.size()) seen.resize(std::max(walk->size(), row.node + size_t{1}));
    seen[row.node] = true;
    rows->push_back(row);
    return rows->size() < limits.nodes;
  };
  Status sorted =
      PolledSort(poll, &roots, [&](uint32_t a, uint32_t b) { return walk->Before(a, b); });
  if (!sorted.ok()) return sorted;
  bool more = limits.nodes > 0;
  for (const uint32_t root : roots) {
    if (more) more = add({root, 0, kNoNode, 0, root});
    if (stop.After(2)) return stop.status();
  }
  size_t from = 0;
  std::vector<BfsRow> level;
  for (uint32_t depth = 1;
       more && depth <= limits.depth && from < rows->size() && rows->size() < limits.enough;
       ++depth) {
    const size_t to = rows->size();
    for (size_t i = from; more && i < to; ++i) {
      const uint32_t parent = (*rows)[i].node;
      const uint32_t root = (*rows)[i].root;
      uint32_t followed = 0;
      uint32_t last = kNoNode;
      Status status = walk->Visit(parent, [&](const Link& link) {
        if (stop.After(2)) return false;
        if (link.node == last || link.node == parent) return true;
        last = link.node;
        if (followed++ == limits.fanout) return false;
        if (link.node >= seen.size() || !seen[link.node]) {
          more = add({link.node, depth, parent, link.edge, root});
        }
        return more;
      });
      if (!status.ok() || walk->gave_up()) return status;
      if (stop.After(2)) return stop.status();
    }
    // Already by root, since the level before was.
    level.assign(rows->begin() + static_cast<ptrdiff_t>(to), rows->end());
    Status status = PolledSort(poll, &level, [&](const BfsRow& a, const BfsRow& b) {
      return a.root != b.root ? walk->Before(a.root, b.root) : walk->Before(a.node, b.node);
    });
    if (!status.ok()) return status;
    std::copy(level.begin(), level.end(), rows->begin() + static_cast<ptrdiff_t>(to));
    from = to;
    if (depth == UINT32_MAX) break;
  }
  return stop.status();
}

}  // namespace vecgraph
