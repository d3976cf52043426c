// The kernels alone, per CPU level and number of dimensions, on vectors that stay in the L1 cache;
// those of the planes also on rows that come from memory. There `of_read` is their speed as a part
// of what one thread reads at best.
//
//   build/release/bench/bench_kernels --benchmark_filter=dot_f32
//   build/release/bench/bench_kernels --benchmark_filter=memory
#include <benchmark/benchmark.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernel/choose.h"

namespace {

using vecgraph::KernelTable;
using vecgraph::PlaneBound;
using vecgraph::PlaneCode;
using vecgraph::PlaneQuery;

constexpr size_t kLine = 64;
constexpr size_t kCached = 16 * 1024;
constexpr size_t kMemory = size_t{512} << 20;  // far more than any cache
constexpr size_t kBlockRows = 1024;            // rows of one call, as a scan makes it

std::vector<float> Floats(size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

// 512 MB of random bytes, made when they are first asked for.
const uint8_t* Memory() {
  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };
  static const std::unique_ptr<uint8_t, Free> memory = [] {
    constexpr size_t kPage = size_t{2} << 20;
    std::unique_ptr<uint8_t, Free> bytes(static_cast<uint8_t*>(std::aligned_alloc(kPage, kMemory)));
#ifdef __linux__
    madvise(bytes.get(), kMemory, MADV_HUGEPAGE);
#endif
    std::mt19937_64 random(3);
    auto* words = reinterpret_cast<uint64_t*>(bytes.get());
    for (size_t i = 0; i < kMemory / sizeof *words; ++i) words[i] = random();
    return bytes;
  }();
  return memory.get();
}

// The sum of all lines.
uint64_t Read(const uint8_t* bytes, size_t n) {
  uint64_t sums[kLine / 8] = {};
  const auto* words = reinterpret_cast<const uint64_t*>(bytes);
  for (size_t i = 0; i < n / 8; i += kLine / 8) {
    for (size_t j = 0; j < kLine / 8; ++j) sums[j] += words[i + j];
  }
  uint64_t sum = 0;
  for (const uint64_t part : sums) sum += part;
  return sum;
}

template <class Work>
double Seconds(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void ReadMemory(benchmark::State& state) {
  const uint8_t* bytes = Memory();
  for (auto _ : state) benchmark::DoNotOptimize(Read(bytes, kMemory));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kMemory));
}

template <class Result>
void Run(benchmark::State& state, Result (*kernel)(const void*, const void*, size_t),
         size_t element_size) {
  const auto n = static_cast<size_t>(state.range(0));
  const std::vector<float> a = Floats(n, 1);
  const std::vector<float> b = Floats(n, 2);
  for (auto _ : state) benchmark::DoNotOptimize(kernel(a.data(), b.data(), n));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(n * element_size));
}

// Random queries for the planes.
class Queries {
 public:
  Queries(size_t dims, size_t count) : codes_(dims * count), queries_(count) {
    std::mt19937 random(4);
    for (int8_t& code : codes_) code = static_cast<int8_t>(static_cast<int>(random() % 255) - 127);
    for (size_t q = 0; q < count; ++q) {
      const int8_t* codes = codes_.data() + q * dims;
      int32_t sum = 0;
      for (size_t i = 0; i < dims; ++i) sum += codes[i];
      queries_[q] = {codes, dims, sum};
    }
  }
  const PlaneQuery* data() const { return queries_.data(); }

 private:
  std::vector<int8_t> codes_;
  std::vector<PlaneQuery> queries_;
};

using Dots = void (*)(const PlaneQuery&, const uint8_t*, size_t, int32_t*);

// The rows of `bytes` bytes against one query.
void Scan(Dots kernel, const PlaneQuery& query, size_t row_bytes, size_t bytes, int32_t* dots) {
  const uint8_t* codes = Memory();
  for (size_t rows = bytes / row_bytes; rows > 0;) {
    const size_t some = std::min(rows, kBlockRows);
    kernel(query, codes, some, dots);
    benchmark::DoNotOptimize(dots);
    benchmark::ClobberMemory();
    codes += some * row_bytes;
    rows -= some;
  }
}

void RunDots(benchmark::State& state, Dots kernel, size_t bits, size_t bytes) {
  const auto dims = static_cast<size_t>(state.range(0));
  const size_t row_bytes = dims * bits / 8;
  const Queries queries(dims, 1);
  std::vector<int32_t> dots(kBlockRows);
  Memory();
  double read = 1e9;
  double scan = 1e9;
  for (auto _ : state) {
    scan = std::min(scan,
                    Seconds([&] { Scan(kernel, *queries.data(), row_bytes, bytes, dots.data()); }));
    if (bytes < kMemory) continue;
    // Beside each pass, since what others do to the memory changes by the second.
    state.PauseTiming();
    read = std::min(read, Seconds([&] { benchmark::DoNotOptimize(Read(Memory(), kMemory)); }));
    state.ResumeTiming();
  }
  const size_t done = bytes / row_bytes * row_bytes;
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(done));
  if (bytes == kMemory) state.counters["of_read"] = read / scan;
}

