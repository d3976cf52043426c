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
  // REQUIRES: `poll` outlives it. What returns a Status is interrupted if that is an error.
  explicit EdgeRows(const StopPoll& poll) : poll_(poll), stop_(poll) {}

  // About how many there will be.
  void Expect(size_t edges, bool with_weights);
  // An edge between two integers.
  Status AddEnds(int64_t src, int64_t dst) {
    if (interned_) return AddEnds(ValueRef::Integer(src), ValueRef::Integer(dst));
    src_values_.AppendInteger(src);
    dst_values_.AppendInteger(dst);
    return Status::Ok();
  }
  Status AddEnds(const ValueRef& src, const ValueRef& dst);
  // A node that is in the graph whether or not an edge has it. REQUIRES: after all edges.
  Status AddNode(const ValueRef& id);

  // Parallel to the edges, or empty.
  ValueList ids;
  WeightList weights;

  size_t size() const { return interned_ ? src_.size() : src_values_.size(); }
  // The most that Finish() will have needed.
  int64_t bytes() const;
  // Gives the nodes their places in the order of their ids, and the edges theirs.
  Status Finish(Graph* graph);

 private:
  Status Intern();
  Status AddNumber(const ValueRef& id, std::vector<uint32_t>* numbers);
  Status InternAll(ValueList* values, std::vector<uint32_t>* numbers);
  Status NumberByArray(int64_t least, uint64_t width, Graph* graph);
  Status NumberByOrder(Graph* graph);
  Status Fill(Graph* graph);

  const StopPoll& poll_;
  Stop stop_;
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
