// The kernels, once for all CPU levels. A unit of one level defines
//   VECGRAPH_BATCH  float batch: size, load_unaligned, store_unaligned, + - *
//   VECGRAPH_TABLE  the name of its KernelTable
//   VECGRAPH_LEVEL  the level's name as text
//   VECGRAPH_BETTER a file with what this level does by instructions of its own, if there is one:
//                   Better(table) replaces functions of the table
// and includes this file.
//
// Everything but the table is in an anonymous namespace: an inline function with a public name,
// compiled with -mavx2 here, could be picked by the linker for a caller on an older CPU.
#include <bit>
#include <cmath>
#include <cstring>

#include "kernel/kernels.h"

namespace vecgraph {
namespace {

using Batch = VECGRAPH_BATCH;

constexpr size_t kShort = 16;
constexpr size_t kLanes = 64;
constexpr size_t kWidth = Batch::size;
constexpr size_t kBatches = kLanes / kWidth;
static_assert(kLanes % kWidth == 0);

template <class T>
T At(const void* p, size_t i) {
  T value;
  std::memcpy(&value, static_cast<const unsigned char*>(p) + i * sizeof value, sizeof value);
  return value;
}

Batch Load(const void* p, size_t i) {
  return Batch::load_unaligned(static_cast<const float*>(p) + i);
}

struct Multiply {
  template <class T>
  T operator()(const T& x, const T& y) const {
    return x * y;
  }
};

struct MultiplySecond {
  template <class T>
  T operator()(const T&, const T& y) const {
    return y * y;
  }
};

struct SquareDifference {
  template <class T>
  T operator()(const T& x, const T& y) const {
    const T d = x - y;
    return d * d;
  }
};

// Up to eight accumulators at a time: more would not stay in sixteen registers beside what is
// loaded. A group of lanes goes over the whole vector before the next one does. The scalar level
// takes all at once, which the compiler turns into vectors of its own.
template <size_t kSums>
constexpr size_t kGroup = kWidth == 1 || kBatches < 8 / kSums ? kBatches : 8 / kSums;

// Adds term(a[i], b[i]) of one block of 64 elements to some lanes.
template <size_t kCount, class Term>
void AddLanes(Batch* lanes, const void* a, const void* b, size_t i, Term term) {
  for (size_t j = 0; j < kCount; ++j) {
    lanes[j] = lanes[j] + term(Load(a, i + j * kWidth), Load(b, i + j * kWidth));
  }
}

// Lane j takes lane j + kHalf, and so on down to lane 0. Unrolled by hand: a loop over halves would
// go through memory for each.
template <size_t kHalf>
float FoldLast(const float* v) {
  if constexpr (kHalf == 0) {
    return v[0];
  } else if constexpr (kHalf == 8) {
    const float w[8] = {v[0] + v[8],  v[1] + v[9],  v[2] + v[10], v[3] + v[11],
                        v[4] + v[12], v[5] + v[13], v[6] + v[14], v[7] + v[15]};
    return FoldLast<4>(w);
  } else if constexpr (kHalf == 4) {
    const float w[4] = {v[0] + v[4], v[1] + v[5], v[2] + v[6], v[3] + v[7]};
    return FoldLast<2>(w);
  } else {
    static_assert(kHalf == 2);
    return (v[0] + v[2]) + (v[1] + v[3]);
  }
}

float Fold(Batch* lanes) {
  for (size_t half = kBatches / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) lanes[j] = lanes[j] + lanes[j + half];
  }
  float last[kWidth];
  lanes[0].store_unaligned(last);
  return FoldLast<kWidth / 2>(last);
}

// The sums of term(a[i], b[i]), one for each term, in the order that kernels.h fixes.
template <class... Term>
void SumFloats(const void* a, const void* b, size_t n, float* sums, Term... term) {
  constexpr size_t kSums = sizeof...(Term);
  if (n <= kShort) {
    for (size_t s = 0; s < kSums; ++s) sums[s] = 0;
    for (size_t i = 0; i < n; ++i) {
      float* sum = sums;
      ((*sum++ += term(At<float>(a, i), At<float>(b, i))), ...);
    }
    return;
  }
  const size_t whole = n / kLanes * kLanes;
  // Padding with zeros adds +0 to lanes that are never -0, which changes nothing.
  float rest_a[kLanes];
  float rest_b[kLanes];
  if (whole < n) {
    std::memset(rest_a, 0, sizeof rest_a);
    std::memset(rest_b, 0, sizeof rest_b);
    std::memcpy(rest_a, static_cast<const float*>(a) + whole, (n - whole) * sizeof(float));
    std::memcpy(rest_b, static_cast<const float*>(b) + whole, (n - whole) * sizeof(float));
  }
  Batch lanes[kSums][kBatches];
  constexpr size_t kCount = kGroup<kSums>;
  for (size_t first = 0; first < kBatches; first += kCount) {
    Batch group[kSums][kCount];
    for (auto& sum : group) {
      for (Batch& lane : sum) lane = Batch(0.0F);
    }
    const auto add = [&](const void* from_a, const void* from_b, size_t i) {
      Batch(*sum)[kCount] = group;
      (AddLanes<kCount>(*sum++, from_a, from_b, i + first * kWidth, term), ...);
    };
    for (size_t i = 0; i < whole; i += kLanes) add(a, b, i);
    if (whole < n) add(rest_a, rest_b, 0);
    for (size_t s = 0; s < kSums; ++s) {
      for (size_t j = 0; j < kCount; ++j) lanes[s][first + j] = group[s][j];
    }
  }
  for (size_t s = 0; s < kSums; ++s) sums[s] = Fold(lanes[s]);
}

float DotF32(const void* a, const void* b, size_t n) {
  float sum;
  SumFloats(a, b, n, &sum, Multiply());
  return sum;
}

float L2SqF32(const void* a, const void* b, size_t n) {
  float sum;
  SumFloats(a, b, n, &sum, SquareDifference());
  return sum;
}

DotNorm DotNormF32(const void* a, const void* b, size_t n) {
  float sums[2];
  SumFloats(a, b, n, sums, Multiply(), MultiplySecond());
  return {sums[0], sums[1]};
}

double AbsDifference(const void* a, const void* b, size_t i) {
  const double d = static_cast<double>(At<float>(a, i)) - static_cast<double>(At<float>(b, i));
  return d < 0 ? -d : d;
}

// In double, so that FLT_MAX against -FLT_MAX stays finite. Plain loops: xsimd 8.1 has no batch
// conversion from float to double, and the compiler vectorises this one.
double L1F32(const void* a, const void* b, size_t n) {
  if (n <= kShort) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += AbsDifference(a, b, i);
    return sum;
  }
  double lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) lanes[j] += AbsDifference(a, b, i + j);
  }
  for (size_t j = 0; i + j < n; ++j) lanes[j] += AbsDifference(a, b, i + j);
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

