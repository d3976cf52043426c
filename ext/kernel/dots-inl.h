// The sums of products of the planes, for levels that multiply many bytes with one instruction.
// Included inside the anonymous namespace of kernels-inl.h, after what the level defines:
//   Sums                       lanes of int32, zero as Sums{}
//   kStep                      codes of 8 bits that one step takes
//   kOffset                    what is stored of a code of 8 bits as Codes, less the code
//   Codes, LoadCodes(p)        kStep codes of a row in registers
//   Query, LoadQuery(p)        kStep codes of a query in registers
//   Add(sums, codes, query)    the sums with the products of one step
//   Add4(low, high, p, query)  the same of a block of 128 halves, which count from 0, to one of two
//                              Sums or both
//   AddSums(a, b)              lane by lane
//   Fold(sums, totals)         the totals of four sums

// One row after the other: memory is read in order, which is when the CPU fetches ahead. Rows side
// by side would load the query once for all of them, and ran at a third of this speed.
Sums SumRow8(const PlaneQuery& query, const uint8_t* codes) {
  Sums even{};
  Sums odd{};
  for (size_t i = 0; i < query.dims; i += 2 * kStep) {
    even = Add(even, LoadCodes(codes + i), LoadQuery(query.codes + i));
    odd = Add(odd, LoadCodes(codes + i + kStep), LoadQuery(query.codes + i + kStep));
  }
  return AddSums(even, odd);
}

Sums SumRow4(const PlaneQuery& query, const uint8_t* codes) {
  Sums low{};
  Sums high{};
  for (size_t i = 0; i < query.dims; i += kPlaneBlock) {
    Add4(&low, &high, codes + i / 2, query.codes + i);
  }
  return AddSums(low, high);
}

// dots[r] = scale * total - offset. Four rows are folded together.
template <class SumRow>
void DotRows(size_t bytes, const uint8_t* codes, size_t rows, int32_t scale, int32_t offset,
             int32_t* dots, SumRow sum_row) {
  const auto some = [&](size_t r, size_t count) {
    Sums sums[4] = {};
    for (size_t i = 0; i < count; ++i) sums[i] = sum_row(codes + (r + i) * bytes);
    int32_t totals[4];
    Fold(sums, totals);
    for (int32_t& total : totals) total = scale * total - offset;
    std::memcpy(dots + r, totals, count * sizeof *totals);
  };
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) some(r, 4);
  if (r < rows) some(r, rows - r);
}

// The query with its codes at an address that no load across two cache lines starts from. Worth a
// copy, but for a few rows.
PlaneQuery Aligned(const PlaneQuery& query, size_t rows, int8_t* buffer) {
  if (rows < 16 || reinterpret_cast<uintptr_t>(query.codes) % 64 == 0) return query;
  std::memcpy(buffer, query.codes, query.dims);
  return {buffer, query.dims, query.sum};
}

void WideDots8(const PlaneQuery& query, const uint8_t* codes, size_t rows, int32_t* dots) {
  alignas(64) int8_t buffer[kMaxPlaneDims];
  const PlaneQuery aligned = Aligned(query, rows, buffer);
  DotRows(query.dims, codes, rows, 1, kOffset * query.sum, dots,
          [&](const uint8_t* row) { return SumRow8(aligned, row); });
}

void WideDots4(const PlaneQuery& query, const uint8_t* codes, size_t rows, int32_t* dots) {
  alignas(64) int8_t buffer[kMaxPlaneDims];
  const PlaneQuery aligned = Aligned(query, rows, buffer);
  DotRows(query.dims / 2, codes, rows, 2, 15 * query.sum, dots,
          [&](const uint8_t* row) { return SumRow4(aligned, row); });
}
