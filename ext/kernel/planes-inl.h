// The kernels of the planes, in plain loops that the compiler turns into vectors. Included by
// kernels-inl.h inside its anonymous namespace; a level may replace any of them.

void MixF32(const float* in, float* out, size_t n) {
  constexpr float kRoot = 0.70710678F;
  const size_t half = n / 2;
  for (size_t i = 0; i < half; ++i) {
    out[2 * i] = (in[i] + in[i + half]) * kRoot;
    out[2 * i + 1] = (in[i] - in[i + half]) * kRoot;
  }
}

float LargestOf(const float* values, size_t dims) {
  Batch largest[kBatches];
  for (Batch& lanes : largest) lanes = Batch(0.0F);
  for (size_t i = 0; i < dims; i += kLanes) {
    for (size_t j = 0; j < kBatches; ++j) {
      largest[j] = max(largest[j], abs(Load(values, i + j * kWidth)));
    }
  }
  for (size_t half = kBatches / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) largest[j] = max(largest[j], largest[j + half]);
  }
  float last[kWidth];
  largest[0].store_unaligned(last);
  float result = 0;
  for (const float x : last) result = x > result ? x : result;
  return result;
}

// Added to a small float, it leaves the nearest integer, and the low byte of the sum is the byte of
// that integer.
constexpr float kRound = 12582912.0F;  // 1.5 * 2^23

// What is lost by codes, 64 at a time, as lanes of sums of squares.
struct Loss {
  Batch error[kBatches];
  Batch size[kBatches];

  Loss() {
    for (size_t j = 0; j < kBatches; ++j) error[j] = size[j] = Batch(0.0F);
  }

  // Writes to `rounded` what round(x) makes of each value x: an integer, plus kRound; code() of
  // that integer is the code.
  template <class Round, class Code>
  void Add(const float* values, float scale, Round round, Code code, float* rounded) {
    for (size_t j = 0; j < kBatches; ++j) {
      const Batch x = Load(values, j * kWidth);
      const Batch sum = round(x);
      sum.store_unaligned(rounded + j * kWidth);
      const Batch written = Batch(scale) * code(sum - Batch(kRound));
      const Batch lost = x - written;
      error[j] = error[j] + lost * lost;
      size[j] = size[j] + written * written;
    }
  }

  PlaneCode Result(float scale) { return {scale, std::sqrt(Fold(error)), std::sqrt(Fold(size))}; }
};

// 1 / scale; 0 where it would not be exact enough, which makes every code the least one.
float Inverse(float scale) { return scale >= 1e-37F ? 1.0F / scale : 0.0F; }

PlaneCode Encode8(const float* values, size_t dims, uint8_t* codes) {
  const float scale = LargestOf(values, dims) / 127.0F;
  const Batch inverse(Inverse(scale));
  Loss loss;
  for (size_t i = 0; i < dims; i += kLanes) {
    float rounded[kLanes];
    loss.Add(
        values + i, scale, [&](const Batch& x) { return x * inverse + Batch(kRound); },
        [](const Batch& integer) { return integer; }, rounded);
    for (size_t k = 0; k < kLanes; ++k) {
      codes[i + k] = static_cast<uint8_t>(At<uint32_t>(rounded, k) ^ 128);
    }
  }
  return loss.Result(scale);
}

PlaneCode Encode4(const float* values, size_t dims, uint8_t* codes) {
  const float norm = std::sqrt(DotF32(values, values, dims));
  // Half a step of 16. 0.335 standard deviations to a step lose the least of values that are
  // distributed normally, as rotated ones nearly are.
  const float clipped = 0.1675F * (norm / std::sqrt(static_cast<float>(dims)));
  const float whole = LargestOf(values, dims) / 15.0F;
  const float scale = clipped < whole ? clipped : whole;
  const Batch inverse(0.5F * Inverse(scale));
  Loss loss;
  for (size_t i = 0; i < dims; i += kPlaneBlock) {
    float rounded[kPlaneBlock];
    for (size_t part = 0; part < kPlaneBlock; part += kLanes) {
      loss.Add(
          values + i + part, scale,
          [&](const Batch& x) {
            const Batch half = x * inverse + Batch(7.5F);
            return min(max(half, Batch(0.0F)), Batch(15.0F)) + Batch(kRound);
          },
          [](const Batch& half) { return half + half - Batch(15.0F); }, rounded + part);
    }
    for (size_t k = 0; k < 64; ++k) {
      codes[i / 2 + k] =
          static_cast<uint8_t>(At<uint32_t>(rounded, k) | (At<uint32_t>(rounded, 64 + k) << 4));
    }
  }
  return loss.Result(scale);
}

