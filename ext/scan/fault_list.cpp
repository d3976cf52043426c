#include "scan/fault_list.h"

#include <algorithm>

#include "base/sqlite.h"

namespace vecgraph {
namespace {

bool Earlier(const FaultList::Fault& a, const FaultList::Fault& b) { return a.rowid < b.rowid; }

}  // namespace

void FaultList::Count(const Fault& fault, int64_t by) {
  if (fault.type == SQLITE_NULL) {
    counts_.null += by;
  } else if (fault.type != SQLITE_BLOB) {
    counts_.type += by;
  } else if (fault.bytes != vector_bytes_) {
    counts_.length += by;
  } else {
    counts_.nonfinite += by;
  }
}

void FaultList::Clear() {
  faults_.clear();
  changes_.clear();
  counts_ = {};
}

void FaultList::Set(const Fault& fault) {
  if (changes_.empty() && (faults_.empty() || faults_.back().rowid < fault.rowid)) {
    faults_.push_back(fault);
    Count(fault, 1);
  } else {
    changes_.push_back(fault);
  }
}

void FaultList::Remove(int64_t rowid) {
  const Fault gone{rowid, 0, 0};
  // Most rows that change have been vectors before.
  if (changes_.empty() && !std::binary_search(faults_.begin(), faults_.end(), gone, Earlier))
    return;
  changes_.push_back(gone);
}

void FaultList::Merge() {
  if (changes_.empty()) return;
  // Of one row the last change counts.
  std::stable_sort(changes_.begin(), changes_.end(), Earlier);
  std::vector<Fault> merged;
  merged.reserve(faults_.size() + changes_.size());
  auto old = faults_.begin();
  for (auto change = changes_.begin(); change != changes_.end(); ++change) {
    if (change + 1 != changes_.end() && change[1].rowid == change->rowid) continue;
    const auto place = std::lower_bound(old, faults_.end(), *change, Earlier);
    merged.insert(merged.end(), old, place);
    old = place;
    if (old != faults_.end() && old->rowid == change->rowid) Count(*old++, -1);
    if (change->type == 0) continue;
    merged.push_back(*change);
    Count(*change, 1);
  }
  merged.insert(merged.end(), old, faults_.end());
  faults_ = std::move(merged);
  changes_.clear();
}

}  // namespace vecgraph
