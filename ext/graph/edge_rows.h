// EdgeRows: the edges of a source in the order of its rows, and the Graph that is made of them.
//
// While all endpoints are integers they are kept as they come; their numbers are found at the end,
// in an array if the integers lie close together. Other endpoints are interned at once.
// Threads: belongs to one.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "graph/interner.h"
#include "graph/stop.h"

namespace vecgraph {

class EdgeRows {
 public:
  // An edge between two integers.
  void AddEnds(int64_t src, int64_t dst) {
    if (interned_) return AddEnds(ValueRef::Integer(src), ValueRef::Integer(dst));
    src_values_.AppendInteger(src);
    dst_values_.AppendInteger(dst);
  }
  void AddEnds(const ValueRef& src, const ValueRef& dst);
  // A node that is in the graph whether or not an edge has it. REQUIRES: after all edges.
  void AddNode(const ValueRef& id);

  // Parallel to the edges, or empty.
  ValueList ids;
  std::vector<double> weights;

  size_t size() const { return interned_ ? src_.size() : src_values_.size(); }
  // The most that Finish() will have needed.
  int64_t bytes() const;
  // Gives the nodes their places in the order of their ids, and the edges theirs. An error:
  // interrupted.
  Status Finish(const StopPoll& poll, Graph* graph);

 private:
  void Intern();
  Status NumberByArray(int64_t least, uint64_t width, Stop* stop, Graph* graph);
  Status NumberByOrder(const StopPoll& poll, Stop* stop, Graph* graph);
  Status Sort(const StopPoll& poll, Stop* stop, Graph* graph);

  bool interned_ = false;
  ValueList src_values_;
  ValueList dst_values_;
  ValueList node_values_;
  Interner nodes_;
  std::vector<uint32_t> src_;
  std::vector<uint32_t> dst_;
  std::vector<uint32_t> listed_;  // nodes that AddNode() gave
};

}  // namespace vecgraph
