// TooFar: the error of a search in which the cheapest path costs more than a double holds.
#pragma once

#include "base/status.h"
#include "graph/value_list.h"

namespace vecgraph {

inline Status TooFar(const ValueRef& node) {
  return Status::Error(
      Format("weight_col: the weights on the cheapest path to %s sum to more than a double holds: "
             "scale the weights",
             node.Label().c_str()));
}

}  // namespace vecgraph
