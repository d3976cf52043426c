// Sums over vectors of int8 and of bits, for levels that multiply many integers with one
// instruction. Included inside the anonymous namespace of kernels-inl.h, after what the level
// defines:
//   Bytes                      the bytes of one register: LoadBytes(p), LoadFirst(p, count) with
//                              zeros behind them
//   Even(bytes), Odd(bytes)    every second int8, widened to int16
//   Subtract(a, b)             of int16
//   Sums, AddPairs(sums, a, b) int32 lanes, with the products of int16 added
//   Fold(sums, totals)         the totals of four Sums
//   Distances(a, b)            Bytes of uint64: sums of |a - b| of int8
//   AddLong(a, b)              of uint64

// Calls step(a, b) for all bytes of both vectors. Behind the last there are zeros.
template <class Step>
void EachBytes(const void* a, const void* b, size_t n, Step step) {
  const auto* p = static_cast<const uint8_t*>(a);
  const auto* q = static_cast<const uint8_t*>(b);
  size_t i = 0;
  for (; i + sizeof(Bytes) <= n; i += sizeof(Bytes)) step(LoadBytes(p + i), LoadBytes(q + i));
  if (i < n) step(LoadFirst(p + i, n - i), LoadFirst(q + i, n - i));
}

// Sums of products of what pair(a, b) makes of int16. In blocks whose sum fits an int32.
template <class Add>
int64_t SumWide(const void* a, const void* b, size_t n, Add add) {
  constexpr size_t kBlock = 16384;
  int64_t sum = 0;
  for (size_t start = 0; start < n; start += kBlock) {
    Sums sums[4] = {};
    EachBytes(static_cast<const uint8_t*>(a) + start, static_cast<const uint8_t*>(b) + start,
              n - start < kBlock ? n - start : kBlock, [&](const Bytes& x, const Bytes& y) {
                sums[0] = add(sums[0], Even(x), Even(y));
                sums[1] = add(sums[1], Odd(x), Odd(y));
              });
    int32_t totals[4];
    Fold(sums, totals);
    sum += int64_t{totals[0]} + totals[1];
  }
  return sum;
}

int64_t WideDotI8(const void* a, const void* b, size_t n) {
  return SumWide(a, b, n, [](const Sums& sums, const Bytes& x, const Bytes& y) {
    return AddPairs(sums, x, y);
  });
}

int64_t WideL2SqI8(const void* a, const void* b, size_t n) {
  return SumWide(a, b, n, [](const Sums& sums, const Bytes& x, const Bytes& y) {
    const Bytes d = Subtract(x, y);
    return AddPairs(sums, d, d);
  });
}

// The sum of what count(a, b) makes of the bytes, as uint64.
template <class Count>
int64_t SumLong(const void* a, const void* b, size_t n, Count count) {
  Bytes sums{};
  EachBytes(a, b, n, [&](const Bytes& x, const Bytes& y) { sums = AddLong(sums, count(x, y)); });
  int64_t sum = 0;
  for (size_t i = 0; i < sizeof sums / 8; ++i) sum += At<int64_t>(&sums, i);
  return sum;
}

int64_t WideL1I8(const void* a, const void* b, size_t n) {
  return SumLong(a, b, n, [](const Bytes& x, const Bytes& y) { return Distances(x, y); });
}
