// vec_sum(v), vec_avg(v)   sum and mean of vectors as float32: aggregates and window functions
//
// The sum is exact; its double (within 2^-48) is rounded to float32. So the order of rows does not
// matter and a moving frame gives the same bits as a new sum over its rows. NULL rows do not count;
// no rows give NULL. int8 vectors sum to float32. Vectors of different dimensions are an error.
#include <array>
#include <cmath>
#include <memory>

#include "sqlapi/args.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"
#include "vector/exact_sum.h"

namespace vecgraph {
namespace {

// The sum of the running group; null if there is none and `create` is false.
ExactSum* SumOf(sqlite3_context* ctx, bool create) {
  auto** slot = static_cast<ExactSum**>(
      sqlite3_aggregate_context(ctx, create ? static_cast<int>(sizeof(ExactSum*)) : 0));
  if (!slot) {
    if (create) throw std::bad_alloc();
    return nullptr;
  }
  if (!*slot && create) *slot = new ExactSum();
  return *slot;
}

Status ReadRow(sqlite3_value** argv, VectorArg* arg) {
  Status status = ReadRowVector(argv, 0, Finite::kCheck, arg);
  if (status.ok() && arg->view.type == ElementType::kBit) {
    return Status::Error("bit vectors cannot be summed; give float32 or int8");
  }
  return status;
}

void Step(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return Status::Ok();
    VectorArg arg;
    Status status = ReadRow(argv, &arg);
    return status.ok() ? SumOf(ctx, true)->Add(arg.view) : std::move(status);
  });
}

void Inverse(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    ExactSum* sum = SumOf(ctx, false);
    if (!sum || sqlite3_value_type(argv[0]) == SQLITE_NULL) return Status::Ok();
    VectorArg arg;
    Status status = ReadRow(argv, &arg);
    if (status.ok()) sum->Remove(arg.view);
    return status;
  });
}

Status ResultSum(sqlite3_context* ctx, bool average) {
  const ExactSum* sum = SumOf(ctx, false);
  if (!sum || sum->count() == 0) return Status::Ok();
  const double divisor = average ? static_cast<double>(sum->count()) : 1.0;
  Vector result(ElementType::kFloat32, sum->dims());
  for (size_t i = 0; i < sum->dims(); ++i) {
    const auto element = static_cast<float>(sum->Element(i) / divisor);
    if (!std::isfinite(element)) {
      return Status::Error(Format("element %zu of the sum is beyond float32", i));
    }
    result.SetFloat(i, element);
  }
  ResultVector(ctx, result.view());
  return Status::Ok();
}

void SumValue(sqlite3_context* ctx) {
  GuardFunction(ctx, [&] { return ResultSum(ctx, false); });
}

void AvgValue(sqlite3_context* ctx) {
  GuardFunction(ctx, [&] { return ResultSum(ctx, true); });
}

// SQLite calls this once for every group, also when the statement fails.
void SumFinal(sqlite3_context* ctx) {
  const std::unique_ptr<ExactSum> sum(SumOf(ctx, false));
  SumValue(ctx);
}

void AvgFinal(sqlite3_context* ctx) {
  const std::unique_ptr<ExactSum> sum(SumOf(ctx, false));
  AvgValue(ctx);
}

}  // namespace

std::span<const FunctionDef> VecSumFunctions() {
  static const std::array<FunctionDef, 2> kFunctions{{
      {"vec_sum", 1, kPureTagged, false, nullptr, Step, SumFinal, SumValue, Inverse},
      {"vec_avg", 1, kPureTagged, false, nullptr, Step, AvgFinal, AvgValue, Inverse},
  }};
  return kFunctions;
}

}  // namespace vecgraph
