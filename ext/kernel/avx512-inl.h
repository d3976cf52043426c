// What AVX-512 has for integers: VPDPBUSD and VPOPCNTQ, for which xsimd 8.1 has no names.
// Included inside the anonymous namespace of kernels-inl.h.

using Sums = __m512i;
using Codes = __m512i;
using Query = __m512i;

constexpr size_t kStep = 64;
constexpr int32_t kOffset = 128;

__m512i LoadCodes(const uint8_t* p) { return _mm512_loadu_si512(p); }
__m512i LoadQuery(const int8_t* p) { return _mm512_loadu_si512(p); }

// Four products of u8 and s8 are added to an int32, without saturation.
__m512i Add(__m512i sums, __m512i codes, __m512i query) {
  return _mm512_dpbusd_epi32(sums, codes, query);
}

__m512i AddSums(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }

void Add4(__m512i* low, __m512i* high, const uint8_t* codes, const int8_t* query) {
  const __m512i mask = _mm512_set1_epi8(15);
  __m512i both = _mm512_loadu_si512(codes);
  *low = Add(*low, _mm512_and_si512(both, mask), LoadQuery(query));
  *high = Add(*high, _mm512_and_si512(_mm512_srli_epi16(both, 4), mask), LoadQuery(query + 64));
}

void Fold(const __m512i* sums, int32_t* totals) {
  const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[0], sums[1]),
                                      _mm512_unpackhi_epi32(sums[0], sums[1]));
  const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[2], sums[3]),
                                      _mm512_unpackhi_epi32(sums[2], sums[3]));
  const __m512i all =
      _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  const __m256i half =
      _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(totals),
                   _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
}

#include "kernel/dots-inl.h"

constexpr size_t kPanelLanes = 16;
constexpr size_t kWord = 4;
constexpr size_t kTileQueries = 8;

__m128i LoadWords(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }

const void* QueryWords(const int8_t* codes, size_t /*dims*/, int32_t* /*words*/) { return codes; }

__m512i SetAll(int32_t x) { return _mm512_set1_epi32(x); }

__m512i AddWords(__m512i sums, __m512i words, int32_t word) {
  return _mm512_dpbusd_epi32(sums, words, _mm512_set1_epi32(word));
}

#include "kernel/many-inl.h"

using Bytes = __m512i;

__m512i LoadBytes(const uint8_t* p) { return _mm512_loadu_si512(p); }

__m512i LoadFirst(const uint8_t* p, size_t count) {
  return _mm512_maskz_loadu_epi8((uint64_t{1} << count) - 1, p);
}

__m512i Even(__m512i bytes) { return _mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8); }
__m512i Odd(__m512i bytes) { return _mm512_srai_epi16(bytes, 8); }
__m512i Subtract(__m512i a, __m512i b) { return _mm512_sub_epi16(a, b); }
__m512i AddLong(__m512i a, __m512i b) { return _mm512_add_epi64(a, b); }

__m512i AddPairs(__m512i sums, __m512i a, __m512i b) { return _mm512_dpwssd_epi32(sums, a, b); }

__m512i Distances(__m512i a, __m512i b) {
  const __m512i flip = _mm512_set1_epi8(-128);
  return _mm512_sad_epu8(_mm512_xor_si512(a, flip), _mm512_xor_si512(b, flip));
}

#include "kernel/ints-inl.h"

int64_t WideHamming(const void* a, const void* b, size_t bytes) {
  return SumLong(a, b, bytes, [](const __m512i& x, const __m512i& y) {
    return _mm512_popcnt_epi64(_mm512_xor_si512(x, y));
  });
}

size_t WideReach(const PlaneBound& bound, const int32_t* dots, size_t rows, float limit,
                 uint32_t* found) {
  const __m512 query = _mm512_set1_ps(bound.query);
  const __m512 shift = _mm512_set1_ps(bound.shift);
  const __m512 width = _mm512_set1_ps(bound.width);
  const __m512 least = _mm512_set1_ps(limit);
  size_t count = 0;
  for (size_t r = 0; r < rows; r += 16) {
    const auto lanes = static_cast<__mmask16>(rows - r < 16 ? (1U << (rows - r)) - 1 : 0xffffU);
    const __m512 dot = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(lanes, dots + r));
    const __m512 scale = _mm512_maskz_loadu_ps(lanes, bound.scale + r);
    __m512 sum = _mm512_mul_ps(query, _mm512_mul_ps(scale, dot));
    if (bound.offset) {
      const __m512 offset = _mm512_maskz_loadu_ps(lanes, bound.offset + r);
      sum = _mm512_add_ps(sum, _mm512_mul_ps(shift, offset));
    }
    const __m512 error = _mm512_maskz_loadu_ps(lanes, bound.error + r);
    sum = _mm512_add_ps(sum, _mm512_mul_ps(width, error));
    uint32_t reached = _mm512_mask_cmp_ps_mask(lanes, sum, least, _CMP_NLT_UQ);
    for (; reached != 0; reached &= reached - 1) {
      found[count++] = static_cast<uint32_t>(r) + static_cast<uint32_t>(std::countr_zero(reached));
    }
  }
  return count;
}

constexpr KernelTable Better(KernelTable table) {
  table.dots_8 = WideDots8;
  table.dots_4 = WideDots4;
  table.dots_8_many = WideDots8Many;
  table.reach = WideReach;
  table.dot_i8 = WideDotI8;
  table.l2sq_i8 = WideL2SqI8;
  table.l1_i8 = WideL1I8;
  table.hamming = WideHamming;
  return table;
}
