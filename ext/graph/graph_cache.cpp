#include "graph/graph_cache.h"

#include <algorithm>
#include <utility>

#include "base/name.h"

namespace vecgraph {
namespace {

constexpr size_t kMostGraphs = 16;

template <class Entries>
auto Oldest(Entries& entries) {
  return std::min_element(entries.begin(), entries.end(),
                          [](const auto& a, const auto& b) { return a->used < b->used; });
}

}  // namespace

bool CachedGraph::Same(const CachedGraph& other) const {
  // The statements on tables have names in them and no values.
  return SameName(source.FeedSql(), other.source.FeedSql()) && types == other.types &&
         null_weight == other.null_weight &&
         SameName(node_source.FeedSql(), other.node_source.FeedSql());
}

std::shared_ptr<CachedGraph> GraphCache::Find(std::shared_ptr<CachedGraph> wanted) {
  wanted->used = ++turn_;
  for (const auto& known : graphs_) {
    if (!known->Same(*wanted)) continue;
    if (known->busy) return wanted;  // serves this call alone
    known->used = turn_;
    // What indexes there are may have changed.
    known->source = wanted->source;
    return known;
  }
  if (graphs_.size() >= kMostGraphs) graphs_.erase(Oldest(graphs_));
  graphs_.push_back(wanted);
  return wanted;
}

void GraphCache::Keep(CachedGraph* entry) {
  entry->claim = MemoryClaim();
  const int64_t bytes = entry->graph->bytes();
  if (MakeRoom(bytes, entry)) {
    entry->claim = MemoryClaim(memory_, bytes);
  } else {
    entry->graph = nullptr;
  }
}

bool GraphCache::MakeRoom(int64_t bytes, const CachedGraph* own) {
  while (!memory_->Fits(bytes)) {
    std::vector<CachedGraph*> others;
    for (const auto& entry : graphs_) {
      if (entry->graph && entry.get() != own) others.push_back(entry.get());
    }
    if (others.empty()) return false;
    CachedGraph* const oldest = *Oldest(others);
    oldest->graph = nullptr;
    oldest->claim = MemoryClaim();
  }
  return true;
}

}  // namespace vecgraph
