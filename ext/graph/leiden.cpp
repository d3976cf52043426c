#include "graph/leiden.h"

#include <numeric>

#include "graph/stop.h"

namespace vecgraph {
namespace {

// Passes after the first gain little, and each takes nearly as long.
constexpr int kMostPasses = 10;

// A part of a community while it is put together.
struct Part {
  double strength = 0;
  double outside = 0;  // weight of its edges to the rest of the community
  double links = 0;    // to the node that is looked at; 0 between nodes
  uint32_t nodes = 1;
};

std::vector<uint32_t> Singles(uint32_t count) {
  std::vector<uint32_t> singles(count);
  std::iota(singles.begin(), singles.end(), 0U);
  return singles;
}

// Divides communities into parts: a node that is still alone joins the part of its community with
// which modularity rises most, if both it and the part are well connected with the rest of the
// community: by no less than chance would have it.
Status Refine(const JoinGraph& graph, double resolution, const std::vector<uint32_t>& community,
              Random* random, const StopPoll& poll, std::vector<uint32_t>* refined) {
  *refined = Singles(graph.size());
  const double share = resolution / graph.total;
  Stop stop(poll);
  std::vector<Part> parts(graph.size());
  std::vector<double> strengths(graph.size());  // of communities
  for (uint32_t node = 0; node < graph.size(); ++node) {
    parts[node].strength = graph.strengths[node];
    strengths[community[node]] += graph.strengths[node];
    const bool added = stop.Each(graph.begin(node), graph.end(node), 2, [&](uint64_t i) {
      if (community[graph.nodes[i]] == community[node]) parts[node].outside += graph.weight(i);
    });
    if (!added || stop.After(4)) return stop.status();
  }
  const auto well_connected = [&](const Part& part, double whole) {
    return part.outside >= share * part.strength * (whole - part.strength);
  };
  std::vector<uint32_t> touched;
  std::vector<uint32_t> order;
  Status status = random->Order(graph.size(), &stop, &order);
  if (!status.ok()) return status;
  for (const uint32_t node : order) {
    Part& own = parts[node];
    const double whole = strengths[community[node]];
    if (own.nodes != 1 || !well_connected(own, whole)) continue;
    touched.clear();
    const bool added = stop.Each(graph.begin(node), graph.end(node), 4, [&](uint64_t i) {
      const uint32_t other = graph.nodes[i];
      if (community[other] != community[node]) return;
      Part& part = parts[(*refined)[other]];
      if (part.links == 0) touched.push_back((*refined)[other]);
      part.links += graph.weight(i);
    });
    uint32_t best = node;
    double gain = 0;
    const bool compared = added && stop.Each(size_t{0}, touched.size(), 2, [&](size_t i) {
      const Part& part = parts[touched[i]];
      const double here = part.links - share * own.strength * part.strength;
      if ((here > gain || (here == gain && best == node)) && well_connected(part, whole)) {
        gain = here;
        best = touched[i];
      }
    });
    if (!compared) return stop.status();
    if (best != node) {
      Part& part = parts[best];
      part.strength += own.strength;
      part.outside += own.outside - 2 * part.links;
      ++part.nodes;
      own.nodes = 0;
      (*refined)[node] = best;
    }
    for (const uint32_t p : touched) parts[p].links = 0;
    if (stop.After(4 + touched.size())) return stop.status();
  }
  return Status::Ok();
}

// Divides communities into what is connected.
Status Split(const JoinGraph& graph, const StopPoll& poll, std::vector<uint32_t>* community) {
  Stop stop(poll);
  std::vector<uint32_t> component(graph.size(), Graph::kNone);
  std::vector<uint32_t> stack;
  for (uint32_t root = 0; root < graph.size(); ++root) {
    if (component[root] != Graph::kNone) continue;
    component[root] = root;
    stack.push_back(root);
    while (!stack.empty()) {
      const uint32_t node = stack.back();
      stack.pop_back();
      const bool added = stop.Each(graph.begin(node), graph.end(node), 2, [&](uint64_t i) {
        const uint32_t other = graph.nodes[i];
        if (component[other] != Graph::kNone || (*community)[other] != (*community)[node]) return;
        component[other] = root;
        stack.push_back(other);
      });
      if (!added || stop.After(4)) return stop.status();
    }
  }
  *community = std::move(component);
  return Status::Ok();
}

// One pass: makes `levels` anew and `community`, by node of `whole`, better.
Status Improve(const JoinGraph& whole, const CommunityOptions& options, Random* random,
               const StopPoll& poll, std::vector<uint32_t>* community, CommunityLevels* levels,
               bool* better) {
  levels->clear();
  *better = false;
  const JoinGraph* graph = &whole;
  JoinGraph grouped;
  std::vector<uint32_t> group = Singles(whole.size());  // the node of `graph` that a node is in
  for (;;) {
    uint64_t moves = 0;
    Status status = MoveNodes(*graph, options.resolution, random, poll, community, &moves);
    uint32_t count = 0;
    if (status.ok()) status = Renumber(poll, community, &count);
    if (!status.ok()) return status;
    *better = *better || moves > 0;
    if (count == graph->size()) return status;  // as the last level says
    std::vector<uint32_t> refined;
    count = graph->size();
    if (levels->size() + 1 < options.most_levels) {
      status = Refine(*graph, options.resolution, *community, random, poll, &refined);
      if (status.ok()) status = Renumber(poll, &refined, &count);
      if (!status.ok()) return status;
    }
    if (count == graph->size()) {
      // The last level that is wanted, or none of the communities could be put together again.
      status = Split(*graph, poll, community);
      if (status.ok()) status = Renumber(poll, community, &count);
      return status.ok() ? AppendLevel(*community, poll, &group, levels) : std::move(status);
    }
    status = AppendLevel(refined, poll, &group, levels);
    if (!status.ok()) return status;
    std::vector<uint32_t> next(count);
    for (uint32_t node = 0; node < graph->size(); ++node) next[refined[node]] = (*community)[node];
    *community = std::move(next);
    status = Aggregate(*graph, refined, count, poll, &grouped);
    if (!status.ok()) return status;
    graph = &grouped;
  }
}

}  // namespace

Status Leiden(const Graph& graph, const CommunityOptions& options, const StopPoll& poll,
              CommunityLevels* levels) {
  levels->clear();
  if (options.most_levels == 0) return Status::Ok();
  Random random(options.seed);
  JoinGraph whole;
  Status status = MakeJoinGraph(graph, poll, &whole);
  if (!status.ok()) return status;
  std::vector<uint32_t> community = Singles(whole.size());
  bool better = true;
  for (int pass = 0; better && pass < kMostPasses; ++pass) {
    CommunityLevels found;
    status = Improve(whole, options, &random, poll, &community, &found, &better);
    if (!status.ok()) return status;
    *levels = std::move(found);
    community = levels->empty() ? Singles(whole.size()) : levels->back();
  }
  return status;
}

}  // namespace vecgraph
