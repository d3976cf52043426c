#include "scan/plane.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vecgraph {
namespace {

constexpr int kMixes = 6;  // each float of a turned row is a sum of 2^6 of the row's

// The norms between which no product or sum of float32 overflows or vanishes.
constexpr double kLeastNorm = 1e-12;
constexpr double kMostNorm = 1e15;

// What the error of a query's codes is expected to be at most, as a part of its norm. A query that
// is worse gets wider bounds.
constexpr double kQueryError = 0.007;

constexpr double kUp = 1 + 1e-6;  // more than the rounding of a few floats

constexpr float kInfinity = std::numeric_limits<float>::infinity();

double NormOf(const float* x, size_t n) {
  double sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (size_t j = 0; j < 8; ++j) {
      sums[j] += static_cast<double>(x[i + j]) * static_cast<double>(x[i + j]);
    }
  }
  for (; i < n; ++i) sums[0] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  double sum = 0;
  for (const double part : sums) sum += part;
  return std::sqrt(sum);
}

bool Ordinary(double norm) { return norm >= kLeastNorm && norm <= kMostNorm; }

// Signs that no regularity of real data matches, the same in every process.
std::vector<float> Signs(size_t n) {
  std::vector<float> signs(n);
  uint64_t state = 0;
  for (float& sign : signs) {
    // splitmix64 (Steele, Lea, Flood 2014)
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    sign = ((z ^ (z >> 31)) & 1) != 0 ? 1.0F : -1.0F;
  }
  return signs;
}

float RoundDown(double x) {
  const auto value = static_cast<float>(x);
  return std::nextafter(value, -kInfinity);
}

float RoundUp(double x) {
  const auto value = static_cast<float>(x);
  return std::nextafter(value, kInfinity);
}

}  // namespace

PlaneBasis::PlaneBasis(size_t dims, const float* const* sample, size_t count)
    : dims_(dims),
      signs_(Signs((dims + kPlaneBlock - 1) / kPlaneBlock * kPlaneBlock)),
      // dims / 64 + 7 roundings in a dot product of the kernels, three for each butterfly of row
      // and query, and a few for scales and sums; four times as much.
      rounding_((static_cast<double>(dims) / 64 + 64) * std::ldexp(1.0, -22)) {
  if (count == 0) return;
  std::vector<double> mean(dims);
  for (size_t s = 0; s < count; ++s) {
    for (size_t i = 0; i < dims; ++i) mean[i] += sample[s][i];
  }
  center_.resize(dims);
  for (size_t i = 0; i < dims; ++i) {
    center_[i] = static_cast<float>(mean[i] / static_cast<double>(count));
  }
  // Worth its cost only if rows lie nearer to the center than to the origin.
  double before = 0;
  double after = 0;
  std::vector<float> moved(dims);
  for (size_t s = 0; s < count; ++s) {
    const double norm = NormOf(sample[s], dims);
    if (!Ordinary(norm)) continue;
    for (size_t i = 0; i < dims; ++i) moved[i] = sample[s][i] - center_[i];
    before += 1;
    after += NormOf(moved.data(), dims) / norm;
  }
  center_norm_ = NormOf(center_.data(), dims);
  if (!(after < 0.97 * before) || !Ordinary(center_norm_)) {
    center_.clear();
    center_norm_ = 0;
  }
}

double PlaneBasis::CenterDot(const float* query) const {
  double sum = 0;
  for (size_t i = 0; i < center_.size(); ++i) {
    sum += static_cast<double>(query[i]) * static_cast<double>(center_[i]);
  }
  return sum;
}

void PlaneBasis::Turn(const KernelTable& kernel, const float* x, bool centered, float* scratch,
                      float* out) const {
  static_assert(kMixes % 2 == 0);
  if (centered && !center_.empty()) {
    for (size_t i = 0; i < dims_; ++i) out[i] = (x[i] - center_[i]) * signs_[i];
  } else {
    for (size_t i = 0; i < dims_; ++i) out[i] = x[i] * signs_[i];
  }
  std::fill(out + dims_, out + padded(), 0.0F);
  for (int mix = 0; mix < kMixes; mix += 2) {
    kernel.mix_f32(out, scratch, padded());
    kernel.mix_f32(scratch, out, padded());
  }
}

