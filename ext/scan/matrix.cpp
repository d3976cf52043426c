#include "scan/matrix.h"

#include <algorithm>
#include <cstring>

#include "base/sqlite.h"

namespace vecgraph {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kSegmentBytes = size_t{34} << 20;  // above what malloc takes from its heap
constexpr size_t kBlock = 256;                      // slots of a segment are a multiple of this
constexpr size_t kStaged = 256;   // vectors that wait for their codes when they are not kept
constexpr size_t kSample = 1024;  // rows that the center is taken from
// Floats to work on at once: nobody asks for an interrupt meanwhile. Of very long rows it is few.
constexpr size_t kMostFloats = size_t{1} << 18;

size_t FewRows(size_t dims, size_t most) {
  return std::clamp(kMostFloats / dims, std::min(size_t{4}, most), most);
}

constexpr size_t Lines(size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

constexpr size_t Padded(size_t dims) {
  return (dims + kPlaneBlock - 1) / kPlaneBlock * kPlaneBlock;
}

}  // namespace

size_t Matrix::BytesPerRow(ElementType type, size_t dims, bool keep_vectors) {
  size_t bytes = sizeof(int64_t);
  if (keep_vectors) bytes += Lines(BytesOf(type, dims));
  if (HasPlanes(type, dims)) {
    bytes += Padded(dims) * 3 / 2 + PlaneRows::kNumbers * sizeof(float);
  }
  return bytes;
}

Matrix::Matrix(const KernelTable& kernel, ElementType type, size_t dims, int64_t rows,
               bool keep_vectors, MemoryCap* memory)
    : kernel_(&kernel),
      type_(type),
      dims_(dims),
      vector_bytes_(static_cast<int>(BytesOf(type, dims))),
      stride_(Lines(BytesOf(type, dims))),
      planes_(HasPlanes(type, dims)),
      keep_vectors_(keep_vectors),
      memory_(memory),
      faults_(vector_bytes_) {
  const size_t most = std::max(kSegmentBytes / BytesPerRow(type, dims, keep_vectors), size_t{1});
  const auto expected = static_cast<size_t>(std::max<int64_t>(rows, 0));
  const size_t wanted = std::min(most, expected + expected / 64 + 1);
  segment_slots_ = (wanted + kBlock - 1) / kBlock * kBlock;
}

int64_t Matrix::bytes() const {
  const size_t segment = segments_.empty() ? 0 : segments_.front().memory.bytes();
  return static_cast<int64_t>(segments_.size() * segment) + fault_bytes();
}

bool Matrix::AddSegment() {
  const size_t n = segment_slots_;
  const size_t padded = Padded(dims_);
  size_t bytes = Lines(n * sizeof(int64_t));
  if (keep_vectors_) bytes += n * stride_;
  if (planes_) {
    bytes += n * padded + n * padded / 2 + PlaneRows::kNumbers * Lines(n * sizeof(float));
  }
  Segment segment;
  segment.memory = AlignedMemory::Allocate(memory_, bytes);
  if (!segment.memory) return false;
  uint8_t* at = segment.memory.data();
  const auto take = [&](size_t size) { return std::exchange(at, at + Lines(size)); };
  segment.rowids = reinterpret_cast<int64_t*>(take(n * sizeof(int64_t)));
  if (keep_vectors_) segment.vectors = take(n * stride_);
  if (planes_) {
    PlaneRows& plane = segment.plane;
    plane.codes8 = take(n * padded);
    plane.codes4 = take(n * padded / 2);
    for (float** numbers :
         {&plane.dot8.scale, &plane.dot8.error, &plane.dot4.scale, &plane.dot4.error,
          &plane.cosine8.scale, &plane.cosine8.error, &plane.cosine4.scale, &plane.cosine4.error,
          &plane.inverse, &plane.half_square}) {
      *numbers = reinterpret_cast<float*>(take(n * sizeof(float)));
    }
  }
  segments_.push_back(std::move(segment));
  return true;
}

// ---- finding ------------------------------------------------------------------------------------

std::optional<size_t> Matrix::Find(int64_t row) const {
  size_t low = 0;
  size_t high = sorted_;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (rowid(middle) < row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low < sorted_ && rowid(low) == row && !dead(low)) return low;
  const auto found = unsorted_.find(row);
  if (found == unsorted_.end()) return std::nullopt;
  return found->second;
}

Status Matrix::FindAll(const std::vector<int64_t>& rowids, const StopPoll& poll,
                       std::vector<uint32_t>* slots) const {
  constexpr size_t kStretch = 4096;  // rowids or slots between two polls
  slots->clear();
  slots->reserve(std::min(rowids.size(), rows()));
  const bool merge = unsorted_.empty() && rowids.size() > slots_ / 16;
  size_t slot = 0;
  size_t turns = 0;
  const auto stop = [&] { return turns++ % kStretch == 0 ? poll() : SQLITE_OK; };
  for (const int64_t row : rowids) {
    if (const int code = stop()) return Status::Code(code, "interrupted");
    if (!merge) {
      if (const auto found = Find(row)) slots->push_back(static_cast<uint32_t>(*found));
      continue;
    }
    for (; slot < slots_ && rowid(slot) < row; ++slot) {
      if (const int code = stop()) return Status::Code(code, "interrupted");
    }
    if (slot == slots_) break;
    if (rowid(slot) == row && !dead(slot)) slots->push_back(static_cast<uint32_t>(slot));
  }
  // The slots of sorted rows ascend already, as their rowids do.
  return unsorted_.empty() ? Status::Ok() : SortDistinct(poll, slots);
}

// ---- changing -----------------------------------------------------------------------------------

void Matrix::Clear() {
  slots_ = sorted_ = dead_count_ = 0;
  dead_.clear();
  unsorted_.clear();
}

void Matrix::BeginLoad() {
  pending_.clear();
  staged_.clear();
  faults_.Clear();
  if (!unsorted_.empty() || Ragged()) Clear();
  loading_ = true;
  next_ = 0;
}

void Matrix::EraseSlot(size_t slot) {
  if (dead_.empty()) dead_.resize(slots_);
  dead_[slot] = true;
  ++dead_count_;
  if (slot >= sorted_) unsorted_.erase(rowid(slot));
}

// The slot that the row has had, if any; dead ones of the sorted part included.
std::optional<size_t> Matrix::Match(int64_t row) {
  if (!loading_) return Find(row);
  while (next_ < sorted_ && rowid(next_) < row) {
    if (!dead(next_)) EraseSlot(next_);
    ++next_;
  }
  if (next_ < sorted_ && rowid(next_) == row) return next_++;
  return std::nullopt;
}

bool Matrix::Append(int64_t row) {
  if (slots_ == segments_.size() * segment_slots_ && (slots_ >= UINT32_MAX || !AddSegment())) {
    return false;
  }
  const size_t slot = slots_;
  const bool in_order = sorted_ == slots_ && (slots_ == 0 || rowid(slots_ - 1) < row);
  if (!in_order) unsorted_[row] = static_cast<uint32_t>(slot);
  if (!dead_.empty()) dead_.push_back(false);
  At(slot).rowids[slot % segment_slots_] = row;
  ++slots_;
  if (in_order) {
    ++sorted_;
    if (loading_) next_ = sorted_;
  }
  return true;
}

void Matrix::Write(size_t slot, const void* blob, bool same_row) {
  if (!keep_vectors_) {
    pending_.push_back(static_cast<uint32_t>(slot));
    const size_t at = staged_.size();
    staged_.resize(at + dims_);
    std::memcpy(staged_.data() + at, blob, static_cast<size_t>(vector_bytes_));
    if (pending_.size() == FewRows(dims_, basis_ ? kStaged : kSample)) EncodeStaged();
    return;
  }
  uint8_t* to = At(slot).vectors + slot % segment_slots_ * stride_;
  if (same_row && std::memcmp(to, blob, static_cast<size_t>(vector_bytes_)) == 0) return;
  std::memcpy(to, blob, static_cast<size_t>(vector_bytes_));
  if (planes_) pending_.push_back(static_cast<uint32_t>(slot));
}

bool Matrix::Put(int64_t row, int type, const void* blob, int bytes) {
  const bool fits = type == SQLITE_BLOB && bytes == vector_bytes_;
  if (!fits || (type_ == ElementType::kFloat32 && !kernel_->finite_f32(blob, dims_))) {
    if (!loading_) Erase(row);
    faults_.Set({row, type, type == SQLITE_BLOB ? bytes : 0});
    return true;
  }
  if (!loading_) faults_.Remove(row);
  const std::optional<size_t> known = Match(row);
  if (!known && !Append(row)) return false;
  const size_t slot = known ? *known : slots_ - 1;
  // A row that was erased and came back within one load: its bytes are there, its codes perhaps
  // not.
  const bool revived = known && dead(slot);
  if (revived) {
    dead_[slot] = false;
    --dead_count_;
  }
  Write(slot, blob, known && !revived);
  return true;
}

void Matrix::EndLoad() {
  for (; next_ < sorted_; ++next_) {
    if (!dead(next_)) EraseSlot(next_);
  }
  loading_ = false;
  faults_.Merge();
  EncodeStaged();
}

void Matrix::Erase(int64_t row) {
  faults_.Remove(row);
  if (const auto slot = Find(row)) EraseSlot(*slot);
}

// ---- encoding -----------------------------------------------------------------------------------

void Matrix::BeginEncode() {
  if (basis_ || pending_.empty()) return;
  std::vector<const float*> sample;
  const size_t most = FewRows(dims_, kSample);
  const size_t step = (pending_.size() + most - 1) / most;
  for (size_t i = 0; i < pending_.size(); i += step) {
    sample.push_back(keep_vectors_ ? reinterpret_cast<const float*>(vector(pending_[i]).data)
                                   : staged_.data() + i * dims_);
  }
  basis_ = std::make_unique<PlaneBasis>(dims_, sample.data(), sample.size());
}

void Matrix::Encode(size_t from, size_t count) {
  std::vector<float> scratch(2 * basis_->padded());
  const size_t end = std::min(pending_.size(), from + count);
  for (size_t i = from; i < end; ++i) {
    const size_t slot = pending_[i];
    const float* row = keep_vectors_ ? reinterpret_cast<const float*>(vector(slot).data)
                                     : staged_.data() + i * dims_;
    basis_->Encode(*kernel_, row, scratch.data(), &At(slot).plane, slot % segment_slots_);
  }
}

void Matrix::FinishChanges() {
  faults_.Merge();
  EncodeStaged();
  if (pending_.empty()) return;
  BeginEncode();
  Encode(0, pending_.size());
  EndEncode();
}

void Matrix::EncodeStaged() {
  if (keep_vectors_ || pending_.empty()) return;
  BeginEncode();
  Encode(0, pending_.size());
  EndEncode();
  staged_.clear();
}

}  // namespace vecgraph
