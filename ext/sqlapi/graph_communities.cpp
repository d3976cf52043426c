#include "sqlapi/graph_communities.h"

namespace vecgraph {
namespace {

enum Column { kNode, kCommunity };

class CommunityRows final : public GraphRows {
 public:
  std::shared_ptr<const Graph> graph;
  CommunityLevels levels;
  size_t first_level = 1;

  size_t size() const override {
    return levels.empty() ? graph->size() : graph->size() * levels.size();
  }
  void Column(sqlite3_context* ctx, size_t row, int column) const override {
    const size_t each = levels.empty() ? 1 : levels.size();
    const size_t node = row / each;
    const size_t level = row % each;
    switch (column) {
      case kNode:
        return graph->ids[node].Result(ctx);
      case kCommunity:
        return graph->ids[levels.empty() ? node : levels[level][node]].Result(ctx);
      default:
        return sqlite3_result_int64(
            ctx, levels.empty() ? 0 : static_cast<sqlite3_int64>(first_level + level));
    }
  }
};

}  // namespace

Status RunCommunities(GraphCall* call, FindCommunities find) {
  CommunityOptions options;
  Status status = call->Real("resolution", 0, 1e301, &options.resolution);
  if (status.ok()) status = call->Count("seed", &options.seed);
  if (status.ok()) status = call->Count("max_levels", &options.most_levels);
  if (status.ok()) status = call->Flag("all_levels", &options.all_levels);
  auto rows = std::make_unique<CommunityRows>();
  EdgeReader reader(call->db(), &call->connection()->graphs);
  if (status.ok()) status = call->Open(&reader);
  if (status.ok()) status = call->Load(&reader, &rows->graph, Direction::kBoth);
  if (status.ok()) status = find(*rows->graph, options, reader.poll(), &rows->levels);
  if (!status.ok()) return status;
  if (!options.all_levels && rows->levels.size() > 1) {
    rows->first_level = rows->levels.size();
    rows->levels.erase(rows->levels.begin(), rows->levels.end() - 1);
  }
  call->rows = std::move(rows);
  return status;
}

}  // namespace vecgraph
