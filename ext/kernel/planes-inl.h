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

// Writes code(value) of each float with put(i, code) and measures what is lost.
template <class Code, class Put>
PlaneCode Encode(const float* values, size_t dims, float scale, Code code, Put put) {
  float error[kLanes] = {};
  float size[kLanes] = {};
  for (size_t i = 0; i < dims; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) {
      const float written = code(values[i + j]);
      put(i + j, written);
      const float lost = values[i + j] - scale * written;
      error[j] += lost * lost;
      size[j] += (scale * written) * (scale * written);
    }
  }
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) {
      error[j] += error[j + half];
      size[j] += size[j + half];
    }
  }
  return {scale, std::sqrt(error[0]), std::sqrt(size[0])};
}

// The largest magnitude and the sum of squares.
struct Spread {
  float largest;
  float squares;
};

Spread SpreadOf(const float* values, size_t dims) {
  float largest[kLanes] = {};
  float squares[kLanes] = {};
  for (size_t i = 0; i < dims; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) {
      const float x = values[i + j];
      const float magnitude = x < 0 ? -x : x;
      largest[j] = magnitude > largest[j] ? magnitude : largest[j];
      squares[j] += x * x;
    }
  }
  Spread spread{0, 0};
  for (size_t j = 0; j < kLanes; ++j) {
    spread.largest = largest[j] > spread.largest ? largest[j] : spread.largest;
    spread.squares += squares[j];
  }
  return spread;
}

// The nearest integer, for |x| < 2^22: adding 1.5 * 2^23 leaves no bits below the point.
float Round(float x) {
  constexpr float kMagic = 12582912.0F;
  return (x + kMagic) - kMagic;
}

PlaneCode Encode8(const float* values, size_t dims, uint8_t* codes) {
  const float largest = SpreadOf(values, dims).largest;
  const float scale = largest / 127.0F;
  const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
  return Encode(
      values, dims, scale,
      [=](float x) {
        const float code = Round(x * inverse);
        return code > 127.0F ? 127.0F : code < -127.0F ? -127.0F : code;
      },
      [=](size_t i, float code) { codes[i] = static_cast<uint8_t>(static_cast<int>(code) + 128); });
}

PlaneCode Encode4(const float* values, size_t dims, uint8_t* codes) {
  const Spread spread = SpreadOf(values, dims);
  // Half a step of 16. 0.335 standard deviations to a step lose the least of values that are
  // distributed normally, as rotated ones nearly are.
  const float deviation = std::sqrt(spread.squares / static_cast<float>(dims));
  const float clipped = 0.1675F * deviation;
  const float whole = spread.largest / 15.0F;
  const float scale = clipped < whole ? clipped : whole;
  const float inverse = scale > 0 ? 0.5F / scale : 0.0F;
  uint8_t halves[kPlaneBlock];
  PlaneCode sum{scale, 0, 0};
  for (size_t block = 0; block < dims; block += kPlaneBlock) {
    const PlaneCode part = Encode(
        values + block, kPlaneBlock, scale,
        [=](float x) {
          // Odd numbers from -15 to 15: 2 * floor + 1.
          const float code = 2.0F * Round(x * inverse - 0.5F) + 1.0F;
          return code > 15.0F ? 15.0F : code < -15.0F ? -15.0F : code;
        },
        [&](size_t i, float code) {
          halves[i] = static_cast<uint8_t>((static_cast<int>(code) + 15) >> 1);
        });
    sum.error += part.error * part.error;
    sum.size += part.size * part.size;
    for (size_t k = 0; k < 64; ++k) {
      codes[block / 2 + k] = static_cast<uint8_t>(halves[k] | (halves[64 + k] << 4));
    }
  }
  return {scale, std::sqrt(sum.error), std::sqrt(sum.size)};
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
  for (size_t r = 0; r < rows; ++r) {
    float upper = bound.query * (bound.scale[r] * static_cast<float>(dots[r]));
    if (bound.offset) upper = upper + bound.shift * bound.offset[r];
    upper = upper + bound.width * bound.error[r];
    found[count] = static_cast<uint32_t>(r);
    count += !(upper < limit) ? 1 : 0;
  }
  return count;
}
