// Triangles: how many pairs of a node's neighbours are neighbours themselves.
//
// Neighbours are counted once, whichever way and however many their edges are. Every triangle is
// found from its node of lowest degree, so none needs more than O(sqrt(edges)) neighbours of it to
// be looked at: O(edges^1.5).
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace vecgraph {

struct TriangleCounts {
  // By node.
  std::vector<uint32_t> degrees;
  std::vector<uint64_t> triangles;
  std::vector<uint64_t> arcs;  // from one neighbour to another, either way; only if wanted
};

// An error: interrupted.
Status CountTriangles(const Graph& graph, bool with_arcs, const StopPoll& poll,
                      TriangleCounts* counts);

}  // namespace vecgraph
