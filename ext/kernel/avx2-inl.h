// What AVX2 has for integers: VPMADDUBSW and VPMADDWD, for which xsimd 8.1 has no names.
// Included inside the anonymous namespace of kernels-inl.h.

using Sums = __m256i;
using Query = __m256i;

constexpr size_t kStep = 32;
constexpr int32_t kOffset = 0;

// VPMADDUBSW multiplies u8 by s8 and adds two products in an int16, which 255 * 127 would not fit.
// |code| * (query with the sign of the code), at most 128 * 127, does.
struct Codes {
  __m256i code;
  __m256i size;
};

__m256i LoadBytes(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

Codes LoadCodes(const uint8_t* p) {
  const __m256i code = _mm256_xor_si256(LoadBytes(p), _mm256_set1_epi8(-128));
  return {code, _mm256_abs_epi8(code)};
}

__m256i LoadQuery(const int8_t* p) { return LoadBytes(p); }

__m256i AddSums(__m256i a, __m256i b) { return _mm256_add_epi32(a, b); }

__m256i AddPairs(__m256i sums, __m256i a, __m256i b) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(a, b));
}

__m256i Add(__m256i sums, const Codes& codes, __m256i query) {
  return AddPairs(sums, _mm256_maddubs_epi16(codes.size, _mm256_sign_epi8(query, codes.code)),
                  _mm256_set1_epi16(1));
}

// Products of at most 15 * 127: eight of them fit an int16.
void Add4(__m256i* low, __m256i* /*high*/, const uint8_t* codes, const int8_t* query) {
  const __m256i mask = _mm256_set1_epi8(15);
  __m256i eight = _mm256_setzero_si256();
  for (size_t i = 0; i < 64; i += 32) {
    const __m256i both = LoadBytes(codes + i);
    const __m256i first = _mm256_maddubs_epi16(_mm256_and_si256(both, mask), LoadBytes(query + i));
    const __m256i second = _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(both, 4), mask),
                                                LoadBytes(query + 64 + i));
    eight = _mm256_add_epi16(eight, _mm256_add_epi16(first, second));
  }
  *low = AddPairs(*low, eight, _mm256_set1_epi16(1));
}

void Fold(const __m256i* sums, int32_t* totals) {
  const __m256i all =
      _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(totals),
                   _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)));
}

#include "kernel/dots-inl.h"

constexpr size_t kPanelLanes = 8;
constexpr size_t kWord = 2;
constexpr size_t kTileQueries = 4;

__m128i LoadWords(const uint8_t* p) {
  return _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}

const void* QueryWords(const int8_t* codes, size_t dims, int32_t* words) {
  for (size_t i = 0; i < dims; i += 16) {
    const __m256i wide =
        _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i)));
    std::memcpy(words + i / kWord, &wide, sizeof wide);
  }
  return words;
}

__m256i SetAll(int32_t x) { return _mm256_set1_epi32(x); }

__m256i AddWords(__m256i sums, __m256i words, int32_t word) {
  return AddPairs(sums, words, _mm256_set1_epi32(word));
}

#include "kernel/many-inl.h"

using Bytes = __m256i;

__m256i LoadFirst(const uint8_t* p, size_t count) {
  __m256i bytes = _mm256_setzero_si256();
  std::memcpy(&bytes, p, count);
  return bytes;
}

__m256i Even(__m256i bytes) { return _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8); }
__m256i Odd(__m256i bytes) { return _mm256_srai_epi16(bytes, 8); }
__m256i Subtract(__m256i a, __m256i b) { return _mm256_sub_epi16(a, b); }
__m256i AddLong(__m256i a, __m256i b) { return _mm256_add_epi64(a, b); }

__m256i Distances(__m256i a, __m256i b) {
  const __m256i flip = _mm256_set1_epi8(-128);
  return _mm256_sad_epu8(_mm256_xor_si256(a, flip), _mm256_xor_si256(b, flip));
}

#include "kernel/ints-inl.h"

constexpr KernelTable Better(KernelTable table) {
  table.dots_8 = WideDots8;
  table.dots_4 = WideDots4;
  table.dots_8_many = WideDots8Many;
  table.dot_i8 = WideDotI8;
  table.l2sq_i8 = WideL2SqI8;
  table.l1_i8 = WideL1I8;
  return table;
}
