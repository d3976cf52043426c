// kernel/kernels.h: every level of this CPU against loops written from the definition, bit for bit.
#include "kernel/kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernel/choose.h"

namespace vecgraph {
namespace {

std::vector<const KernelTable*> Levels() {
  std::vector<const KernelTable*> levels;
  for (const char* name : {"scalar", "sse2", "avx2", "avx512", "neon64", "dotprod"}) {
    if (const KernelTable* table = FindKernel(name)) levels.push_back(table);
  }
  return levels;
}

// The order of summation as kernels.h states it.
template <class T, class Term>
T Reference(size_t n, Term term) {
  if (n <= 16) {
    T sum = 0;
    for (size_t i = 0; i < n; ++i) sum += term(i);
    return sum;
  }
  std::vector<T> lanes(64);
  for (size_t i = 0; i < n; ++i) lanes[i % 64] += term(i);
  for (size_t half = 32; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

// n values at an address that no alignment fits.
template <class T>
class Unaligned {
 public:
  explicit Unaligned(const std::vector<T>& values) : bytes_(values.size() * sizeof(T) + 1) {
    if (values.empty()) return;
    std::memcpy(bytes_.data() + 1, values.data(), values.size() * sizeof(T));
  }
  const void* data() const { return bytes_.data() + 1; }

 private:
  std::vector<unsigned char> bytes_;
};

std::vector<float> Floats(std::mt19937* random, size_t n) {
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> exponent(-30, 10);
  std::vector<float> values(n);
  for (float& value : values) value = std::ldexp(normal(*random), exponent(*random));
  return values;
}

std::vector<size_t> Dims() {
  std::vector<size_t> dims;
  for (size_t n = 0; n <= 300; ++n) dims.push_back(n);
  for (const size_t n : {383, 384, 385, 768, 1000, 1536, 4095, 4096, 4100}) dims.push_back(n);
  return dims;
}

TEST(Kernels, FloatSumsHaveTheBitsOfTheDefinition) {
  std::mt19937 random(11);
  for (const size_t n : Dims()) {
    const std::vector<float> a = Floats(&random, n);
    const std::vector<float> b = Floats(&random, n);
    const auto dot = Reference<float>(n, [&](size_t i) { return a[i] * b[i]; });
    const auto norm = Reference<float>(n, [&](size_t i) { return b[i] * b[i]; });
    const auto l2sq = Reference<float>(n, [&](size_t i) { return (a[i] - b[i]) * (a[i] - b[i]); });
    const auto l1 = Reference<double>(n, [&](size_t i) {
      return std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    });
    const Unaligned<float> ua(a);
    const Unaligned<float> ub(b);
    for (const KernelTable* k : Levels()) {
      SCOPED_TRACE(std::string(k->name) + " " + std::to_string(n));
      ASSERT_EQ(std::bit_cast<uint32_t>(k->dot_f32(ua.data(), ub.data(), n)),
                std::bit_cast<uint32_t>(dot));
      const DotNorm both = k->dot_norm_f32(ua.data(), ub.data(), n);
      ASSERT_EQ(std::bit_cast<uint32_t>(both.dot), std::bit_cast<uint32_t>(dot));
      ASSERT_EQ(std::bit_cast<uint32_t>(both.norm), std::bit_cast<uint32_t>(norm));
      ASSERT_EQ(std::bit_cast<uint32_t>(k->l2sq_f32(ua.data(), ub.data(), n)),
                std::bit_cast<uint32_t>(l2sq));
      ASSERT_EQ(std::bit_cast<uint64_t>(k->l1_f32(ua.data(), ub.data(), n)),
                std::bit_cast<uint64_t>(l1));
    }
  }
}

TEST(Kernels, AnotherOrderWouldShow) {  // the control of the test above
  std::mt19937 random(12);
  int differ = 0;
  for (int round = 0; round < 50; ++round) {
    const std::vector<float> a = Floats(&random, 384);
    const std::vector<float> b = Floats(&random, 384);
    float in_order = 0;
    for (size_t i = 0; i < a.size(); ++i) in_order += a[i] * b[i];
    differ += FindKernel("scalar")->dot_f32(a.data(), b.data(), a.size()) != in_order ? 1 : 0;
  }
  EXPECT_GT(differ, 25);
}

TEST(Kernels, IntegersAreExact) {
  std::mt19937 random(13);
  std::uniform_int_distribution<int> any(-128, 127);
  std::vector<size_t> sizes;
  for (size_t n = 0; n <= 200; ++n) sizes.push_back(n);
  for (const size_t n : {383, 1000, 16384, 16385, 200000}) sizes.push_back(n);
  for (const size_t n : sizes) {
    std::vector<int8_t> a(n);
    std::vector<int8_t> b(n);
    for (size_t i = 0; i < n; ++i) {
      a[i] =
          static_cast<int8_t>(n == 200000 ? -128 : any(random));  // the extremes, far beyond int32
      b[i] = static_cast<int8_t>(n == 200000 ? 127 : any(random));
    }
    int64_t dot = 0;
    int64_t l2sq = 0;
    int64_t l1 = 0;
    int64_t bits = 0;
    for (size_t i = 0; i < n; ++i) {
      dot += int{a[i]} * b[i];
      l2sq += (int{a[i]} - b[i]) * (int{a[i]} - b[i]);
      l1 += std::abs(int{a[i]} - b[i]);
      bits += std::popcount(static_cast<uint8_t>(a[i] ^ b[i]));
    }
    const Unaligned<int8_t> ua(a);
    const Unaligned<int8_t> ub(b);
    for (const KernelTable* k : Levels()) {
      SCOPED_TRACE(std::string(k->name) + " " + std::to_string(n));
      EXPECT_EQ(k->dot_i8(ua.data(), ub.data(), n), dot);
      EXPECT_EQ(k->l2sq_i8(ua.data(), ub.data(), n), l2sq);
      EXPECT_EQ(k->l1_i8(ua.data(), ub.data(), n), l1);
      EXPECT_EQ(k->hamming(ua.data(), ub.data(), n), bits);
    }
  }
}

TEST(Kernels, IntegerExtremesAreExact) {
  for (const size_t n : {1, 31, 32, 64, 65, 768, 16384, 16385, 70000}) {
    for (const int x : {-128, 127}) {
      for (const int y : {-128, 127}) {
        const Unaligned<int8_t> a(std::vector<int8_t>(n, static_cast<int8_t>(x)));
        const Unaligned<int8_t> b(std::vector<int8_t>(n, static_cast<int8_t>(y)));
        const auto count = static_cast<int64_t>(n);
        for (const KernelTable* k : Levels()) {
          SCOPED_TRACE(std::string(k->name) + " " + std::to_string(n));
          EXPECT_EQ(k->dot_i8(a.data(), b.data(), n), count * x * y);
          EXPECT_EQ(k->l2sq_i8(a.data(), b.data(), n), count * (x - y) * (x - y));
          EXPECT_EQ(k->l1_i8(a.data(), b.data(), n), count * std::abs(x - y));
          EXPECT_EQ(k->hamming(a.data(), b.data(), n), x == y ? 0 : 8 * count);
        }
      }
    }
  }
}

TEST(Kernels, FindNanAndInfAnywhere) {
  for (const KernelTable* k : Levels()) {
    for (size_t n = 1; n < 70; ++n) {
      std::vector<float> values(n, std::numeric_limits<float>::max());
      EXPECT_TRUE(k->finite_f32(values.data(), n));
      for (const float bad : {NAN, INFINITY, -INFINITY}) {
        values[n / 2] = bad;
        EXPECT_FALSE(k->finite_f32(values.data(), n)) << k->name << n;
      }
    }
  }
}

TEST(Kernels, NanAndInfReachTheSums) {
  // The scalar functions look for NaN and Inf only when a result is not finite.
  for (const KernelTable* k : Levels()) {
    for (const size_t n : {3, 16, 17, 64, 100, 384}) {
      for (const float bad : {NAN, INFINITY, -INFINITY}) {
        std::vector<float> a(n, 0.0F);
        const std::vector<float> b(n, 0.0F);
        a[n - 1] = bad;
        EXPECT_FALSE(std::isfinite(k->dot_f32(a.data(), b.data(), n)));
        EXPECT_FALSE(std::isfinite(k->l2sq_f32(a.data(), b.data(), n)));
        EXPECT_FALSE(std::isfinite(k->l1_f32(a.data(), b.data(), n)));
      }
    }
  }
}

// Rows of codes and a query for the planes, at addresses that no alignment fits.
struct PlaneCase {
  size_t dims;
  size_t rows;
  std::vector<int8_t> query;
  std::vector<uint8_t> codes8;
  std::vector<uint8_t> codes4;

  PlaneQuery Query(const Unaligned<int8_t>& at) const {
    int32_t sum = 0;
    for (const int8_t code : query) sum += code;
    return {static_cast<const int8_t*>(at.data()), dims, sum};
  }

  int32_t Dot8(size_t row) const {
    int64_t sum = 0;
    for (size_t i = 0; i < dims; ++i) sum += int64_t{query[i]} * (codes8[row * dims + i] - 128);
    return static_cast<int32_t>(sum);
  }

  int32_t Dot4(size_t row) const {
    int64_t sum = 0;
    for (size_t i = 0; i < dims; ++i) {
      const uint8_t both = codes4[row * dims / 2 + i / 128 * 64 + i % 64];
      sum += int64_t{query[i]} * (2 * (i % 128 < 64 ? both & 15 : both >> 4) - 15);
    }
    return static_cast<int32_t>(sum);
  }
};

PlaneCase RandomPlane(std::mt19937* random, size_t dims, size_t rows) {
  PlaneCase plane{dims, rows, std::vector<int8_t>(dims), std::vector<uint8_t>(dims * rows),
                  std::vector<uint8_t>(dims * rows / 2)};
  for (int8_t& code : plane.query)
    code = static_cast<int8_t>(static_cast<int>((*random)() % 255) - 127);
  for (uint8_t& code : plane.codes8) code = static_cast<uint8_t>((*random)());
  for (uint8_t& code : plane.codes4) code = static_cast<uint8_t>((*random)());
  return plane;
}

void ExpectDots(const PlaneCase& plane) {
  std::vector<int32_t> dots8(plane.rows);
  std::vector<int32_t> dots4(plane.rows);
  for (size_t r = 0; r < plane.rows; ++r) {
    dots8[r] = plane.Dot8(r);
    dots4[r] = plane.Dot4(r);
  }
  const Unaligned<int8_t> query(plane.query);
  const Unaligned<uint8_t> codes8(plane.codes8);
  const Unaligned<uint8_t> codes4(plane.codes4);
  for (const KernelTable* k : Levels()) {
    SCOPED_TRACE(std::string(k->name) + " " + std::to_string(plane.dims) + " x " +
                 std::to_string(plane.rows));
    std::vector<int32_t> dots(plane.rows + 1, 77);
    const PlaneQuery of = plane.Query(query);
    k->dots_8(of, static_cast<const uint8_t*>(codes8.data()), plane.rows, dots.data());
    ASSERT_EQ(dots.back(), 77);
    dots.pop_back();
    ASSERT_EQ(dots, dots8);
    dots.push_back(78);
    k->dots_4(of, static_cast<const uint8_t*>(codes4.data()), plane.rows, dots.data());
    ASSERT_EQ(dots.back(), 78);
    dots.pop_back();
    ASSERT_EQ(dots, dots4);
  }
}

// Several queries: those of `planes`, against the rows of the first.
void ExpectDotsOfMany(const std::vector<PlaneCase>& planes) {
  const PlaneCase& first = planes[0];
  std::vector<Unaligned<int8_t>> at;
  for (const PlaneCase& plane : planes) at.emplace_back(plane.query);
  std::vector<PlaneQuery> queries;
  std::vector<int32_t> expected;
  for (size_t q = 0; q < planes.size(); ++q) {
    queries.push_back(planes[q].Query(at[q]));
    PlaneCase plane = first;
    plane.query = planes[q].query;
    for (size_t r = 0; r < first.rows; ++r) expected.push_back(plane.Dot8(r));
  }
  const Unaligned<uint8_t> codes(first.codes8);
  for (const KernelTable* k : Levels()) {
    SCOPED_TRACE(std::string(k->name) + " " + std::to_string(first.dims) + " x " +
                 std::to_string(first.rows) + " x " + std::to_string(planes.size()));
    std::vector<int32_t> dots(expected.size() + 1, 79);
    k->dots_8_many(queries.data(), queries.size(), static_cast<const uint8_t*>(codes.data()),
                   first.rows, dots.data());
    ASSERT_EQ(dots.back(), 79);
    dots.pop_back();
    ASSERT_EQ(dots, expected);
  }
}

TEST(Planes, SumsOfManyQueriesAreExact) {
  std::mt19937 random(16);
  const auto expect = [&](size_t dims, size_t rows, size_t count) {
    std::vector<PlaneCase> planes{RandomPlane(&random, dims, rows)};
    while (planes.size() < count) planes.push_back(RandomPlane(&random, dims, 0));
    ExpectDotsOfMany(planes);
  };
  for (size_t count = 1; count <= 20; ++count) expect(256, 33, count);
  for (size_t rows = 0; rows <= 70; ++rows) expect(128, rows, 9);
  for (size_t dims = 128; dims <= 4096; dims += 128) expect(dims, 35, 13);
}

TEST(Planes, SumsOfManyExtremesAreExact) {
  std::mt19937 random(17);
  for (const int code : {0, 255}) {
    std::vector<PlaneCase> planes{RandomPlane(&random, kMaxPlaneDims, 32)};
    planes[0].codes8.assign(planes[0].codes8.size(), static_cast<uint8_t>(code));
    while (planes.size() < 9) planes.push_back(RandomPlane(&random, kMaxPlaneDims, 0));
    for (size_t q = 0; q < planes.size(); ++q) {
      planes[q].query.assign(kMaxPlaneDims, static_cast<int8_t>(q % 2 == 0 ? 127 : -127));
    }
    ExpectDotsOfMany(planes);
  }
}

TEST(Planes, SumsOfRowsAreExact) {
  std::mt19937 random(14);
  for (size_t dims = 128; dims <= 4096; dims += 128) {
    ExpectDots(RandomPlane(&random, dims, dims / 128));
  }
  for (size_t rows = 0; rows <= 40; ++rows) ExpectDots(RandomPlane(&random, 384, rows));
}

TEST(Planes, SumsOfExtremesAreExact) {
  std::mt19937 random(15);
  for (const size_t dims : {size_t{128}, size_t{768}, kMaxPlaneDims}) {
    for (const int8_t query : {-127, 127}) {
      for (const int code : {0, 255}) {
        PlaneCase plane = RandomPlane(&random, dims, 6);
        plane.query.assign(dims, query);
        plane.codes8.assign(plane.codes8.size(), static_cast<uint8_t>(code));
        plane.codes4.assign(plane.codes4.size(), static_cast<uint8_t>(code));
        ExpectDots(plane);
        for (size_t i = 0; i < dims; i += 2) plane.query[i] = static_cast<int8_t>(-query);
        ExpectDots(plane);
      }
    }
  }
}

TEST(Planes, ReachTakesWhatIsNotBelow) {
  std::mt19937 random(18);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (size_t rows = 0; rows <= 100; ++rows) {
    std::vector<int32_t> dots(rows);
    for (int32_t& dot : dots) dot = static_cast<int32_t>(random() % 2000001) - 1000000;
    const std::vector<float> scale = Floats(&random, rows);
    std::vector<float> error = Floats(&random, rows);
    std::vector<float> offset = Floats(&random, rows);
    for (float& x : error) x = std::fabs(x);
    if (rows > 20) error[17] = kInf;
    if (rows > 30) offset[25] = kNan;
    if (rows > 40) dots[35] = 0;
    for (const bool with_offset : {false, true}) {
      const PlaneBound bound = {scale.data(), error.data(), with_offset ? offset.data() : nullptr,
                                0.013F,       -0.7F,        1.25F};
      std::vector<float> upper(rows);
      for (size_t r = 0; r < rows; ++r) {
        upper[r] = bound.query * (scale[r] * static_cast<float>(dots[r]));
        if (with_offset) upper[r] = upper[r] + bound.shift * offset[r];
        upper[r] = upper[r] + bound.width * error[r];
      }
      std::vector<float> limits = {0, -0.0F, kInf, -kInf, kNan, 1e30F, -1e30F};
      // Equal to a bound, and just above it.
      for (size_t r = 0; r < rows; r += 7) {
        limits.push_back(upper[r]);
        limits.push_back(std::nextafter(upper[r], kInf));
      }
      for (const float limit : limits) {
        std::vector<uint32_t> expected;
        for (size_t r = 0; r < rows; ++r) {
          if (!(upper[r] < limit)) expected.push_back(static_cast<uint32_t>(r));
        }
        for (const KernelTable* k : Levels()) {
          SCOPED_TRACE(std::string(k->name) + " " + std::to_string(rows));
          std::vector<uint32_t> found(rows + 1, 77);
          const size_t count = k->reach(bound, dots.data(), rows, limit, found.data());
          ASSERT_EQ(found.back(), 77U);
          ASSERT_LE(count, rows);
          found.resize(count);
          ASSERT_EQ(found, expected);
        }
      }
    }
  }
}

TEST(Planes, MixHasTheBitsOfTheDefinition) {
  std::mt19937 random(19);
  for (const size_t n :
       {size_t{2}, size_t{6}, size_t{30}, size_t{128}, size_t{768}, size_t{4096}}) {
    const std::vector<float> in = Floats(&random, n);
    std::vector<float> expected(n);
    for (size_t i = 0; i < n / 2; ++i) {
      expected[2 * i] = (in[i] + in[n / 2 + i]) * 0.70710678F;
      expected[2 * i + 1] = (in[i] - in[n / 2 + i]) * 0.70710678F;
    }
    for (const KernelTable* k : Levels()) {
      std::vector<float> out(n);
      k->mix_f32(in.data(), out.data(), n);
      ASSERT_EQ(std::memcmp(out.data(), expected.data(), n * sizeof(float)), 0) << k->name << n;
    }
  }
}

// Rows as a plane may meet them: rotated, plain, constant, with outliers, tiny and zero.
std::vector<std::vector<float>> RowsToEncode(std::mt19937* random) {
  std::vector<std::vector<float>> all;
  std::normal_distribution<float> normal;
  for (size_t dims = 128; dims <= 4096; dims += 128) {
    std::vector<float> row(dims);
    for (float& x : row) x = normal(*random);
    all.push_back(row);
    for (float& x : row) x = std::ldexp(x, -30);
    all.push_back(row);
    all.push_back(Floats(random, dims));
    all.back()[dims / 3] = 5000;
    all.emplace_back(dims, dims % 256 == 0 ? 0.25F : -1.0F);
    all.emplace_back(dims, 0.0F);
    all.emplace_back(dims, 0.0F)[5] = 1e-38F;
    all.emplace_back(dims, std::numeric_limits<float>::denorm_min())[7] = 0;
    all.emplace_back(dims, 0.0F)[dims - 1] = -3;
  }
  return all;
}

// What a coder says it lost, against what its codes lose.
void ExpectCode(const std::vector<float>& row, const std::vector<int>& codes,
                const PlaneCode& code) {
  double lost = 0;
  double size = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    const double written = static_cast<double>(code.scale) * codes[i];
    lost += (static_cast<double>(row[i]) - written) * (static_cast<double>(row[i]) - written);
    size += written * written;
  }
  // Squares below 1e-38 vanish.
  ASSERT_NEAR(code.error, std::sqrt(lost), 1e-5 * std::sqrt(lost) + 1e-6 * std::sqrt(size) + 1e-18);
  ASSERT_NEAR(code.size, std::sqrt(size), 1e-5 * std::sqrt(size) + 1e-18);
}

bool SameBits(const PlaneCode& a, const PlaneCode& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

TEST(Planes, CodesOfEightBitsAreTheNearest) {
  std::mt19937 random(20);
  for (const std::vector<float>& row : RowsToEncode(&random)) {
    std::vector<uint8_t> first(row.size());
    const PlaneCode code = FindKernel("scalar")->encode_8(row.data(), row.size(), first.data());
    std::vector<int> codes;
    for (size_t i = 0; i < row.size(); ++i) {
      codes.push_back(first[i] - 128);
      ASSERT_LE(std::abs(codes[i]), 127);
      ASSERT_LE(std::fabs(row[i] - code.scale * static_cast<float>(codes[i])),
                0.50002F * code.scale + 1e-35F);
    }
    ExpectCode(row, codes, code);
    for (const KernelTable* k : Levels()) {
      SCOPED_TRACE(std::string(k->name) + " " + std::to_string(row.size()));
      std::vector<uint8_t> bytes(row.size());
      ASSERT_TRUE(SameBits(k->encode_8(row.data(), row.size(), bytes.data()), code));
      ASSERT_EQ(bytes, first);
    }
  }
}

TEST(Planes, CodesOfFourBitsAreTheNearest) {
  std::mt19937 random(21);
  for (const std::vector<float>& row : RowsToEncode(&random)) {
    std::vector<uint8_t> first(row.size() / 2);
    const PlaneCode code = FindKernel("scalar")->encode_4(row.data(), row.size(), first.data());
    std::vector<int> codes;
    for (size_t i = 0; i < row.size(); ++i) {
      const uint8_t both = first[i / 128 * 64 + i % 64];
      codes.push_back(2 * (i % 128 < 64 ? both & 15 : both >> 4) - 15);
      const float lost = std::fabs(row[i] - code.scale * static_cast<float>(codes[i]));
      if (std::fabs(row[i]) < 15 * code.scale) {
        ASSERT_LE(lost, 1.00002F * code.scale + 1e-35F);
      } else if (code.scale > 1e-35F) {
        ASSERT_EQ(codes[i], row[i] < 0 ? -15 : 15);
      }
    }
    ExpectCode(row, codes, code);
    for (const KernelTable* k : Levels()) {
      SCOPED_TRACE(std::string(k->name) + " " + std::to_string(row.size()));
      std::vector<uint8_t> bytes(row.size() / 2);
      ASSERT_TRUE(SameBits(k->encode_4(row.data(), row.size(), bytes.data()), code));
      ASSERT_EQ(bytes, first);
    }
  }
}

TEST(Choose, TakesTheBestLevelAndRefusesOthers) {
  EXPECT_EQ(std::string(BestKernel().name), KernelNames().substr(0, KernelNames().find(',')));
  EXPECT_EQ(FindKernel("avx3"), nullptr);
  EXPECT_EQ(FindKernel(""), nullptr);
  ASSERT_NE(FindKernel("scalar"), nullptr);
  EXPECT_EQ(std::string(FindKernel("scalar")->name), "scalar");
}

}  // namespace
}  // namespace vecgraph