void PlaneBasis::Encode(const KernelTable& kernel, const float* row, float* scratch,
                        PlaneRows* rows, size_t index) const {
  float* turned = scratch + padded();
  const double norm = NormOf(row, dims_);
  const bool ordinary = Ordinary(norm) || norm == 0;
  if (ordinary) {
    Turn(kernel, row, true, scratch, turned);
  } else {
    std::fill(turned, turned + padded(), 0.0F);
  }
  const double room = rounding_ * (norm + 2 * center_norm_);
  const double inverse = norm > 0 ? 1 / norm : 0;
  const auto put = [&](const PlaneCode& code, const PlaneNumbers& dot, const PlaneNumbers& cosine) {
    // The codes' own sums are rounded by far less than this.
    const double error = (code.error + kQueryError * code.size) * (1 + 1e-4) + room;
    dot.scale[index] = code.scale;
    dot.error[index] = ordinary ? RoundUp(error) : kInfinity;
    cosine.scale[index] = static_cast<float>(code.scale * inverse);
    cosine.error[index] = ordinary && norm > 0 ? RoundUp(error * inverse * kUp) : kInfinity;
  };
  put(kernel.encode_8(turned, padded(), rows->codes8 + index * padded()), rows->dot8,
      rows->cosine8);
  put(kernel.encode_4(turned, padded(), rows->codes4 + index * padded() / 2), rows->dot4,
      rows->cosine4);
  rows->inverse[index] = ordinary ? static_cast<float>(inverse) : 0;
  rows->half_square[index] = ordinary ? RoundDown(norm * norm / 2 * (1 - 1e-6)) : 0;
}

PlaneSearch::PlaneSearch(const KernelTable& kernel, const PlaneBasis& basis, Metric metric,
                         const float* query)
    : metric_(metric), rounding_(basis.rounding()), norm_(NormOf(query, basis.dims())) {
  usable_ = HasPlaneKey(metric) && Ordinary(norm_);
  if (!usable_) return;
  const size_t padded = basis.padded();
  std::vector<float> scratch(2 * padded);
  float* turned = scratch.data() + padded;
  basis.Turn(kernel, query, false, scratch.data(), turned);
  float largest = 0;
  for (size_t i = 0; i < padded; ++i) largest = std::max(largest, std::fabs(turned[i]));
  scale_ = largest / 127;
  codes_.resize(padded);
  double lost = 0;
  int32_t sum = 0;
  for (size_t i = 0; i < padded; ++i) {
    const int code = std::clamp(static_cast<int>(std::lround(turned[i] / scale_)), -127, 127);
    codes_[i] = static_cast<int8_t>(code);
    sum += code;
    const double error =
        static_cast<double>(turned[i]) - static_cast<double>(scale_) * static_cast<double>(code);
    lost += error * error;
  }
  query_ = {codes_.data(), padded, sum};
  width_ = RoundUp(norm_ * (1 + rounding_) *
                   std::max(1.0, std::sqrt(lost) * kUp / (kQueryError * norm_)));
  const double center = basis.CenterDot(query);
  if (metric == Metric::kCosine) {
    shift_ = static_cast<float>(center);
  } else {
    constant_ = center;
    if (metric == Metric::kL2) shift_ = -1;
  }
}

PlaneBound PlaneSearch::Bound(const PlaneRows& rows, bool four, size_t first) const {
  const bool cosine = metric_ == Metric::kCosine;
  const PlaneNumbers& numbers =
      cosine ? (four ? rows.cosine4 : rows.cosine8) : (four ? rows.dot4 : rows.dot8);
  const float* offset = nullptr;
  if (cosine && shift_ != 0) offset = rows.inverse + first;
  if (metric_ == Metric::kL2) offset = rows.half_square + first;
  return {numbers.scale + first, numbers.error + first, offset, scale_, shift_, width_};
}

double PlaneSearch::LowerKey(const PlaneRows& rows, size_t row, int32_t dot8) const {
  const PlaneBound bound = Bound(rows, false, row);
  double offset = bound.offset ? static_cast<double>(*bound.offset) : 0;
  if (metric_ == Metric::kL2) offset *= 1 + 1e-5;  // half_square was rounded down
  return static_cast<double>(bound.query) *
             (static_cast<double>(*bound.scale) * static_cast<double>(dot8)) +
         static_cast<double>(bound.shift) * offset -
         static_cast<double>(bound.width) * static_cast<double>(*bound.error) + constant_;
}

float PlaneSearch::Limit(double key) const {
  double room = 0;
  switch (metric_) {
    case Metric::kCosine:
      // The norms are rounded as well, and the distance to a float near 1.
      room = norm_ * (4 * rounding_ + std::ldexp(1.0, -21));
      break;
    case Metric::kL2:
      // The distance is rounded relatively: d^2 = |q|^2 - 2 key.
      room = 3 * rounding_ * std::max(0.0, norm_ * norm_ - 2 * key);
      break;
    default:
      break;
  }
  // The bounds are computed without the constant, in float32.
  room += std::ldexp(std::fabs(key) + std::fabs(constant_), -22);
  if (metric_ == Metric::kL2) room += std::ldexp(norm_ * norm_, -22);
  return RoundDown(key - constant_ - room);
}

double PlaneSearch::KeyOfScore(double score) const {
  switch (metric_) {
    case Metric::kCosine:
      return score * norm_;
    case Metric::kL2:
      return score > 0 ? std::numeric_limits<double>::infinity()
                       : (norm_ * norm_ - score * score) / 2;
    default:
      return score;
  }
}

}  // namespace vecgraph
