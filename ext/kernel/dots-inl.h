// The sums of products of the planes, for levels that multiply many bytes with one instruction.
// Included inside the anonymous namespace of kernels-inl.h, after what the level defines:
//   Sums                  lanes of int32, zero as Sums{}
//   Query                 128 codes of a query in registers: Load(const int8_t*)
//   Codes8, Codes4        128 codes of a row in registers: Load(const uint8_t*); of their products
//                         with a query the sum is kScale * total - kOffset * query.sum
//   Add(sums, codes, q)   the sums with the 128 products of what was loaded
//   Fold(sums, totals)    the totals of four sums

// One row after the other: memory is read in order, which is when the CPU fetches ahead. Rows side
// by side would load the query once for all of them, and ran at a third of this speed.
template <class Codes>
Sums SumRow(const int8_t* query, const uint8_t* codes, size_t blocks) {
  Sums sums{};
  for (size_t block = 0; block < blocks; ++block) {
    sums = Add(sums, Codes::Load(codes + block * Codes::kBytes),
               Query::Load(query + block * kPlaneBlock));
  }
  return sums;
}

// Four rows are folded together.
template <class Codes>
void DotRows(const PlaneQuery& query, const uint8_t* codes, size_t rows, int32_t* dots) {
  const size_t blocks = query.dims / kPlaneBlock;
  const size_t bytes = blocks * Codes::kBytes;
  const int32_t offset = Codes::kOffset * query.sum;
  for (size_t r = 0; r < rows; r += 4) {
    const size_t count = rows - r < 4 ? rows - r : 4;
    Sums sums[4] = {};
    for (size_t i = 0; i < count; ++i, codes += bytes) {
      sums[i] = SumRow<Codes>(query.codes, codes, blocks);
    }
    int32_t totals[4];
    Fold(sums, totals);
    for (int32_t& total : totals) total = Codes::kScale * total - offset;
    std::memcpy(dots + r, totals, count * sizeof *totals);
  }
}

void DotRows8(const PlaneQuery& query, const uint8_t* codes, size_t rows, int32_t* dots) {
  DotRows<Codes8>(query, codes, rows, dots);
}

void DotRows4(const PlaneQuery& query, const uint8_t* codes, size_t rows, int32_t* dots) {
  DotRows<Codes4>(query, codes, rows, dots);
}
