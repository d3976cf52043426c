// SDOT of aarch64, for which xsimd 8.1 has no name. Included inside the anonymous namespace of
// kernels-inl.h.

using Sums = int32x4_t;
using Codes = int8x16_t;
using Query = int8x16_t;

constexpr size_t kStep = 16;
constexpr int32_t kOffset = 0;

// SDOT takes two s8: the codes themselves.
int8x16_t LoadCodes(const uint8_t* p) {
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(p), vdupq_n_u8(128)));
}

int8x16_t LoadQuery(const int8_t* p) { return vld1q_s8(p); }

int32x4_t Add(int32x4_t sums, int8x16_t codes, int8x16_t query) {
  return vdotq_s32(sums, codes, query);
}

int32x4_t AddSums(int32x4_t a, int32x4_t b) { return vaddq_s32(a, b); }

void Add4(int32x4_t* low, int32x4_t* high, const uint8_t* codes, const int8_t* query) {
  for (size_t i = 0; i < 64; i += 16) {
    const uint8x16_t both = vld1q_u8(codes + i);
    *low = Add(*low, vreinterpretq_s8_u8(vandq_u8(both, vdupq_n_u8(15))), LoadQuery(query + i));
    *high = Add(*high, vreinterpretq_s8_u8(vshrq_n_u8(both, 4)), LoadQuery(query + 64 + i));
  }
}

void Fold(const int32x4_t* sums, int32_t* totals) {
  vst1q_s32(totals, vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3])));
}

#include "kernel/dots-inl.h"

void WideDots8Many(const PlaneQuery* queries, size_t count, const uint8_t* codes, size_t rows,
                   int32_t* dots) {
  DotsInTurn(WideDots8, queries, count, codes, 0, rows, dots);
}

// In blocks whose sum fits an int32.
int64_t WideDotI8(const void* a, const void* b, size_t n) {
  constexpr size_t kBlock = 16384;
  const auto* p = static_cast<const int8_t*>(a);
  const auto* q = static_cast<const int8_t*>(b);
  int64_t sum = 0;
  size_t i = 0;
  while (n - i >= 32) {
    const size_t whole = (n - i) / 32 * 32;
    const size_t end = i + (whole < kBlock ? whole : kBlock);
    int32x4_t even = vdupq_n_s32(0);
    int32x4_t odd = even;
    for (; i < end; i += 32) {
      even = vdotq_s32(even, vld1q_s8(p + i), vld1q_s8(q + i));
      odd = vdotq_s32(odd, vld1q_s8(p + i + 16), vld1q_s8(q + i + 16));
    }
    sum += vaddvq_s32(vaddq_s32(even, odd));
  }
  return sum + DotI8(p + i, q + i, n - i);
}

constexpr KernelTable Better(KernelTable table) {
  table.dots_8 = WideDots8;
  table.dots_4 = WideDots4;
  table.dots_8_many = WideDots8Many;
  table.dot_i8 = WideDotI8;
  return table;
}
