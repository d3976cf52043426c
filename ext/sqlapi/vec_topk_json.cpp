// vec_topk_json(key, embedding, query, k [, metric])   aggregate: the k best rows of a group
//
//   SELECT domain, vec_topk_json(id, embedding, :q, 3) FROM nodes GROUP BY domain;
//   -- [{"id":"vim","score":0.93},{"id":"nano","score":0.91},{"id":"emacs","score":0.88}]
//
// Works over any FROM. Metrics and scores are those of vec_topk; equal distances keep the order in
// which the rows came. Rows that are NULL, have another dimension or no finite score are left out;
// that no row at all can be compared is an error. query, k and metric are the same in every row of
// a group. Keys are numbers, text or NULL.
#include <array>
#include <cmath>
#include <memory>
#include <string>

#include "base/interrupt.h"
#include "base/json_text.h"
#include "base/value.h"
#include "scan/metric.h"
#include "scan/topk.h"
#include "sqlapi/args.h"
#include "sqlapi/connection.h"
#include "sqlapi/guard.h"
#include "sqlapi/options.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

struct Group {
  Value query_value;
  VectorArg query;  // views query_value
  Metric metric = Metric::kDot;
  double self = 0;
  TopK best{0};
  int64_t rows = 0;
  bool comparable = false;
  Status fault;  // why the first row was left out
};

Status Start(sqlite3_context* ctx, int argc, sqlite3_value** argv, std::unique_ptr<Group>* slot) {
  auto group = std::make_unique<Group>();
  int64_t k = 0;
  if (!ReadCount(argv[3], &k)) return Status::Error(CountError("vec_topk_json", "k", argv[3]));
  Status status = argc == 5 ? ReadMetric("vec_topk_json", argv[4], &group->metric) : Status::Ok();
  if (!status.ok()) return status;
  ElementType type;
  if (!TypeOfSubtype(sqlite3_value_subtype(argv[2]), &type)) {
    return Status::Error("vec_topk_json: the query is no vector");
  }
  group->query_value = Value(argv[2]);
  status = DecodeVector(group->query_value.get(), type, Finite::kCheck, &group->query);
  if (!status.ok()) return Status::Error("vec_topk_json: query: " + status.message());
  if (!Fits(group->metric, type)) {
    return Status::Error(Format("vec_topk_json: metric %s does not compare %s vectors",
                                NameOf(group->metric), NameOf(type)));
  }
  if (group->metric == Metric::kCosine) {
    group->self = SelfDot(*ConnectionOf(ctx).kernel, group->query.view);
  }
  group->best = TopK(k);
  *slot = std::move(group);
  return Status::Ok();
}

bool SameQuery(sqlite3_value* a, sqlite3_value* b) {
  const int type = sqlite3_value_type(a);
  if (type != sqlite3_value_type(b)) return false;
  return type == SQLITE_TEXT ? TextOf(a) == TextOf(b) : BlobOf(a) == BlobOf(b);
}

Status Visit(sqlite3_context* ctx, sqlite3_value** argv, Group* group) {
  if (!SameQuery(group->query_value.get(), argv[2])) {
    return Status::Error("vec_topk_json: the query must be the same in every row of a group");
  }
  const int64_t row = ++group->rows;
  const auto leave_out = [&](const std::string& why) {
    if (group->fault.ok()) {
      group->fault = Status::Error(Format("vec_topk_json: no row can be compared: row %lld: %s",
                                          static_cast<long long>(row), why.c_str()));
    }
    return Status::Ok();
  };
  VectorArg arg;
  const Status status = ReadRowVector(argv, 1, Finite::kLater, &arg);
  if (!status.ok()) return leave_out(status.message());
  const VectorView& query = group->query.view;
  if (arg.view.type != query.type || arg.view.dims != query.dims) {
    return leave_out(Format("it is %s with %zu dimensions, the query %s with %zu",
                            NameOf(arg.view.type), arg.view.dims, NameOf(query.type), query.dims));
  }
  const double distance =
      Distance(*ConnectionOf(ctx).kernel, group->metric, query, arg.view, group->self);
  if (!std::isfinite(distance) || !std::isfinite(ScoreOf(group->metric, distance))) {
    const Status finite = CheckFinite(arg.view);
    if (!finite.ok()) return leave_out(finite.message());
    group->comparable = true;  // but it has no score, as a zero vector has no cosine
    return Status::Ok();
  }
  group->comparable = true;
  if (!group->best.Admits(distance, row)) return Status::Ok();
  if (sqlite3_value_type(argv[0]) == SQLITE_BLOB) {
    return Status::Error("vec_topk_json: a key is a BLOB, which JSON cannot hold; give hex(key)");
  }
  group->best.Add({distance, row, group->best.Keep(argv[0])});
  return Status::Ok();
}

void vec_topk_json_step(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    if (sqlite3_value_type(argv[1]) == SQLITE_NULL) return Status::Ok();
    if (sqlite3_value_type(argv[2]) == SQLITE_NULL) return Status::Ok();
    auto** slot = static_cast<Group**>(sqlite3_aggregate_context(ctx, sizeof(Group*)));
    if (!slot) throw std::bad_alloc();
    if (!*slot) {
      std::unique_ptr<Group> group;
      Status status = Start(ctx, argc, argv, &group);
      if (!status.ok()) return status;
      *slot = group.release();
    }
    return Visit(ctx, argv, *slot);
  });
}

std::string KeyText(const StoredId& key) {
  switch (key.type) {
    case SQLITE_INTEGER:
      return std::to_string(key.integer);
    case SQLITE_FLOAT:
      return JsonReal(key.real);
    case SQLITE_TEXT:
      return JsonQuote(key.data());
    default:
      return "null";
  }
}

void vec_topk_json_final(sqlite3_context* ctx) {
  auto** slot = static_cast<Group**>(sqlite3_aggregate_context(ctx, 0));
  const std::unique_ptr<Group> group(slot ? *slot : nullptr);
  GuardFunction(ctx, [&] {
    std::string json = "[";
    if (group) {
      if (!group->comparable && !group->fault.ok()) return Status::Error(group->fault.message());
      InterruptPoll interrupt;
      const StopPoll poll = [&] { return interrupt.PollOn(sqlite3_context_db_handle(ctx)); };
      Hits hits;
      Status status = group->best.Take(poll, &hits);
      if (!status.ok()) return status;
      for (size_t i = 0; i < hits.size(); ++i) {
        if (i % 1024 == 1023) {
          if (const int code = poll()) return Status::Code(code, "interrupted");
        }
        const Hit& hit = hits[i];
        if (i > 0) json += ',';
        json += "{\"id\":" + KeyText(*hit.id) +
                ",\"score\":" + JsonReal(ScoreOf(group->metric, hit.distance)) + '}';
      }
    }
    json += ']';
    sqlite3_result_text64(ctx, json.data(), json.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    sqlite3_result_subtype(ctx, 'J');
    return Status::Ok();
  });
}

}  // namespace

std::span<const FunctionDef> VecTopkJsonFunctions() {
  static const std::array<FunctionDef, 2> kFunctions{{
      {"vec_topk_json", 4, kPureTagged, false, nullptr, vec_topk_json_step, vec_topk_json_final},
      {"vec_topk_json", 5, kPureTagged, false, nullptr, vec_topk_json_step, vec_topk_json_final},
  }};
  return kFunctions;
}

}  // namespace vecgraph
