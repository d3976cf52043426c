#include "vector/exact_sum.h"

#include <bit>
#include <cmath>

namespace vecgraph {
namespace {

constexpr int kBucketBits = 8;    // a bucket is worth 2^8 times the one below
constexpr int kLeastPower = 150;  // a float32 is a multiple of 2^-149, one with exponent 1

}  // namespace

Status ExactSum::Add(const VectorView& vector) {
  if (count_ == 0) dims_ = vector.dims;
  if (vector.dims != dims_) {
    return Status::Error(
        Format("a vector has %zu dimensions, the ones before it have %zu", vector.dims, dims_));
  }
  Accumulate(vector, 1);
  ++count_;
  return Status::Ok();
}

void ExactSum::Remove(const VectorView& vector) {
  Accumulate(vector, -1);
  --count_;
  if (count_ == 0) buckets_ = {};  // the next vector may have another dimension
}

void ExactSum::Accumulate(const VectorView& vector, int64_t sign) {
  const bool is_float = vector.type == ElementType::kFloat32;
  for (size_t i = 0; i < vector.dims; ++i) {
    const float value = is_float ? vector.Float(i) : static_cast<float>(vector.Int8(i));
    const auto bits = std::bit_cast<uint32_t>(value);
    uint32_t exponent = (bits >> 23) & 255;
    int64_t mantissa = bits & 0x7fffff;
    if (exponent == 0) {
      exponent = 1;  // a denormal, or zero
    } else {
      mantissa |= 0x800000;
    }
    std::vector<int64_t>& bucket = buckets_[exponent / kBucketBits];
    if (bucket.empty()) bucket.resize(dims_);
    const int64_t term = mantissa << (exponent % kBucketBits);
    bucket[i] += (bits >> 31) != 0 ? -sign * term : sign * term;
  }
}

double ExactSum::Element(size_t i) const {
  // Carries make the digits depend on the value alone, whatever rows made it.
  std::array<int64_t, kBuckets> digits{};
  int64_t carry = 0;
  for (size_t b = 0; b < kBuckets; ++b) {
    const int64_t total = (buckets_[b].empty() ? 0 : buckets_[b][i]) + carry;
    carry = total >> kBucketBits;
    digits[b] = total - carry * (1 << kBucketBits);
  }
  auto value = static_cast<double>(carry);
  for (size_t b = kBuckets; b-- > 0;)
    value = value * (1 << kBucketBits) + static_cast<double>(digits[b]);
  return std::ldexp(value, -kLeastPower);
}

}  // namespace vecgraph
