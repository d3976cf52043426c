#include "vector/exact_sum.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace vecgraph {
namespace {

constexpr int kBucketBits = 8;     // a bucket is worth 2^8 times the one below
constexpr int kLeastPower = -149;  // bucket 0 counts multiples of 2^-149
constexpr int kPieceBits = 24;     // 24 bits, shifted by up to 7, leave 32 bits of room
constexpr size_t kChunk = 64;

// Not 0 if `sum`, the rounded a + b, is not a + b: when both differences give back the other term,
// Knuth's two-sum says that nothing was lost. Bits, since an OR of them is vectorised.
uint64_t Lost(double a, double b, double sum) {
  return (std::bit_cast<uint64_t>(sum - a) ^ std::bit_cast<uint64_t>(b)) |
         (std::bit_cast<uint64_t>(sum - b) ^ std::bit_cast<uint64_t>(a));
}

// Calls add(bucket, term) with terms of at most 31 bits whose weighted sum is `value`.
// REQUIRES: a sum of float32 values.
template <class AddTerm>
void Split(double value, AddTerm add) {
  if (value == 0) return;
  int exponent;
  const auto mantissa = static_cast<int64_t>(std::ldexp(std::frexp(value, &exponent), 53));
  const int64_t sign = mantissa < 0 ? -1 : 1;
  uint64_t rest = static_cast<uint64_t>(mantissa * sign);
  int power = exponent - 53 - kLeastPower;
  if (power < 0) {
    rest >>= -power;  // zeros: nothing is below the least float32
    power = 0;
  }
  for (; rest != 0; rest >>= kPieceBits, power += kPieceBits) {
    const auto piece = static_cast<int64_t>(rest & ((1U << kPieceBits) - 1));
    add(static_cast<size_t>(power / kBucketBits), sign * (piece << (power % kBucketBits)));
  }
}

}  // namespace

Status ExactSum::Add(const VectorView& vector) {
  if (count_ == 0) doubles_.assign(vector.dims, 0.0);
  if (vector.dims != dims()) {
    return Status::Error(
        Format("a vector has %zu dimensions, the ones before it have %zu", vector.dims, dims()));
  }
  Accumulate(vector, 1);
  ++count_;
  return Status::Ok();
}

void ExactSum::Remove(const VectorView& vector) {
  Accumulate(vector, -1);
  --count_;
  if (count_ == 0) *this = ExactSum();  // the next vector may have another dimension
}

void ExactSum::Accumulate(const VectorView& vector, double sign) {
  for (size_t start = 0; start < vector.dims; start += kChunk) {
    const size_t n = std::min(kChunk, vector.dims - start);
    double terms[kChunk] = {};
    double old[kChunk] = {};
    double sums[kChunk];
    if (vector.type == ElementType::kFloat32) {
      float floats[kChunk] = {};
      std::memcpy(floats, vector.data + start * sizeof(float), n * sizeof(float));
      for (size_t j = 0; j < kChunk; ++j) terms[j] = sign * static_cast<double>(floats[j]);
    } else {
      for (size_t j = 0; j < n; ++j) terms[j] = sign * vector.Int8(start + j);
    }
    std::copy_n(&doubles_[start], n, old);
    uint64_t lost = 0;
    for (size_t j = 0; j < kChunk; ++j) {
      sums[j] = old[j] + terms[j];
      lost |= Lost(old[j], terms[j], sums[j]);
    }
    std::copy_n(sums, n, &doubles_[start]);
    if (lost == 0) continue;
    for (size_t j = 0; j < n; ++j) {
      if (Lost(old[j], terms[j], sums[j]) == 0) continue;
      doubles_[start + j] = old[j];
      MoveToBuckets(start + j);
      doubles_[start + j] = terms[j];
    }
  }
}

void ExactSum::MoveToBuckets(size_t i) {
  Split(doubles_[i], [&](size_t bucket, int64_t term) {
    if (buckets_[bucket].empty()) buckets_[bucket].resize(dims());
    buckets_[bucket][i] += term;
  });
}

double ExactSum::Element(size_t i) const {
  std::array<int64_t, kBuckets> digits{};
  for (size_t b = 0; b < kBuckets; ++b) digits[b] = buckets_[b].empty() ? 0 : buckets_[b][i];
  Split(doubles_[i], [&](size_t bucket, int64_t term) { digits[bucket] += term; });
  // Carries make the digits depend on the value alone, whatever rows made it.
  int64_t carry = 0;
  for (int64_t& digit : digits) {
    const int64_t total = digit + carry;
    carry = total >> kBucketBits;
    digit = total - carry * (1 << kBucketBits);
  }
  auto value = static_cast<double>(carry);
  for (size_t b = kBuckets; b-- > 0;) {
    value = value * (1 << kBucketBits) + static_cast<double>(digits[b]);
  }
  return std::ldexp(value, kLeastPower);
}

}  // namespace vecgraph
