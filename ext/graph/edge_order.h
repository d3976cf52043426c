// OrderEdges: puts edges into the order in which a Graph has them.
//
// By source, then target, then edge id, then row. Rows that come out of an index on the ends are in
// order by one of them already; what is in order costs one look.
// Threads: belongs to one.
#pragma once

#include <cstdint>
#include <vector>

#include "base/polled_sort.h"
#include "base/status.h"
#include "graph/value_list.h"

namespace vecgraph {

struct EdgeOrder {
  std::vector<uint32_t> starts;   // where the edges of each source begin, and the end
  std::vector<uint32_t> targets;  // in order
  std::vector<uint32_t> rows;     // of each; empty: 0, 1, 2, ...
};

// `sources` and `targets` are by row, below `nodes`; `ids` is, too, or empty. An error: `poll` said
// to stop.
Status OrderEdges(uint32_t nodes, std::vector<uint32_t> sources, std::vector<uint32_t> targets,
                  const ValueList& ids, const StopPoll& poll, EdgeOrder* order);

}  // namespace vecgraph
