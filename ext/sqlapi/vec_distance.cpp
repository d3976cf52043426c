// vec_distance_l2(a, b)        Euclidean distance, rounded to float32
// vec_distance_l1(a, b)        sum of absolute differences, in double; INTEGER for int8
// vec_distance_cosine(a, b)    1 - cos(a, b), rounded to float32; NULL when a vector is zero
// vec_distance_hamming(a, b)   number of differing bits, REAL
// vec_dot(a, b)                dot product, REAL, higher is closer; NULL for NULL
//
// The float32 sums run in the order that kernel/kernels.h fixes, so that results are the same bits
// on every CPU. A sum beyond float32 is Inf; cosine then takes sums in double.
#include <array>
#include <cmath>

#include "scan/metric.h"
#include "sqlapi/args.h"
#include "sqlapi/connection.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

// Reads the pair and computes the distance. `name` stands in the message for unfit types.
Status Compare(sqlite3_context* ctx, sqlite3_value** argv, Metric metric, const char* name,
               VectorPair* pair, double* distance) {
  Status status = ReadPair(ctx, argv, Finite::kLater, pair);
  if (!status.ok()) return status;
  const VectorView& a = pair->a.view;
  const VectorView& b = pair->b.view;
  if (!Fits(metric, a.type)) {
    status = CheckFinitePair(*pair);
    if (!status.ok()) return status;
    return Status::Error(Format("Cannot calculate %s between two %s.", name,
                                a.type == ElementType::kBit    ? "bitvectors"
                                : a.type == ElementType::kInt8 ? "int8 vectors"
                                                               : "float32 vectors"));
  }
  const KernelTable& kernel = *ConnectionOf(ctx).kernel;
  const double self = metric == Metric::kCosine ? SelfDot(kernel, a) : 0;
  *distance = Distance(kernel, metric, a, b, self);
  // NaN or Inf in a vector always shows in the result, so it is looked for only then.
  return std::isfinite(*distance) ? Status::Ok() : CheckFinitePair(*pair);
}

void ResultDistance(sqlite3_context* ctx, sqlite3_value** argv, Metric metric, const char* name) {
  GuardFunction(ctx, [&] {
    VectorPair pair;
    double distance = 0;
    Status status = Compare(ctx, argv, metric, name, &pair, &distance);
    if (status.ok()) sqlite3_result_double(ctx, distance);  // NaN becomes NULL
    return status;
  });
}

void vec_distance_l2(sqlite3_context* ctx, int, sqlite3_value** argv) {
  ResultDistance(ctx, argv, Metric::kL2, "L2 distance");
}

void vec_distance_cosine(sqlite3_context* ctx, int, sqlite3_value** argv) {
  ResultDistance(ctx, argv, Metric::kCosine, "cosine distance");
}

void vec_distance_hamming(sqlite3_context* ctx, int, sqlite3_value** argv) {
  ResultDistance(ctx, argv, Metric::kHamming, "hamming distance");
}

void vec_distance_l1(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    VectorPair pair;
    double distance = 0;
    Status status = Compare(ctx, argv, Metric::kL1, "L1 distance", &pair, &distance);
    if (!status.ok()) return status;
    if (pair.a.view.type == ElementType::kInt8) {
      sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(distance));
    } else {
      sqlite3_result_double(ctx, distance);
    }
    return status;
  });
}

void vec_dot(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    for (int i = 0; i < 2; ++i) {
      if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return Status::Ok();
    }
    VectorPair pair;
    double distance = 0;
    Status status = Compare(ctx, argv, Metric::kDot, "dot product", &pair, &distance);
    if (status.ok()) sqlite3_result_double(ctx, ScoreOf(Metric::kDot, distance));
    return status;
  });
}

}  // namespace

std::span<const FunctionDef> VecDistanceFunctions() {
  static const std::array<FunctionDef, 5> kFunctions{{
      {"vec_distance_l2", 2, kPureTagged, true, vec_distance_l2},
      {"vec_distance_l1", 2, kPureTagged, true, vec_distance_l1},
      {"vec_distance_cosine", 2, kPureTagged, true, vec_distance_cosine},
      {"vec_distance_hamming", 2, kPureTagged, true, vec_distance_hamming},
      {"vec_dot", 2, kPureTagged, false, vec_dot},
  }};
  return kFunctions;
}

}  // namespace vecgraph
