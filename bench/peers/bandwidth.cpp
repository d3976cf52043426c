// How fast this machine reads memory: sums a buffer much larger than any cache.
//
//   bandwidth [MiB] [passes]     prints a JSON line for one thread and one for two
//
// Each thread sums its share of 64-bit words in independent lanes, which the compiler
// vectorises; the sum is kept, so that no read can be left out.
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <span>
#include <thread>
#include <vector>

namespace {

constexpr size_t kLanes = 32;

uint64_t Sum(std::span<const uint64_t> words) {
  uint64_t lanes[kLanes] = {};
  for (size_t i = 0; i + kLanes <= words.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += words[i + lane];
  }
  return std::accumulate(lanes, lanes + kLanes, uint64_t{0});
}

uint64_t SumWith(size_t threads, std::span<const uint64_t> words) {
  std::vector<uint64_t> sums(threads);
  std::vector<std::thread> workers;
  const size_t share = words.size() / threads;
  for (size_t t = 1; t < threads; ++t) {
    workers.emplace_back([&, t] { sums[t] = Sum(words.subspan(t * share, share)); });
  }
  sums[0] = Sum(words.first(share));
  for (std::thread& worker : workers) worker.join();
  return std::accumulate(sums.begin(), sums.end(), uint64_t{0});
}

}  // namespace

int main(int argc, char** argv) {
  const size_t mib = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1024;
  const int passes = argc > 2 ? std::atoi(argv[2]) : 9;
  const size_t bytes = mib << 20;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("bandwidth: mmap");
    return 1;
  }
#ifdef MADV_HUGEPAGE
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  const std::span<uint64_t> words(static_cast<uint64_t*>(memory), bytes / sizeof(uint64_t));
  std::iota(words.begin(), words.end(), uint64_t{1});

  uint64_t kept = 0;
  for (size_t threads : {1, 2}) {
    std::vector<double> rates;
    for (int pass = 0; pass <= passes; ++pass) {
      const auto start = std::chrono::steady_clock::now();
      kept += SumWith(threads, words);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      if (pass > 0) rates.push_back(static_cast<double>(bytes) / seconds.count() / 1e9);
    }
    std::sort(rates.begin(), rates.end());
    std::printf(R"({"threads": %zu, "median": %.2f, "best": %.2f})"
                "\n",
                threads, rates[rates.size() / 2], rates.back());
  }
  return kept == 0;  // never: it only keeps the sums alive
}
