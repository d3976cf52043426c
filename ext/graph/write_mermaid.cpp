// A flowchart of Mermaid. Nodes are n0, n1, ... in the order of their ids, since an id may be a
// word of the language; what people see is the label, or the id.
//
// In a quoted text Mermaid takes #35; for the character 35. Everything but letters, digits, blanks
// and a few marks is written so: quotes end a text, # begins a code, < and & are HTML, ` is
// Markdown, $$ a formula, %% a comment, and "style ...:...#...;" is cut by its preprocessor.
#include <cstring>

#include "base/utf8.h"
#include "graph/writing.h"

namespace vecgraph {
namespace {

void AppendQuoted(std::string_view text, std::string* out) {
  *out += '"';
  // An empty text is a syntax error.
  if (text.empty()) *out += ' ';
  for (const char c : ValidUtf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 || (byte >= '0' && byte <= '9') ||
                       (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                       std::strchr(" -_.,+/()'!?=", c);
    if (c == '\n') {
      *out += "<br/>";
    } else if (plain) {
      *out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      *out += c == '\t' ? ' ' : '?';
    } else {
      *out += '#' + std::to_string(byte) + ';';
    }
  }
  *out += '"';
}

Status ReadWay(const Attributes& graph, std::string* way) {
  const Attribute* const rankdir = FindAttribute(graph, "rankdir");
  if (!rankdir) return Status::Ok();
  for (const char* known : {"TB", "TD", "BT", "LR", "RL"}) {
    if (rankdir->text != known) continue;
    *way = known;
    return Status::Ok();
  }
  return Status::Error("rankdir must be TB, BT, LR or RL, found " + rankdir->Json());
}

}  // namespace

Status WriteMermaid(Writing* writing) {
  const Listing& listing = writing->listing;
  std::string& out = writing->out;
  std::string way = "TB";
  Status status = ReadWay(writing->graph, &way);
  out = "flowchart " + way;
  Attributes attributes;
  for (const Listing::Node& node : listing.nodes()) {
    if (status.ok()) status = writing->Read(node, &attributes);
    if (status.ok()) status = writing->Pause();
    if (!status.ok()) return status;
    const Attribute* const label = FindAttribute(attributes, "label");
    out += "\n  n" + std::to_string(node.id) + '[';
    AppendQuoted((label ? *label : AttributeOf("", listing.id(node.id))).Text(), &out);
    out += ']';
  }
  for (const Listing::Edge& edge : listing.edges()) {
    if (status.ok()) status = writing->Read(edge, &attributes);
    if (status.ok()) status = writing->Pause();
    if (!status.ok()) return status;
    out += "\n  n" + std::to_string(edge.source) + (writing->directed ? " -->" : " ---");
    const Attribute* const label = FindAttribute(attributes, "label");
    if (label) {
      out += '|';
      AppendQuoted(label->Text(), &out);
      out += '|';
    }
    out += " n" + std::to_string(edge.target);
  }
  return status;
}

}  // namespace vecgraph
