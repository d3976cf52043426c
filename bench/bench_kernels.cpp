// The kernels alone, per CPU level and number of dimensions, on vectors that stay in the L1 cache.
//
//   build/release/bench/bench_kernels --benchmark_filter=dot_f32
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernel/choose.h"

namespace {

using vecgraph::KernelTable;

std::vector<float> Floats(size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
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

void Register(const KernelTable& table) {
  const std::string level = std::string("/") + table.name;
  const auto add = [&](const char* name, auto kernel, size_t size) {
    benchmark::RegisterBenchmark((name + level).c_str(),
                                 [=](benchmark::State& state) { Run(state, kernel, size); })
        ->Arg(384)
        ->Arg(768)
        ->Arg(1536);
  };
  add("dot_f32", table.dot_f32, 4);
  add("dot_norm_f32", table.dot_norm_f32, 4);
  add("l2sq_f32", table.l2sq_f32, 4);
  add("l1_f32", table.l1_f32, 4);
  add("dot_i8", table.dot_i8, 1);
  add("hamming", table.hamming, 1);
}

}  // namespace

int main(int argc, char** argv) {
  for (const char* name : {"scalar", "sse2", "neon64", "dotprod", "avx2", "avx512"}) {
    if (const KernelTable* table = vecgraph::FindKernel(name)) Register(*table);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
