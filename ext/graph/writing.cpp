#include "graph/writing.h"

#include "base/utf8.h"

namespace vecgraph {

Status Writing::ReadBoth(uint32_t label, uint32_t attributes, Attributes* all) const {
  all->clear();
  Status status;
  if (attributes != Listing::kNone) {
    status = reader_->Read(listing.word(attributes).bytes, all);
  }
  if (!status.ok() || label == Listing::kNone) return status;
  if (FindAttribute(*all, "label")) {
    return Status::Error("label is given twice, alone and among the attributes");
  }
  all->insert(all->begin(), AttributeOf("label", listing.word(label)));
  return status;
}

Status Writing::Read(const Listing::Node& node, Attributes* all) const {
  Status status = ReadBoth(node.label, node.attributes, all);
  if (status.ok()) return status;
  return Within(NameOf(node), status);
}

Status Writing::Read(const Listing::Edge& edge, Attributes* all) const {
  Status status = ReadBoth(edge.label, edge.attributes, all);
  if (status.ok()) return status;
  return Within(NameOf(edge), status);
}

std::string Writing::NameOf(const Listing::Node& node) const {
  return "node " + listing.id(node.id).Label();
}

std::string Writing::NameOf(const Listing::Edge& edge) const {
  return "the edge from " + listing.id(edge.source).Label() + " to " +
         listing.id(edge.target).Label();
}

Status Writing::ReadId(uint32_t node, std::string* text) const {
  const ValueRef id = listing.id(node);
  *text = AttributeOf("", id).Text();
  if (id.type != SQLITE_TEXT || ValidUtf8(*text) == *text) return Status::Ok();
  return Status::Error("the id " + id.Label() + " holds NUL or bytes that are no UTF-8");
}

Status Writing::ReadTextId(uint32_t node, std::string* text) const {
  Status status = ReadId(node, text);
  const ValueRef id = listing.id(node);
  if (!status.ok() || id.type == SQLITE_TEXT) return status;
  ValueRef twin;
  twin.type = SQLITE_TEXT;
  twin.bytes = *text;
  if (!listing.HasId(twin)) return status;
  return Status::Error(Format("the ids %s and '%s' would be written alike: make them differ",
                              id.Label().c_str(), text->c_str()));
}

Status Writing::Pause() {
  if (out.size() > most_) return Status::Code(SQLITE_TOOBIG, "string or blob too big");
  if (++calls_ < 256 && out.size() - since_poll_ < (1 << 18)) return Status::Ok();
  calls_ = 0;
  since_poll_ = out.size();
  const int code = poll_();
  return code == SQLITE_OK ? Status::Ok() : Status::Code(code, "interrupted");
}

}  // namespace vecgraph
