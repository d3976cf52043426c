// graph_rrf(rank [, k])   reciprocal rank fusion: aggregate and window function
//
// The sum of 1 / (k + rank) over the ranks that a thing has in several result lists:
//
//   SELECT id, graph_rrf(rank) AS score
//   FROM (SELECT id, rank FROM vec_topk('notes', 'embedding', :q, 50)
//         UNION ALL
//         SELECT node, rank FROM graph_ppr('links', :seeds) WHERE top_k = 50)
//   GROUP BY id ORDER BY score DESC, id;
//
// ARGUMENTS
//   rank  1 for the first of a list; NULL counts nothing
//   k     60; above 0, from row to row as it is given. The larger, the less the first places differ
//
// The result is REAL, 0.0 if no rank counts. Ranks are summed without rounding, so that things with
// the same ranks tie whatever the order of the rows, and a moving frame gives what a new sum would.
#include <array>
#include <cmath>
#include <cstdint>

#include "graph/value_list.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

// A sum in units of 2^-90. Every term is below 1 and, above 2^-38, a multiple of the unit; a
// smaller one is cut. 2^37 rows fit.
struct RankSum {
  // Two words, since SQLite aligns the memory of an aggregate to 8 bytes.
  uint64_t high;
  uint64_t low;
};

constexpr int kUnit = -90;

RankSum TermOf(double term) {
  const double high = std::floor(std::ldexp(term, -kUnit - 64));
  const double low = std::ldexp(term, -kUnit) - std::ldexp(high, 64);
  return {static_cast<uint64_t>(high), static_cast<uint64_t>(low)};
}

// The number in argument `name`, at least `least` (or above it, if that is 0).
Status ReadNumber(const char* name, sqlite3_value* value, double least, double* number) {
  const int type = sqlite3_value_type(value);
  const double real = sqlite3_value_double(value);
  const bool is_number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
  if (!is_number || !std::isfinite(real) || real < least || real <= 0) {
    const std::string range = least > 0 ? Format("of %g or more", least) : "above 0";
    return Status::Error(Format("graph_rrf: %s must be a number %s, found %s", name, range.c_str(),
                                ValueRef::Of(value).Label().c_str()));
  }
  *number = real;
  return Status::Ok();
}

// The term of a row; `*counts` is false if its rank is NULL.
Status ReadTerm(int argc, sqlite3_value** argv, RankSum* term, bool* counts) {
  double rank = 0;
  double k = 60;
  Status status;
  if (argc == 2 && sqlite3_value_type(argv[1]) != SQLITE_NULL) {
    status = ReadNumber("k", argv[1], 0, &k);
  }
  *counts = sqlite3_value_type(argv[0]) != SQLITE_NULL;
  if (!status.ok() || !*counts) return status;
  status = ReadNumber("rank", argv[0], 1, &rank);
  if (status.ok()) *term = TermOf(1 / (k + rank));
  return status;
}

RankSum* SumOf(sqlite3_context* ctx) {
  auto* sum = static_cast<RankSum*>(sqlite3_aggregate_context(ctx, sizeof(RankSum)));
  if (!sum) throw std::bad_alloc();
  return sum;
}

void Step(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    RankSum term{};
    bool counts = false;
    Status status = ReadTerm(argc, argv, &term, &counts);
    if (!status.ok() || !counts) return status;
    RankSum* const sum = SumOf(ctx);
    sum->low += term.low;
    sum->high += term.high + (sum->low < term.low ? 1 : 0);
    return status;
  });
}

void Inverse(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    RankSum term{};
    bool counts = false;
    Status status = ReadTerm(argc, argv, &term, &counts);
    if (!status.ok() || !counts) return status;
    RankSum* const sum = SumOf(ctx);
    sum->high -= term.high + (sum->low < term.low ? 1 : 0);
    sum->low -= term.low;
    return status;
  });
}

void Result(sqlite3_context* ctx) {
  const auto* sum = static_cast<RankSum*>(sqlite3_aggregate_context(ctx, 0));
  sqlite3_result_double(ctx, sum ? std::ldexp(static_cast<double>(sum->high), kUnit + 64) +
                                       std::ldexp(static_cast<double>(sum->low), kUnit)
                                 : 0);
}

}  // namespace

std::span<const FunctionDef> GraphRrfFunctions() {
  static const std::array<FunctionDef, 2> kFunctions{{
      {"graph_rrf", 1, kPure, false, nullptr, Step, Result, Result, Inverse},
      {"graph_rrf", 2, kPure, false, nullptr, Step, Result, Result, Inverse},
  }};
  return kFunctions;
}

}  // namespace vecgraph
