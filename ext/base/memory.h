// MemoryCap, AlignedMemory and MemoryClaim: the memory of what a connection caches, counted and
// capped.
//
// The memory comes from SQLite, so that sqlite3_memory_used() shows it and a hard heap limit is
// kept: then an allocation fails, which costs speed and is no error. All connections of the process
// together take at most half of the machine's memory, whatever their caps are.
// Threads: a cap is set by one; the counts are atomic.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace vecgraph {

// The memory that this process may use: the machine's, or less if its control group says so.
int64_t MachineMemory();

// Asks for huge pages for memory that nobody has touched yet, if it is large: then the system need
// not clear and map it in pieces of 4 KiB. A hint: failing is fine.
void PreferHugePages(void* data, size_t bytes);

// vector->reserve(), in huge pages.
template <class T>
void ReserveLarge(size_t count, std::vector<T>* vector) {
  if (count <= vector->capacity()) return;
  vector->reserve(count);
  PreferHugePages(vector->data() + vector->size(), (count - vector->size()) * sizeof(T));
}

class MemoryCap {
 public:
  MemoryCap();
  MemoryCap(const MemoryCap&) = delete;
  MemoryCap& operator=(const MemoryCap&) = delete;

  int64_t cap() const { return cap_; }
  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  void set_cap(int64_t bytes) { cap_ = bytes; }
  // Whether so much more could be allocated.
  bool Fits(int64_t bytes) const;

 private:
  friend class AlignedMemory;
  friend class MemoryClaim;
  void Count(int64_t bytes);

  int64_t cap_;  // a quarter of the machine's memory unless set
  std::atomic<int64_t> used_{0};
};

// Memory that starts at a 64-byte boundary and, if it is large, lies in huge pages where the system
// has them.
// REQUIRES: destroyed before its cap.
class AlignedMemory {
 public:
  AlignedMemory() = default;
  AlignedMemory(AlignedMemory&& other) noexcept { *this = std::move(other); }
  AlignedMemory& operator=(AlignedMemory&& other) noexcept {
    std::swap(cap_, other.cap_);
    std::swap(allocation_, other.allocation_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  AlignedMemory(const AlignedMemory&) = delete;
  AlignedMemory& operator=(const AlignedMemory&) = delete;
  ~AlignedMemory();

  // Nothing (a null data()) if the cap or the memory is exhausted. `bytes` is below 1 GiB.
  static AlignedMemory Allocate(MemoryCap* cap, size_t bytes);

  uint8_t* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  MemoryCap* cap_ = nullptr;
  void* allocation_ = nullptr;
  uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
};

// Counts memory that came from elsewhere against a cap.
// REQUIRES: destroyed before its cap.
class MemoryClaim {
 public:
  MemoryClaim() = default;
  MemoryClaim(MemoryCap* cap, int64_t bytes) : cap_(cap), bytes_(bytes) { cap_->Count(bytes); }
  MemoryClaim(MemoryClaim&& other) noexcept { *this = std::move(other); }
  MemoryClaim& operator=(MemoryClaim&& other) noexcept {
    std::swap(cap_, other.cap_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  MemoryClaim(const MemoryClaim&) = delete;
  MemoryClaim& operator=(const MemoryClaim&) = delete;
  ~MemoryClaim() {
    if (cap_) cap_->Count(-bytes_);
  }

 private:
  MemoryCap* cap_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace vecgraph