void Dots8(const PlaneQuery& query, const uint8_t* codes, size_t rows, int32_t* dots) {
  for (size_t r = 0; r < rows; ++r, codes += query.dims) {
    int32_t sum = 0;
    for (size_t i = 0; i < query.dims; ++i) sum += query.codes[i] * codes[i];
    dots[r] = sum - 128 * query.sum;
  }
}

void Dots4(const PlaneQuery& query, const uint8_t* codes, size_t rows, int32_t* dots) {
  for (size_t r = 0; r < rows; ++r) {
    int32_t sum = 0;
    for (size_t block = 0; block < query.dims; block += kPlaneBlock, codes += 64) {
      for (size_t k = 0; k < 64; ++k) {
        sum += query.codes[block + k] * (codes[k] & 15) +
               query.codes[block + 64 + k] * (codes[k] >> 4);
      }
    }
    dots[r] = 2 * sum - 15 * query.sum;
  }
}

// Rows `from` and after. They come in blocks that stay in the L1 cache while all queries pass.
template <class Dots>
void DotsInTurn(Dots dots_8, const PlaneQuery* queries, size_t count, const uint8_t* codes,
                size_t from, size_t rows, int32_t* dots) {
  constexpr size_t kBlockBytes = 16384;
  const size_t dims = count > 0 ? queries[0].dims : 1;
  const size_t block = dims < kBlockBytes ? kBlockBytes / dims : 1;
  for (size_t r = from; r < rows; r += block) {
    const size_t some = rows - r < block ? rows - r : block;
    for (size_t q = 0; q < count; ++q) {
      dots_8(queries[q], codes + r * dims, some, dots + q * rows + r);
    }
  }
}

void Dots8Many(const PlaneQuery* queries, size_t count, const uint8_t* codes, size_t rows,
               int32_t* dots) {
  DotsInTurn(Dots8, queries, count, codes, 0, rows, dots);
}

size_t Reach(const PlaneBound& bound, const int32_t* dots, size_t rows, float limit,
             uint32_t* found) {
  size_t count = 0;
  const auto take = [&](size_t r, float upper) {
    found[count] = static_cast<uint32_t>(r);
    count += !(upper < limit) ? 1 : 0;
  };
  // Few rows are found: most blocks are left after a look at all of their rows at once.
  constexpr size_t kBlock = 16;
  size_t r = 0;
  for (; r + kBlock <= rows; r += kBlock) {
    float sums[kBlock];
    for (size_t j = 0; j < kBlock; ++j) sums[j] = static_cast<float>(dots[r + j]);
    float upper[kBlock];
    bool below = true;
    for (size_t j = 0; j < kBlock; j += kWidth) {
      Batch sum = Batch(bound.query) * (Load(bound.scale, r + j) * Load(sums, j));
      if (bound.offset) sum = sum + Batch(bound.shift) * Load(bound.offset, r + j);
      sum = sum + Batch(bound.width) * Load(bound.error, r + j);
      sum.store_unaligned(upper + j);
      below = below & all(sum < Batch(limit));
    }
    if (below) continue;
    for (size_t j = 0; j < kBlock; ++j) take(r + j, upper[j]);
  }
  for (; r < rows; ++r) {
    float sum = bound.query * (bound.scale[r] * static_cast<float>(dots[r]));
    if (bound.offset) sum = sum + bound.shift * bound.offset[r];
    take(r, sum + bound.width * bound.error[r]);
  }
  return count;
}
