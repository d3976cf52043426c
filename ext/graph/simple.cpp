#include "graph/simple.h"

#include <utility>

#include "graph/stop.h"

namespace vecgraph {

Status SimpleNeighbors(const Graph& graph, Direction direction, const StopPoll& poll,
                       Adjacency* neighbors, std::vector<uint8_t>* ways) {
  const Adjacency* in = nullptr;
  Status status = direction == Direction::kOut ? Status::Ok() : graph.In(poll, &in);
  if (!status.ok()) return status;
  const Adjacency& out = graph.out;
  const bool weighted = !graph.weights.empty();
  const size_t most = graph.edges() * (direction == Direction::kBoth ? 2 : 1);
  *neighbors = Adjacency();
  neighbors->starts.reserve(graph.size() + size_t{1});
  neighbors->nodes.reserve(most);
  if (weighted) neighbors->slots.reserve(most);
  if (ways) {
    ways->clear();
    ways->reserve(most);
  }
  Stop stop(poll);
  for (uint32_t u = 0; u < graph.size(); ++u) {
    neighbors->starts.push_back(static_cast<uint32_t>(neighbors->nodes.size()));
    uint32_t slot = direction == Direction::kIn ? 0 : out.begin(u);
    const uint32_t slot_end = direction == Direction::kIn ? 0 : out.end(u);
    uint32_t place = in ? in->begin(u) : 0;
    const uint32_t place_end = in ? in->end(u) : 0;
    while (slot < slot_end || place < place_end) {
      const bool by_slot =
          slot < slot_end && (place == place_end || out.nodes[slot] <= in->nodes[place]);
      const uint32_t other = by_slot ? out.nodes[slot] : in->nodes[place];
      uint32_t best = by_slot ? slot : in->slots[place];
      uint8_t way = 0;
      const uint32_t before = slot + place;
      for (; slot < slot_end && out.nodes[slot] == other; ++slot) {
        if (weighted && graph.weights[slot] < graph.weights[best]) best = slot;
        way |= kLeaves;
      }
      for (; place < place_end && in->nodes[place] == other; ++place) {
        const uint32_t entering = in->slots[place];
        if (weighted && graph.weights[entering] < graph.weights[best]) best = entering;
        way |= kEnters;
      }
      if (stop.After(uint64_t{2} * (slot + place - before))) return stop.status();
      if (other == u) continue;
      neighbors->nodes.push_back(other);
      if (weighted) neighbors->slots.push_back(best);
      if (ways) ways->push_back(way);
    }
    if (neighbors->nodes.size() >= Graph::kNone) {
      return Status::Code(SQLITE_NOMEM, "the graph has too many pairs of neighbours");
    }
    if (stop.After(2)) return stop.status();
  }
  neighbors->starts.push_back(static_cast<uint32_t>(neighbors->nodes.size()));
  return stop.status();
}

Status SimpleGraph(const Graph& graph, bool undirected, const StopPoll& poll,
                   std::shared_ptr<const Graph>* simple) {
  Adjacency neighbors;
  Status status =
      SimpleNeighbors(graph, undirected ? Direction::kBoth : Direction::kOut, poll, &neighbors);
  if (!status.ok()) return status;
  auto made = std::make_shared<Graph>();
  made->ids = graph.ids;
  Adjacency& out = made->out;
  out.starts.reserve(neighbors.starts.size());
  out.nodes.reserve(neighbors.nodes.size() / (undirected ? 2 : 1));
  if (!graph.weights.empty()) made->weights.Reserve(out.nodes.capacity());
  Stop stop(poll);
  for (uint32_t u = 0; u < graph.size(); ++u) {
    out.starts.push_back(static_cast<uint32_t>(out.nodes.size()));
    const bool all = stop.Each(neighbors.begin(u), neighbors.end(u), 1, [&](uint32_t i) {
      if (undirected && neighbors.nodes[i] < u) return;
      out.nodes.push_back(neighbors.nodes[i]);
      if (!graph.weights.empty()) made->weights.Append(graph.weights[neighbors.slots[i]]);
    });
    if (!all || stop.After(2)) return stop.status();
  }
  out.starts.push_back(static_cast<uint32_t>(out.nodes.size()));
  *simple = std::move(made);
  return stop.status();
}

}  // namespace vecgraph
