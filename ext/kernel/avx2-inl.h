// What AVX2 has for integers: VPMADDWD and VPMADDUBSW, for which xsimd 8.1 has no names.
// Included inside the anonymous namespace of kernels-inl.h.

using Sums = __m256i;

__m256i LoadBytes(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

struct Query {
  __m256i part[4];

  static Query Load(const int8_t* p) {
    return {{LoadBytes(p), LoadBytes(p + 32), LoadBytes(p + 64), LoadBytes(p + 96)}};
  }
};

// The codes themselves: VPMADDUBSW multiplies u8 by s8, but 255 * 127 twice does not fit the int16
// that it adds to.
struct Codes8 {
  static constexpr size_t kBytes = 128;
  static constexpr int32_t kScale = 1;
  static constexpr int32_t kOffset = 0;
  __m256i part[4];

  static Codes8 Load(const uint8_t* p) {
    const __m256i flip = _mm256_set1_epi8(-128);
    Codes8 codes;
    for (size_t i = 0; i < 4; ++i) {
      codes.part[i] = _mm256_xor_si256(LoadBytes(p + 32 * i), flip);
    }
    return codes;
  }
};

struct Codes4 {
  static constexpr size_t kBytes = 64;
  static constexpr int32_t kScale = 2;
  static constexpr int32_t kOffset = 15;
  __m256i part[4];

  static Codes4 Load(const uint8_t* p) {
    const __m256i low = _mm256_set1_epi8(15);
    const __m256i a = LoadBytes(p);
    const __m256i b = LoadBytes(p + 32);
    return {{_mm256_and_si256(a, low), _mm256_and_si256(b, low),
             _mm256_and_si256(_mm256_srli_epi16(a, 4), low),
             _mm256_and_si256(_mm256_srli_epi16(b, 4), low)}};
  }
};

// |code| * (query with the sign of the code), at most 128 * 127: two of them fit an int16.
Sums Add(Sums sums, const Codes8& codes, const Query& query) {
  const __m256i ones = _mm256_set1_epi16(1);
  for (size_t i = 0; i < 4; ++i) {
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(codes.part[i]),
                                               _mm256_sign_epi8(query.part[i], codes.part[i]));
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, ones));
  }
  return sums;
}

// At most 15 * 127: eight of them fit an int16.
Sums Add(Sums sums, const Codes4& codes, const Query& query) {
  __m256i pairs[4];
  for (size_t i = 0; i < 4; ++i) pairs[i] = _mm256_maddubs_epi16(codes.part[i], query.part[i]);
  const __m256i eight =
      _mm256_add_epi16(_mm256_add_epi16(pairs[0], pairs[1]), _mm256_add_epi16(pairs[2], pairs[3]));
  return _mm256_add_epi32(sums, _mm256_madd_epi16(eight, _mm256_set1_epi16(1)));
}

void Fold(const Sums* sums, int32_t* totals) {
  const __m256i all =
      _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(totals),
                   _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)));
}

#include "kernel/dots-inl.h"

constexpr KernelTable Better(KernelTable table) {
  table.dots_8 = DotRows8;
  table.dots_4 = DotRows4;
  return table;
}
