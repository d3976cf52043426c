#include "sqlapi/join_arguments.h"

#include "sqlapi/options.h"

namespace vecgraph {

Status ReadJoinArguments(const GivenJoinArguments& given, JoinArguments* out) {
  constexpr const char* kFunction = "vec_join";
  const auto at = [&](JoinArgument argument) { return given[static_cast<size_t>(argument)]; };
  for (size_t a = 0; a < kJoinArguments; ++a) out->values[a] = Value(given[a]);
  Status status = ReadSource(kFunction, "left_source", at(JoinArgument::kLeftSource), &out->left);
  if (status.ok()) {
    status = ReadName(kFunction, "left_column", at(JoinArgument::kLeftColumn), &out->left_column);
  }
  if (status.ok()) {
    status = ReadSource(kFunction, "right_source", at(JoinArgument::kRightSource), &out->right);
  }
  if (status.ok()) {
    status =
        ReadName(kFunction, "right_column", at(JoinArgument::kRightColumn), &out->right_column);
  }
  if (status.ok() && at(JoinArgument::kMetric)) {
    status = ReadMetric(kFunction, at(JoinArgument::kMetric), &out->metric);
  }
  if (status.ok()) status = ReadElement(kFunction, at(JoinArgument::kElement), &out->element);
  if (status.ok()) status = ReadK(kFunction, at(JoinArgument::kK), &out->k);
  if (status.ok()) status = ReadMinScore(kFunction, at(JoinArgument::kMinScore), &out->min_score);
  if (status.ok()) status = ReadStrict(kFunction, at(JoinArgument::kStrict), &out->strict);
  if (!status.ok() || !out->element || Fits(out->metric, *out->element)) return status;
  return Status::Error(std::string(kFunction) + ": " + MisfitOf(out->metric, *out->element));
}

}  // namespace vecgraph
