// Writing: a listed graph on its way to a text, and the formats it is written in.
//
// A writer appends to `out` and calls Pause() after each node and edge, which sees to interrupts
// and to the longest text that the connection allows. A label is the attribute `label`. What a
// format cannot hold is '?' in a label or attribute and an error in an id.
// Threads: as the connection.
#pragma once

#include <string>

#include "graph/attributes.h"
#include "graph/listing.h"

namespace vecgraph {

class Writing {
 public:
  Writing(const Listing* listing, AttributeReader* reader, StopPoll poll, size_t most)
      : listing(*listing), reader_(reader), poll_(std::move(poll)), most_(most) {}

  const Listing& listing;
  bool directed = true;
  Attributes graph;  // of the graph itself
  std::string out;

  // Label and attributes of a node or edge, by name.
  Status Read(const Listing::Node& node, Attributes* all) const;
  Status Read(const Listing::Edge& edge, Attributes* all) const;
  // The error of an edge or node begins with which it is.
  std::string NameOf(const Listing::Node& node) const;
  std::string NameOf(const Listing::Edge& edge) const;
  // The text of an id. An error: it is a text that is no UTF-8 or holds NUL.
  Status ReadId(uint32_t node, std::string* text) const;
  // The same for formats in which ids are texts: an error if another id has the same text.
  Status ReadTextId(uint32_t node, std::string* text) const;

  AttributeReader* reader() const { return reader_; }
  Status Pause();

 private:
  Status ReadBoth(uint32_t label, uint32_t attributes, Attributes* all) const;

  AttributeReader* reader_;
  StopPoll poll_;
  size_t most_;
  size_t since_poll_ = 0;  // the length of `out` at the last one
  unsigned calls_ = 0;
};

Status WriteDot(Writing* writing);
Status WriteMermaid(Writing* writing);
Status WriteGraphml(Writing* writing);
Status WriteNodeLink(Writing* writing);

}  // namespace vecgraph