// A join: 1,000 queries against the rows of a block.
void RunMany(benchmark::State& state, const KernelTable& table) {
  constexpr size_t kQueries = 1000;
  constexpr size_t kRows = 256;
  const auto dims = static_cast<size_t>(state.range(0));
  const Queries queries(dims, kQueries);
  std::vector<int32_t> dots(kQueries * kRows);
  const uint8_t* codes = Memory();
  for (auto _ : state) {
    table.dots_8_many(queries.data(), kQueries, codes, kRows, dots.data());
    benchmark::DoNotOptimize(dots.data());
    benchmark::ClobberMemory();
  }
  state.counters["products"] = benchmark::Counter(static_cast<double>(kQueries * kRows * dims),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}

// One row in `one_in` is found.
void RunReach(benchmark::State& state, const KernelTable& table) {
  const auto one_in = static_cast<size_t>(state.range(0));
  const std::vector<float> ones(kBlockRows, 1.0F);
  const std::vector<float> zeros(kBlockRows, 0.0F);
  std::vector<int32_t> dots(kBlockRows);
  std::mt19937 random(5);
  for (int32_t& dot : dots) dot = random() % one_in == 0 ? 1 : -1;
  std::vector<uint32_t> found(kBlockRows);
  const PlaneBound bound = {ones.data(), zeros.data(), zeros.data(), 1, 1, 1};
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.reach(bound, dots.data(), kBlockRows, 0, found.data()));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBlockRows));
}

void RunEncode(benchmark::State& state, PlaneCode (*kernel)(const float*, size_t, uint8_t*)) {
  const auto dims = static_cast<size_t>(state.range(0));
  const std::vector<float> values = Floats(dims, 1);
  std::vector<uint8_t> codes(dims);
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel(values.data(), dims, codes.data()));
    benchmark::ClobberMemory();
  }
}

void RunMix(benchmark::State& state, const KernelTable& table) {
  const auto dims = static_cast<size_t>(state.range(0));
  const std::vector<float> in = Floats(dims, 1);
  std::vector<float> out(dims);
  for (auto _ : state) {
    table.mix_f32(in.data(), out.data(), dims);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
}

void Register(const KernelTable& table) {
  const std::string level = std::string("/") + table.name;
  const auto add = [&](const std::string& name, auto run) {
    return benchmark::RegisterBenchmark((name + level).c_str(), run);
  };
  const auto add_dims = [&](const std::string& name, auto run) {
    add(name, run)->Arg(384)->Arg(768)->Arg(1536);
  };
  const auto add_pair = [&](const char* name, auto kernel, size_t size) {
    add_dims(name, [=](benchmark::State& state) { Run(state, kernel, size); });
  };
  add_pair("dot_f32", table.dot_f32, 4);
  add_pair("dot_norm_f32", table.dot_norm_f32, 4);
  add_pair("l2sq_f32", table.l2sq_f32, 4);
  add_pair("l1_f32", table.l1_f32, 4);
  add_pair("dot_i8", table.dot_i8, 1);
  add_pair("l2sq_i8", table.l2sq_i8, 1);
  add_pair("l1_i8", table.l1_i8, 1);
  add_pair("hamming", table.hamming, 1);

  const KernelTable* t = &table;
  for (const size_t bits : {8, 4}) {
    const Dots kernel = bits == 8 ? table.dots_8 : table.dots_4;
    const std::string name = "dots_" + std::to_string(bits);
    add_dims(name, [=](benchmark::State& s) { RunDots(s, kernel, bits, kCached); });
    add(name + "/memory", [=](benchmark::State& s) {
      RunDots(s, kernel, bits, kMemory);
    })->Arg(768);
  }
  add_dims("dots_8_many", [=](benchmark::State& state) { RunMany(state, *t); });
  add("reach", [=](benchmark::State& state) { RunReach(state, *t); })->Arg(20)->Arg(1000);
  add_dims("encode_8", [=](benchmark::State& state) { RunEncode(state, t->encode_8); });
  add_dims("encode_4", [=](benchmark::State& state) { RunEncode(state, t->encode_4); });
  add_dims("mix_f32", [=](benchmark::State& state) { RunMix(state, *t); });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("read/memory", ReadMemory);
  for (const char* name : {"scalar", "sse2", "neon64", "dotprod", "avx2", "avx512"}) {
    if (const KernelTable* table = vecgraph::FindKernel(name)) Register(*table);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
