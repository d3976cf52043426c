// Several queries against the same rows, for the levels of x86-64. Included inside the anonymous
// namespace of kernels-inl.h, after dots-inl.h and what the level defines:
//   kPanelLanes                          int32 lanes of Sums
//   kWord                           codes in one word of 32 bits
//   LoadWords(p)                    four words of the codes of a row
//   QueryWords(p, dims, buffer)     the codes of a query as words
//   SetAll(x)                       Sums of x in each lane
//   AddWords(sums, words, word)     the sums with the products of each lane's word of codes and
//                                   one word of a query
//   kTileQueries                    how many queries take turns on the registers of a panel
//
// A panel holds rows side by side: the first word of each, then the second of each. A row has a
// lane of its own, so that there is nothing to fold, and a panel is read from the cache.

constexpr size_t kPanelRows = 2 * kPanelLanes;
constexpr size_t kPanelDims = 1024;  // longer rows come in parts
constexpr size_t kPanelWords = kPanelDims / kWord;

// Four words of four rows.
void PackFour(const uint8_t* const* rows, size_t i, int32_t* panel) {
  const __m128i a = LoadWords(rows[0] + i);
  const __m128i b = LoadWords(rows[1] + i);
  const __m128i c = LoadWords(rows[2] + i);
  const __m128i d = LoadWords(rows[3] + i);
  const __m128i low_ab = _mm_unpacklo_epi32(a, b);
  const __m128i low_cd = _mm_unpacklo_epi32(c, d);
  const __m128i high_ab = _mm_unpackhi_epi32(a, b);
  const __m128i high_cd = _mm_unpackhi_epi32(c, d);
  const __m128i words[4] = {_mm_unpacklo_epi64(low_ab, low_cd), _mm_unpackhi_epi64(low_ab, low_cd),
                            _mm_unpacklo_epi64(high_ab, high_cd),
                            _mm_unpackhi_epi64(high_ab, high_cd)};
  for (size_t w = 0; w < 4; ++w) std::memcpy(panel + w * kPanelRows, words + w, sizeof words[w]);
}

// `dims` codes of each row. The next panel's are fetched ahead: rows side by side are not read in
// order.
void Pack(const uint8_t* codes, size_t stride, size_t dims, int32_t* panel) {
  for (size_t r = 0; r < kPanelRows; r += 4, codes += 4 * stride) {
    const uint8_t* const rows[4] = {codes, codes + stride, codes + 2 * stride, codes + 3 * stride};
    for (size_t i = 0; i < dims; i += 4 * kWord) {
      PackFour(rows, i, panel + i / kWord * kPanelRows + r);
    }
    for (const uint8_t* row : rows) {
      for (size_t i = 0; i < dims; i += 64) __builtin_prefetch(row + kPanelRows * stride + i);
    }
  }
}

// dots[q * stride + r] takes the products of dimensions `from` to `from + dims`.
template <size_t kQueries>
void AddTile(const PlaneQuery* queries, const int32_t* panel, size_t from, size_t dims,
             int32_t* dots, size_t stride) {
  int32_t buffer[kQueries][kPanelWords];
  const void* words[kQueries];
  Sums sums[kQueries][2];
  for (size_t q = 0; q < kQueries; ++q) {
    words[q] = QueryWords(queries[q].codes + from, dims, buffer[q]);
    for (size_t half = 0; half < 2; ++half) {
      sums[q][half] = from == 0 ? SetAll(-128 * queries[q].sum) : At<Sums>(dots + q * stride, half);
    }
  }
#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // there gcc 12 cannot, and warns
#pragma GCC unroll 2
#endif
  for (size_t i = 0; i < dims / kWord; ++i) {
    const Sums rows[2] = {At<Sums>(panel, 2 * i), At<Sums>(panel, 2 * i + 1)};
    for (size_t q = 0; q < kQueries; ++q) {
      const auto word = At<int32_t>(words[q], i);
      for (size_t half = 0; half < 2; ++half) {
        sums[q][half] = AddWords(sums[q][half], rows[half], word);
      }
    }
  }
  for (size_t q = 0; q < kQueries; ++q) std::memcpy(dots + q * stride, sums[q], sizeof sums[q]);
}

// kPanelRows rows against all queries.
void DotPanel(const PlaneQuery* queries, size_t count, const uint8_t* codes, int32_t* dots,
              size_t stride) {
  const size_t dims = queries[0].dims;
  alignas(64) int32_t panel[kPanelWords * kPanelRows];
  for (size_t from = 0; from < dims; from += kPanelDims) {
    const size_t part = dims - from < kPanelDims ? dims - from : kPanelDims;
    Pack(codes + from, dims, part, panel);
    size_t q = 0;
    for (; q + kTileQueries <= count; q += kTileQueries) {
      AddTile<kTileQueries>(queries + q, panel, from, part, dots + q * stride, stride);
    }
    if (q + kTileQueries / 2 <= count) {
      AddTile<kTileQueries / 2>(queries + q, panel, from, part, dots + q * stride, stride);
      q += kTileQueries / 2;
    }
    for (; q < count; ++q) {
      AddTile<1>(queries + q, panel, from, part, dots + q * stride, stride);
    }
  }
}

void WideDots8Many(const PlaneQuery* queries, size_t count, const uint8_t* codes, size_t rows,
                   int32_t* dots) {
  // A few queries are not worth packing for.
  size_t r = 0;
  for (; count >= 4 && rows - r >= kPanelRows; r += kPanelRows) {
    DotPanel(queries, count, codes + r * queries[0].dims, dots + r, rows);
  }
  DotsInTurn(WideDots8, queries, count, codes, r, rows, dots);
}
