// What AVX-512 has for integers: VPDPBUSD and VPOPCNTQ, for which xsimd 8.1 has no names.
// Included inside the anonymous namespace of kernels-inl.h.

using Sums = __m512i;

struct Query {
  __m512i first;
  __m512i second;

  static Query Load(const int8_t* p) { return {_mm512_loadu_si512(p), _mm512_loadu_si512(p + 64)}; }
};

struct Codes8 {
  static constexpr size_t kBytes = 128;
  static constexpr int32_t kScale = 1;
  static constexpr int32_t kOffset = 128;
  __m512i first;
  __m512i second;

  static Codes8 Load(const uint8_t* p) {
    return {_mm512_loadu_si512(p), _mm512_loadu_si512(p + 64)};
  }
};

struct Codes4 {
  static constexpr size_t kBytes = 64;
  static constexpr int32_t kScale = 2;
  static constexpr int32_t kOffset = 15;
  __m512i first;
  __m512i second;

  static Codes4 Load(const uint8_t* p) {
    const __m512i both = _mm512_loadu_si512(p);
    const __m512i low = _mm512_set1_epi8(15);
    return {_mm512_and_si512(both, low), _mm512_and_si512(_mm512_srli_epi16(both, 4), low)};
  }
};

// Four products of u8 and s8 at most 255 * 127 in size are added to an int32 without saturation.
template <class Codes>
Sums Add(Sums sums, const Codes& codes, const Query& query) {
  return _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sums, codes.first, query.first), codes.second,
                             query.second);
}

void Fold(const Sums* sums, int32_t* totals) {
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

constexpr KernelTable Better(KernelTable table) {
  table.dots_8 = DotRows8;
  table.dots_4 = DotRows4;
  return table;
}
