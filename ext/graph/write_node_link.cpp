// Node-link JSON, as networkx and D3 read it: one object with nodes and links.
#include "base/json_text.h"
#include "graph/writing.h"

namespace vecgraph {
namespace {

Status AppendId(Writing* writing, uint32_t node) {
  std::string text;
  Status status = writing->ReadId(node, &text);
  if (status.ok()) writing->out += AttributeOf("", writing->listing.id(node)).Json();
  return status;
}

// ,"name":value for each; those that the format itself has are an error.
Status AppendMembers(const Attributes& attributes, std::initializer_list<const char*> taken,
                     std::string* out) {
  for (const Attribute& attribute : attributes) {
    for (const char* const name : taken) {
      if (attribute.name != name) continue;
      return Status::Error(
          Format("the attribute %s has the name of an end or id: rename it", name));
    }
    out->append(",").append(JsonQuote(attribute.name)).append(":").append(attribute.Json());
  }
  return Status::Ok();
}

}  // namespace

Status WriteNodeLink(Writing* writing) {
  const Listing& listing = writing->listing;
  std::string& out = writing->out;
  out = std::string("{\"directed\":") + (writing->directed ? "true" : "false") +
        ",\"multigraph\":true,\"graph\":{";
  const char* before = "";
  for (const Attribute& attribute : writing->graph) {
    out.append(before).append(JsonQuote(attribute.name)).append(":").append(attribute.Json());
    before = ",";
  }
  out += "},\"nodes\":[";
  before = "";
  Attributes attributes;
  for (const Listing::Node& node : listing.nodes()) {
    out.append(before).append("{\"id\":");
    before = ",";
    Status status = AppendId(writing, node.id);
    if (status.ok()) status = writing->Read(node, &attributes);
    if (status.ok())
      status = Within(writing->NameOf(node), AppendMembers(attributes, {"id"}, &out));
    if (status.ok()) status = writing->Pause();
    if (!status.ok()) return status;
    out += '}';
  }
  out += "],\"links\":[";
  before = "";
  for (const Listing::Edge& edge : listing.edges()) {
    out.append(before).append("{\"source\":");
    before = ",";
    Status status = AppendId(writing, edge.source);
    out += ",\"target\":";
    if (status.ok()) status = AppendId(writing, edge.target);
    if (status.ok()) status = writing->Read(edge, &attributes);
    if (status.ok()) {
      status = Within(writing->NameOf(edge), AppendMembers(attributes, {"source", "target"}, &out));
    }
    if (status.ok()) status = writing->Pause();
    if (!status.ok()) return status;
    out += '}';
  }
  out += "]}";
  return Status::Ok();
}

}  // namespace vecgraph
