// FewestEdges: a path with the fewest edges between two nodes of a graph in memory.
//
// From both ends at once, a level at a time on the side that has fewer links to look at. The first
// level that meets the other side ends it, so most links of a graph whose nodes have thousands are
// never looked at; what it clears is a few bits for each node.
//
// Of several such paths the one counts that graph/route.h gives: the one that first goes to a
// smaller node, or along a smaller edge. From the source every node is reached first on the path
// that counts among those that lead to it, and the nodes of a level are reached in the order of
// these paths: so of the nodes that meet the other side the first one is on the path. From there
// each step goes to the smallest node that is one step nearer to the target.
// Threads: as the walk.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/stop.h"
#include "graph/walk.h"

namespace vecgraph {

// `path`: the links from `source` to `target`; none if these are the same. `*found`: there is one,
// of at most `most` edges. Interrupted: an error. REQUIRES: the walk is open for both ways.
Status FindFewestEdges(GraphWalk* walk, uint32_t source, uint32_t target, uint32_t most, Stop* stop,
                       std::vector<Link>* path, bool* found);

}  // namespace vecgraph
