// What the exact sum of vec_sum() costs beside a plain sum in double, per row of 384 dimensions.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "vector/exact_sum.h"

namespace {

using vecgraph::ElementType;
using vecgraph::ExactSum;
using vecgraph::Vector;

constexpr size_t kDims = 384;
constexpr size_t kRows = 256;

std::vector<Vector> UnitRows() {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<Vector> rows;
  for (size_t r = 0; r < kRows; ++r) {
    Vector row(ElementType::kFloat32, kDims);
    for (size_t i = 0; i < kDims; ++i) row.SetFloat(i, normal(random) / 20);
    rows.push_back(std::move(row));
  }
  return rows;
}

void ExactRow(benchmark::State& state) {
  const std::vector<Vector> rows = UnitRows();
  ExactSum sum;
  size_t r = 0;
  for (auto _ : state) {
    if (!sum.Add(rows[r++ % kRows].view()).ok()) state.SkipWithError("dimension");
  }
  benchmark::DoNotOptimize(sum.Element(0));
}

void PlainRow(benchmark::State& state) {
  const std::vector<Vector> rows = UnitRows();
  std::vector<double> sum(kDims);
  size_t r = 0;
  for (auto _ : state) {
    const auto view = rows[r++ % kRows].view();
    for (size_t i = 0; i < kDims; ++i) sum[i] += view.Float(i);
    benchmark::ClobberMemory();
  }
  benchmark::DoNotOptimize(sum.data());
}

BENCHMARK(ExactRow);
BENCHMARK(PlainRow);

}  // namespace

BENCHMARK_MAIN();
