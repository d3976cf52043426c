#include "scan/search_many.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "scan/stream_many.h"

namespace vecgraph {
namespace {

// The queries of one length and element type.
struct Group {
  std::vector<SearchRequest> requests;
  std::vector<Answer*> answers;
};

std::vector<Group> GroupByLength(std::span<const SearchRequest> requests,
                                 std::vector<Answer>* answers) {
  std::vector<Group> groups;
  for (size_t i = 0; i < requests.size(); ++i) {
    const VectorView& query = requests[i].query;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      const VectorView& other = g.requests.front().query;
      return other.type == query.type && other.dims == query.dims;
    });
    if (group == groups.end()) group = groups.insert(groups.end(), Group());
    group->requests.push_back(requests[i]);
    group->answers.push_back(&(*answers)[i]);
  }
  return groups;
}

}  // namespace

Status SearchMany(const ManyContext& context, Target* target,
                  std::span<const SearchRequest> requests, std::vector<Answer>* answers, IdMap* ids,
                  SearchReport* report) {
  answers->clear();
  answers->resize(requests.size());
  if (requests.empty()) return Status::Ok();
  const auto start = std::chrono::steady_clock::now();
  SearchReport current = ReportFor(requests.front(), context.kernel);
  std::vector<Group> groups = GroupByLength(requests, answers);
  std::optional<HeldTable> held;
  if (target->table && !target->table->busy) held.emplace(context.db, target->table);
  Status status;
  std::vector<Group> unanswered;
  for (Group& group : groups) {
    bool answered = false;
    if (held) {
      status = SearchCachedMany(context.db, context.kernel, context.threads, context.cache, &*held,
                                group.requests, group.answers, ids, &current, &answered);
      if (!status.ok()) return status;
    }
    if (!answered) unanswered.push_back(std::move(group));
  }
  if (!unanswered.empty()) {
    if (!target->scan) {
      status = target->scan.Open(context.db, target->source, requests.front().with_id);
    }
    if (status.ok()) status = context.cache->interrupt().Open(context.db);
    if (!status.ok()) return status;
    StreamMany stream(context, target, ids, &current);
    for (const Group& group : unanswered) stream.Add(group.requests, group.answers);
    status = stream.Run();
    if (!status.ok()) return status;
    for (const Group& group : unanswered) {
      if (!held) break;
      const VectorView& query = group.requests.front().query;
      context.cache->MatrixOf(&held->table(), query.type, query.dims).expected_rows =
          current.Vectors();
    }
  }
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  current.milliseconds = elapsed.count();
  current.searches = report->searches + static_cast<int64_t>(requests.size());
  *report = std::move(current);
  return status;
}

}  // namespace vecgraph