// Integers in plain loops: xsimd 8.1 has no widening multiply, and the compiler finds pmaddwd.
// A block of 16,384 terms of at most 65,025 fits an int32.
template <class Term>
int64_t SumInt8(const void* a, const void* b, size_t n, Term term) {
  constexpr size_t kBlock = 16384;
  int64_t sum = 0;
  for (size_t start = 0; start < n; start += kBlock) {
    const size_t end = n - start < kBlock ? n : start + kBlock;
    int32_t block = 0;
    for (size_t i = start; i < end; ++i) block += term(At<int8_t>(a, i), At<int8_t>(b, i));
    sum += block;
  }
  return sum;
}

int64_t DotI8(const void* a, const void* b, size_t n) {
  return SumInt8(a, b, n, [](int32_t x, int32_t y) { return x * y; });
}

int64_t L2SqI8(const void* a, const void* b, size_t n) {
  return SumInt8(a, b, n, [](int32_t x, int32_t y) { return (x - y) * (x - y); });
}

int64_t L1I8(const void* a, const void* b, size_t n) {
  return SumInt8(a, b, n, [](int32_t x, int32_t y) { return x < y ? y - x : x - y; });
}

// xsimd has no popcount of batches.
int64_t Hamming(const void* a, const void* b, size_t bytes) {
  int64_t bits = 0;
  const size_t words = bytes / 8;
  for (size_t i = 0; i < words; ++i) bits += std::popcount(At<uint64_t>(a, i) ^ At<uint64_t>(b, i));
  for (size_t i = words * 8; i < bytes; ++i) {
    bits += std::popcount(static_cast<uint8_t>(At<uint8_t>(a, i) ^ At<uint8_t>(b, i)));
  }
  return bits;
}

bool FiniteF32(const void* a, size_t n) {
  constexpr uint32_t kExponent = 0x7f800000;
  uint32_t bad = 0;
  for (size_t i = 0; i < n; ++i) bad |= (At<uint32_t>(a, i) & kExponent) == kExponent ? 1U : 0U;
  return bad == 0;
}

#include "kernel/planes-inl.h"

#ifdef VECGRAPH_BETTER
#include VECGRAPH_BETTER
#else
constexpr KernelTable Better(KernelTable table) { return table; }
#endif

}  // namespace

extern const KernelTable VECGRAPH_TABLE;
constexpr KernelTable VECGRAPH_TABLE = Better({
    VECGRAPH_LEVEL,
    DotF32,
    DotNormF32,
    L2SqF32,
    L1F32,
    DotI8,
    L2SqI8,
    L1I8,
    Hamming,
    FiniteF32,
    MixF32,
    Encode8,
    Encode4,
    Dots8,
    Dots4,
    Dots8Many,
    Reach,
});

}  // namespace vecgraph
