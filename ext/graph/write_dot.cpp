// The language of Graphviz. A node that is only an end of edges has no line of its own.
//
// In a string of DOT only \" is an escape, and a line break beside it is lost; what a label shows
// knows \\ and \n and the entities of HTML besides. So a line break is \n and a backslash doubled,
// and an id that would be shown otherwise than it is gets a label: also one that begins with %,
// which Graphviz takes as a name of its own making.
#include "graph/writing.h"

#include "base/utf8.h"

namespace vecgraph {
namespace {

void AppendQuoted(std::string_view text, bool is_label, std::string* out) {
  *out += '"';
  for (const char c : ValidUtf8(text)) {
    if (c == '"' || c == '\\') *out += '\\';
    if (is_label && c == '&') {
      *out += "&amp;";
    } else if (c == '\n') {
      *out += "\\n";
    } else {
      *out += c;
    }
  }
  *out += '"';
}

bool IsLabel(std::string_view name) {
  constexpr std::string_view kLabel = "label";
  return name.size() >= kLabel.size() && name.substr(name.size() - kLabel.size()) == kLabel;
}

void AppendPair(const Attribute& attribute, std::string* out) {
  AppendQuoted(attribute.name, false, out);
  *out += '=';
  AppendQuoted(attribute.Text(), IsLabel(attribute.name), out);
}

// " [name=value, ...]", or nothing.
void AppendList(const Attributes& attributes, std::string* out) {
  const char* before = " [";
  for (const Attribute& attribute : attributes) {
    *out += before;
    AppendPair(attribute, out);
    before = ", ";
  }
  if (!attributes.empty()) *out += ']';
}

// The attributes of the graph; an object under `node` or `edge` is what all of these have.
Status WriteGraphAttributes(Writing* writing, AttributeReader* reader) {
  for (const Attribute& attribute : writing->graph) {
    const bool all = attribute.name == "node" || attribute.name == "edge";
    writing->out += "  ";
    if (all && attribute.kind == Attribute::Kind::kJson) {
      Attributes defaults;
      Status status = reader->Read(attribute.text, &defaults);
      if (!status.ok()) return Within(attribute.name, status);
      writing->out += attribute.name;
      AppendList(defaults, &writing->out);
    } else {
      AppendPair(attribute, &writing->out);
    }
    writing->out += ";\n";
  }
  return Status::Ok();
}

}  // namespace

Status WriteDot(Writing* writing) {
  const Listing& listing = writing->listing;
  std::string& out = writing->out;
  out = writing->directed ? "digraph {\n" : "graph {\n";
  Status status = WriteGraphAttributes(writing, writing->reader());
  std::string id;
  Attributes attributes;
  for (const Listing::Node& node : listing.nodes()) {
    if (status.ok()) status = writing->ReadTextId(node.id, &id);
    if (status.ok()) status = writing->Read(node, &attributes);
    if (status.ok()) status = writing->Pause();
    if (!status.ok()) return status;
    const bool differs = id.find_first_of("\\&\n") != std::string::npos || id.starts_with('%');
    if (differs && !FindAttribute(attributes, "label")) {
      Attribute label;
      label.name = "label";
      label.text = id;
      attributes.insert(attributes.begin(), std::move(label));
    }
    if (attributes.empty() && !node.given) continue;
    out += "  ";
    AppendQuoted(id, false, &out);
    AppendList(attributes, &out);
    out += ";\n";
  }
  const char* const arrow = writing->directed ? " -> " : " -- ";
  std::string target;
  for (const Listing::Edge& edge : listing.edges()) {
    if (status.ok()) status = writing->ReadId(edge.source, &id);
    if (status.ok()) status = writing->ReadId(edge.target, &target);
    if (status.ok()) status = writing->Read(edge, &attributes);
    if (status.ok()) status = writing->Pause();
    if (!status.ok()) return status;
    out += "  ";
    AppendQuoted(id, false, &out);
    out += arrow;
    AppendQuoted(target, false, &out);
    AppendList(attributes, &out);
    out += ";\n";
  }
  out += '}';
  return status;
}

}  // namespace vecgraph
