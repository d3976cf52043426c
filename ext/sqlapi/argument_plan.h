// The plan of a table function with hidden arguments: which of them xFilter receives, and where.
//
// The plan string names what xFilter receives, in order, separated by commas; "; ordered" at the
// end says that the rows come in the order that the statement asks for. A plan without an argument
// that is needed says "missing " and its name.
// Threads: as the connection.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/sqlite.h"
#include "base/status.h"

namespace vecgraph {

// Collects what xFilter will receive.
class Plan {
 public:
  explicit Plan(sqlite3_index_info* info) : info_(info) {}

  void Take(int constraint, const std::string& name, bool omit) {
    info_->aConstraintUsage[constraint].argvIndex = ++count_;
    info_->aConstraintUsage[constraint].omit = omit;
    text_ += (text_.empty() ? "" : ",") + name;
  }

  Status Finish() {
    const bool ordered = info_->orderByConsumed != 0;
    info_->idxStr = sqlite3_mprintf("%s%s", text_.c_str(), ordered ? "; ordered" : "");
    if (!info_->idxStr) throw std::bad_alloc();
    info_->needToFreeIdxStr = 1;
    return Status::Ok();
  }

 private:
  sqlite3_index_info* info_;
  std::string text_;
  int count_ = 0;
};

// Finds the constraint of each of N arguments, whose columns begin at `first_hidden`; one that is
// usable if there is any; -1 where there is none.
template <size_t N>
std::array<int, N> FindArguments(const sqlite3_index_info& info, int first_hidden) {
  std::array<int, N> found;
  found.fill(-1);
  for (int i = 0; i < info.nConstraint; ++i) {
    const auto& constraint = info.aConstraint[i];
    const int argument = constraint.iColumn - first_hidden;
    if (constraint.op != SQLITE_INDEX_CONSTRAINT_EQ || argument < 0) continue;
    if (static_cast<size_t>(argument) >= N) continue;  // a visible column behind the hidden ones
    int& slot = found[static_cast<size_t>(argument)];
    if (slot < 0 || (constraint.usable && !info.aConstraint[slot].usable)) slot = i;
  }
  return found;
}

// Whether an argument comes from a table that this plan reads later: then xBestIndex returns
// SQLITE_CONSTRAINT, and the planner tries another order.
template <size_t N>
bool WaitsForLater(const sqlite3_index_info& info, const std::array<int, N>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [&](int i) { return i >= 0 && !info.aConstraint[i].usable; });
}

// A plan that only says what is missing: xFilter turns it into an error. Not an error here, since
// SQLite also plans the two sides of an OR alone, without the arguments.
inline Status PlanMissing(sqlite3_index_info* info, const char* argument) {
  info->idxStr = sqlite3_mprintf("missing %s", argument);
  if (!info->idxStr) throw std::bad_alloc();
  info->needToFreeIdxStr = 1;
  info->estimatedCost = 1e50;
  return Status::Ok();
}

// The argument that the plan says is missing; null if none is.
inline const char* MissingArgument(const char* plan) {
  constexpr std::string_view kMissing = "missing ";
  return std::string_view(plan).substr(0, kMissing.size()) == kMissing ? plan + kMissing.size()
                                                                       : nullptr;
}

inline std::string MissingError(const char* argument, const char* usage) {
  return Format("the argument '%s' is missing; write %s", argument, usage);
}

}  // namespace vecgraph
