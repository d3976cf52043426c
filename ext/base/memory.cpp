#include "base/memory.h"

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "base/sqlite.h"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace vecgraph {
namespace {

std::atomic<int64_t> process_used{0};

int64_t PhysicalMemory() {
#if defined(_SC_PHYS_PAGES)
  const int64_t pages = sysconf(_SC_PHYS_PAGES);
  const int64_t size = sysconf(_SC_PAGESIZE);
  if (pages > 0 && size > 0) return pages * size;
#endif
  return int64_t{4} << 30;
}

// The number in a file of the control group, or a very large one: "max", or no such file.
int64_t GroupLimit(const char* path) {
  int64_t limit = INT64_MAX;
  if (std::FILE* file = std::fopen(path, "r")) {
    long long number = 0;
    if (std::fscanf(file, "%lld", &number) == 1 && number > 0) limit = number;
    std::fclose(file);
  }
  return limit;
}

constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

void PreferHugePages([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes < 2 * kHugePage) return;
  const size_t skip = (kHugePage - reinterpret_cast<uintptr_t>(data) % kHugePage) % kHugePage;
  madvise(static_cast<uint8_t*>(data) + skip, (bytes - skip) / kHugePage * kHugePage,
          MADV_HUGEPAGE);
#endif
}

int64_t MachineMemory() {
  static const int64_t kBytes =
      std::min({PhysicalMemory(), GroupLimit("/sys/fs/cgroup/memory.max"),
                GroupLimit("/sys/fs/cgroup/memory/memory.limit_in_bytes")});
  return kBytes;
}

MemoryCap::MemoryCap() : cap_(MachineMemory() / 4) {}

bool MemoryCap::Fits(int64_t bytes) const {
  return bytes <= cap_ - used() &&
         bytes <= MachineMemory() / 2 - process_used.load(std::memory_order_relaxed);
}

void MemoryCap::Count(int64_t bytes) {
  used_.fetch_add(bytes, std::memory_order_relaxed);
  process_used.fetch_add(bytes, std::memory_order_relaxed);
}

AlignedMemory::~AlignedMemory() {
  if (!allocation_) return;
  sqlite3_free(allocation_);
  cap_->Count(-static_cast<int64_t>(bytes_));
}

AlignedMemory AlignedMemory::Allocate(MemoryCap* cap, size_t bytes) {
  constexpr size_t kLine = 64;
  AlignedMemory memory;
  if (bytes >= size_t{1} << 30 || !cap->Fits(static_cast<int64_t>(bytes))) return memory;
  memory.allocation_ = sqlite3_malloc64(bytes + kLine);
  if (!memory.allocation_) return memory;
  const auto address = reinterpret_cast<uintptr_t>(memory.allocation_);
  memory.data_ = static_cast<uint8_t*>(memory.allocation_) + (kLine - address % kLine);
  memory.cap_ = cap;
  memory.bytes_ = bytes;
  cap->Count(static_cast<int64_t>(bytes));
  PreferHugePages(memory.data_, bytes);
  return memory;
}

}  // namespace vecgraph
