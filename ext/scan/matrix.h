// Matrix: the vectors of a table's column in memory, with their planes.
//
// A row has a slot that it keeps until it is erased. Rows lie in segments of the same number of
// slots; a vector starts at a cache line. Rows that are no vector of the matrix's length are kept
// as faults, so that every search can count and name them.
// Invariants: every slot below slots() has its rowid; a dead slot (its row was erased) is skipped.
// The first sorted() slots are in ascending order of their rowids.
// A matrix without has_vectors() holds the planes only: the vector of a row is in the table.
// Threads: searched by several at once, changed by one while nobody searches.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/memory.h"
#include "base/polled_sort.h"
#include "base/status.h"
#include "scan/fault_list.h"
#include "scan/plane.h"
#include "vector/element.h"

namespace vecgraph {

class Matrix {
 public:
  struct Segment {
    AlignedMemory memory;
    int64_t* rowids = nullptr;
    uint8_t* vectors = nullptr;  // null without has_vectors()
    PlaneRows plane;             // null pointers without has_planes()
  };

  // `rows`: how many are expected, to size the segments.
  // REQUIRES: keep_vectors, or HasPlanes(type, dims).
  Matrix(const KernelTable& kernel, ElementType type, size_t dims, int64_t rows, bool keep_vectors,
         MemoryCap* memory);

  // Whether such vectors have planes: floats, and enough of them that codes are smaller.
  static bool HasPlanes(ElementType type, size_t dims) {
    return type == ElementType::kFloat32 && dims >= 48 && dims <= kMaxPlaneDims;
  }
  // The memory that a row takes.
  static size_t BytesPerRow(ElementType type, size_t dims, bool keep_vectors);

  ElementType type() const { return type_; }
  size_t dims() const { return dims_; }
  bool has_vectors() const { return keep_vectors_; }
  bool has_planes() const { return planes_; }
  const PlaneBasis* basis() const { return basis_.get(); }
  size_t slots() const { return slots_; }
  size_t rows() const { return slots_ - dead_count_; }
  int64_t bytes() const;
  // The part of them that its MemoryCap does not count.
  int64_t fault_bytes() const { return static_cast<int64_t>(faults_.bytes()); }

  size_t segment_slots() const { return segment_slots_; }
  const Segment& segment(size_t slot) const { return segments_[slot / segment_slots_]; }
  int64_t rowid(size_t slot) const { return segment(slot).rowids[slot % segment_slots_]; }
  bool dead(size_t slot) const { return dead_count_ > 0 && dead_[slot]; }
  // REQUIRES: has_vectors().
  VectorView vector(size_t slot) const {
    return {segment(slot).vectors + slot % segment_slots_ * stride_, dims_, type_};
  }
  size_t stride() const { return stride_; }  // bytes from one vector to the next

  // The live slot of a row, if it has one.
  std::optional<size_t> Find(int64_t rowid) const;
  // The live slots of some rowids, ascending. An error: `poll` said to stop.
  // REQUIRES: the rowids ascend.
  Status FindAll(const std::vector<int64_t>& rowids, const StopPoll& poll,
                 std::vector<uint32_t>* slots) const;
  const FaultList& faults() const { return faults_; }

  // ---- changing -------------------------------------------------------------------------------
  // A reload gives all rows again, in the order of their rowids: BeginLoad(), Put() for each row,
  // EndLoad(). Rows that were there and are not given again are erased; rows whose bytes are the
  // same are left as they are.
  void BeginLoad();
  // Sets the row's value: a blob of `bytes` bytes, or another SQLite type. False: no memory, and
  // the matrix has to be given up.
  bool Put(int64_t rowid, int type, const void* blob, int bytes);
  void EndLoad();
  void Erase(int64_t rowid);

  // The rows that were put and have no codes yet: call BeginEncode(), then Encode() for stretches
  // that cover them, which several threads may do at once, then EndEncode(). Without has_vectors()
  // there are never any: Put() encodes.
  size_t pending() const { return pending_.size(); }
  void BeginEncode();
  void Encode(size_t from, size_t count);
  void EndEncode() { pending_.clear(); }
  // To be called after single rows were put or erased: encodes what is pending.
  void FinishChanges();

  // Whether a load from nothing would now be better than changes.
  bool Ragged() const { return slots_ > 1024 && dead_count_ + slots_ - sorted_ > slots_ / 4; }

 private:
  void Clear();
  bool AddSegment();
  std::optional<size_t> Match(int64_t rowid);
  bool Append(int64_t rowid);
  void Write(size_t slot, const void* blob, bool same_row);
  void EncodeStaged();
  void EraseSlot(size_t slot);
  Segment& At(size_t slot) { return segments_[slot / segment_slots_]; }

  const KernelTable* kernel_;
  const ElementType type_;
  const size_t dims_;
  const int vector_bytes_;
  const size_t stride_;
  const bool planes_;
  const bool keep_vectors_;
  MemoryCap* memory_;
  size_t segment_slots_;
  std::vector<Segment> segments_;
  std::unique_ptr<const PlaneBasis> basis_;

  size_t slots_ = 0;
  size_t sorted_ = 0;
  size_t dead_count_ = 0;
  std::vector<bool> dead_;                          // as long as there are slots, or empty
  std::unordered_map<int64_t, uint32_t> unsorted_;  // the live slots from sorted_ on, by rowid
  FaultList faults_;
  std::vector<uint32_t> pending_;  // slots without codes
  std::vector<float> staged_;      // without has_vectors(): their vectors
  bool loading_ = false;
  size_t next_ = 0;  // while loading: the first of the sorted slots that was not passed
};

}  // namespace vecgraph
