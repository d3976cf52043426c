// GraphML. Every attribute is declared with one type for all nodes, or all edges: long, double or
// boolean if each of its values is such, otherwise string. So attributes are read twice.
#include <cmath>
#include <map>

#include "base/utf8.h"
#include "graph/writing.h"

namespace vecgraph {
namespace {

// XML 1.0 has no control characters but three, nor U+FFFE and U+FFFF.
bool IsXml(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1)
    return first >= 0x20 || first == '\t' || first == '\n' || first == '\r';
  return character != "\xef\xbf\xbe" && character != "\xef\xbf\xbf";
}

// `text` between quotes or tags; '?' for what XML cannot hold. `*faithful`, if wanted: none was.
void AppendEscaped(std::string_view text, std::string* out, bool* faithful = nullptr) {
  const std::string valid = ValidUtf8(text);
  for (std::string_view rest = valid; !rest.empty();) {
    const std::string_view character = rest.substr(0, Utf8Length(rest));
    rest.remove_prefix(character.size());
    if (!IsXml(character)) {
      *out += '?';
      if (faithful) *faithful = false;
      continue;
    }
    switch (character[0]) {
      case '&':
        *out += "&amp;";
        break;
      case '<':
        *out += "&lt;";
        break;
      case '>':
        *out += "&gt;";
        break;
      case '"':
        *out += "&quot;";
        break;
      // A reader makes blanks of these otherwise.
      case '\t':
      case '\n':
      case '\r':
        *out += "&#" + std::to_string(character[0]) + ';';
        break;
      default:
        *out += character;
    }
  }
}

enum class Type { kLong, kDouble, kBoolean, kString };
constexpr const char* kTypeNames[] = {"long", "double", "boolean", "string"};

Type TypeOf(const Attribute& attribute) {
  switch (attribute.kind) {
    case Attribute::Kind::kInteger:
      return Type::kLong;
    case Attribute::Kind::kReal:
      return Type::kDouble;
    case Attribute::Kind::kBoolean:
      return Type::kBoolean;
    default:
      return Type::kString;
  }
}

struct Key {
  Type type;
  size_t number = 0;
};

// The attributes of all nodes, of all edges, or of the graph.
class Keys {
 public:
  explicit Keys(const char* what) : what_(what) {}

  void Note(const Attributes& attributes) {
    for (const Attribute& attribute : attributes) {
      const Type type = TypeOf(attribute);
      const auto [key, is_new] = keys_.try_emplace(attribute.name, Key{type});
      Type& known = key->second.type;
      if (is_new || known == type) continue;
      const bool numbers = known <= Type::kDouble && type <= Type::kDouble;
      known = numbers ? Type::kDouble : Type::kString;
    }
  }

  void Declare(std::string* out) {
    for (auto& [name, key] : keys_) {
      key.number = next_++;
      *out += "  <key id=\"" + IdOf(key) + "\" for=\"" + what_ + "\" attr.name=\"";
      AppendEscaped(name, out);
      *out += std::string("\" attr.type=\"") + kTypeNames[static_cast<int>(key.type)] + "\"/>\n";
    }
  }

  void Append(const Attributes& attributes, std::string* out) const {
    for (const Attribute& attribute : attributes) {
      const Key& key = keys_.find(attribute.name)->second;
      const bool infinite = attribute.kind == Attribute::Kind::kReal && key.type == Type::kDouble &&
                            std::isinf(attribute.real);
      *out += "<data key=\"" + IdOf(key) + "\">";
      AppendEscaped(infinite ? (attribute.real > 0 ? "INF" : "-INF") : attribute.Text(), out);
      *out += "</data>";
    }
  }

 private:
  std::string IdOf(const Key& key) const { return what_[0] + std::to_string(key.number); }

  const char* what_;
  std::map<std::string, Key> keys_;
  size_t next_ = 0;
};

// Reads what all nodes, or all edges, have.
template <class Elements>
Status NoteAll(Writing* writing, const Elements& elements, Keys* keys) {
  Attributes attributes;
  for (const auto& element : elements) {
    Status status = writing->Read(element, &attributes);
    if (status.ok()) status = writing->Pause();
    if (!status.ok()) return status;
    keys->Note(attributes);
  }
  return Status::Ok();
}

Status AppendId(Writing* writing, uint32_t node, bool checked) {
  std::string id;
  Status status = checked ? writing->ReadId(node, &id) : writing->ReadTextId(node, &id);
  bool faithful = true;
  if (status.ok()) AppendEscaped(id, &writing->out, &faithful);
  if (faithful) return status;
  return Status::Error("the id " + writing->listing.id(node).Label() +
                       " holds a character that XML cannot hold");
}

}  // namespace

Status WriteGraphml(Writing* writing) {
  const Listing& listing = writing->listing;
  std::string& out = writing->out;
  Keys of_graph("graph");
  Keys of_nodes("node");
  Keys of_edges("edge");
  of_graph.Note(writing->graph);
  Status status = NoteAll(writing, listing.nodes(), &of_nodes);
  if (status.ok()) status = NoteAll(writing, listing.edges(), &of_edges);
  if (!status.ok()) return status;
  out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n";
  for (Keys* keys : {&of_graph, &of_nodes, &of_edges}) keys->Declare(&out);
  out += std::string("  <graph edgedefault=\"") + (writing->directed ? "" : "un") + "directed\">\n";
  if (!writing->graph.empty()) {
    out += "    ";
    of_graph.Append(writing->graph, &out);
    out += '\n';
  }
  Attributes attributes;
  for (const Listing::Node& node : listing.nodes()) {
    out += "    <node id=\"";
    status = AppendId(writing, node.id, false);
    if (status.ok()) status = writing->Read(node, &attributes);
    if (status.ok()) status = writing->Pause();
    if (!status.ok()) return status;
    out += attributes.empty() ? "\"/>\n" : "\">";
    of_nodes.Append(attributes, &out);
    if (!attributes.empty()) out += "</node>\n";
  }
  for (const Listing::Edge& edge : listing.edges()) {
    out += "    <edge source=\"";
    status = AppendId(writing, edge.source, true);
    out += "\" target=\"";
    if (status.ok()) status = AppendId(writing, edge.target, true);
    if (status.ok()) status = writing->Read(edge, &attributes);
    if (status.ok()) status = writing->Pause();
    if (!status.ok()) return status;
    out += attributes.empty() ? "\"/>\n" : "\">";
    of_edges.Append(attributes, &out);
    if (!attributes.empty()) out += "</edge>\n";
  }
  out += "  </graph>\n</graphml>";
  return status;
}

}  // namespace vecgraph
