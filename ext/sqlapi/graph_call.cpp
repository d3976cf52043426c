#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numeric>

#include "graph/simple.h"
#include "sqlapi/graph_function.h"
#include "sqlapi/options.h"
#include "sqlapi/pointers.h"

namespace vecgraph {
namespace {

// A value as an error shows it.
std::string Shown(sqlite3_value* value) {
  const ValueRef ref = ValueRef::Of(value);
  return ref.type == SQLITE_BLOB ? "BLOB" : ref.Label();
}

bool LooksLikeJson(sqlite3_value* value) {
  if (sqlite3_value_type(value) != SQLITE_TEXT) return false;
  const std::string_view text = TextOf(value);
  return !text.empty() && (text[0] == '[' || text[0] == '{');
}

Status WrongJson(const char* argument) {
  return Status::Error(
      Format("%s: give an id, a JSON array of ids or of {\"id\": ..., \"weight\": ...}, or a JSON "
             "object {id: weight}",
             argument));
}

}  // namespace

bool ReadIntegerKey(std::string_view key, int64_t* integer) {
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), *integer);
  return error == std::errc() && end == key.data() + key.size() && std::to_string(*integer) == key;
}

int GraphCall::PlaceOf(std::string_view argument) const {
  for (size_t i = 0; i < function_->arguments.size(); ++i) {
    if (argument == function_->arguments[i]) return static_cast<int>(i);
  }
  return -1;
}

sqlite3_value* GraphCall::Given(const char* argument) const {
  const int place = PlaceOf(argument);
  sqlite3_value* const value = place < 0 ? nullptr : values_[static_cast<size_t>(place)];
  return value && sqlite3_value_type(value) != SQLITE_NULL ? value : nullptr;
}

Status GraphCall::Text(const char* argument, std::string* text) const {
  sqlite3_value* const value = Given(argument);
  if (!value) return Status::Ok();
  if (sqlite3_value_type(value) != SQLITE_TEXT) {
    return Status::Error(Format("%s must be text, found %s", argument, Shown(value).c_str()));
  }
  *text = TextOf(value);
  return Status::Ok();
}

Status GraphCall::Count(const char* argument, uint64_t* count) const {
  const int place = PlaceOf(argument);
  if (place < 0) return Status::Ok();
  if (sqlite3_value* const value = Given(argument)) {
    int64_t number = 0;
    if (!ReadCount(value, &number)) {
      return Status::Error(
          Format("%s must be an integer of 0 or more, found %s", argument, Shown(value).c_str()));
    }
    *count = static_cast<uint64_t>(number);
  }
  const double bound = std::max(bounds_[static_cast<size_t>(place)], 0.0);
  if (bound < static_cast<double>(*count)) *count = static_cast<uint64_t>(bound);
  return Status::Ok();
}

Status GraphCall::Real(const char* argument, double least, double below, double* number) const {
  const int place = PlaceOf(argument);
  if (place < 0) return Status::Ok();
  if (sqlite3_value* const value = Given(argument)) {
    const int type = sqlite3_value_type(value);
    const double real = sqlite3_value_double(value);
    if ((type != SQLITE_INTEGER && type != SQLITE_FLOAT) || !(real >= least && real < below)) {
      const std::string range = below < 1e300 ? Format("from %g to below %g", least, below)
                                              : Format("of %g or more", least);
      return Status::Error(Format("%s must be a number %s, found %s", argument, range.c_str(),
                                  Shown(value).c_str()));
    }
    *number = real;
  }
  const double bound = std::max(bounds_[static_cast<size_t>(place)], least);
  *number = std::min(*number, bound);
  return Status::Ok();
}

Status GraphCall::Flag(const char* argument, bool* flag) const {
  sqlite3_value* const value = Given(argument);
  int64_t number = 0;
  if (!value) return Status::Ok();
  if (!ReadCount(value, &number) || number > 1) {
    return Status::Error(Format("%s must be 0 or 1, found %s", argument, Shown(value).c_str()));
  }
  *flag = number == 1;
  return Status::Ok();
}

Status GraphCall::Choice(const char* argument, std::span<const char* const> words,
                         int* choice) const {
  sqlite3_value* const value = Given(argument);
  if (!value) return Status::Ok();
  std::string all;
  const bool is_text = sqlite3_value_type(value) == SQLITE_TEXT;
  for (size_t i = 0; i < words.size(); ++i) {
    if (is_text && TextOf(value) == words[i]) {
      *choice = static_cast<int>(i);
      return Status::Ok();
    }
    all += (i > 0 ? ", " : "") + std::string(words[i]);
  }
  return Status::Error(
      Format("unknown %s %s (there are %s)", argument, Shown(value).c_str(), all.c_str()));
}

Status GraphCall::ReadDirection(Direction* direction) const {
  // The words of other graph extensions mean the same.
  static constexpr const char* kWords[] = {"out", "in", "both", "forward", "reverse", "any"};
  int choice = -1;
  Status status = Choice("direction", kWords, &choice);
  if (status.ok() && choice >= 0) *direction = static_cast<Direction>(choice % 3);
  return status;
}

Status GraphCall::ReadIn(sqlite3_value* list) {
  InterruptPoll interrupt;
  sqlite3_value* value = nullptr;
  int rc = sqlite3_vtab_in_first(list, &value);
  for (int64_t n = 1; rc == SQLITE_OK && value; rc = sqlite3_vtab_in_next(list, &value), ++n) {
    in_values_.Append(ValueRef::Of(value));
    if (n % 1024 != 0) continue;
    if (const int code = interrupt.PollOn(db())) return Status::Code(code, "interrupted");
  }
  return rc == SQLITE_OK || rc == SQLITE_DONE
             ? Status::Ok()
             : Status::Code(rc, "the list of an IN cannot be read");
}

void GraphCall::ReadBound(int place, sqlite3_value* value) {
  const int type = sqlite3_value_type(value);
  double& bound = bounds_[static_cast<size_t>(place)];
  if (type == SQLITE_FLOAT) bound = std::min(bound, sqlite3_value_double(value));
  if (type == SQLITE_INTEGER) {
    // The conversion may round down.
    const auto integer = static_cast<double>(sqlite3_value_int64(value));
    bound = std::min(bound, std::nextafter(integer, 1e300));
  }
}

Status GraphCall::ReadJsonStart(const char* argument, std::string_view json, Start* start) const {
  const bool by_key = json[0] == '{';
  Statement rows;
  Status status = rows.Prepare(
      db(), by_key ? "SELECT key, atom, type FROM json_each(?1)"
                   : "SELECT CASE type WHEN 'object' THEN json_extract(value, '$.id') ELSE atom "
                     "END, CASE type WHEN 'object' THEN json_extract(value, '$.weight') END, type "
                     "FROM json_each(?1)");
  if (!status.ok()) return status;
  rows.BindText(1, json);
  int rc;
  while ((rc = rows.Step()) == SQLITE_ROW) {
    const ValueRef id = ValueRef::Of(sqlite3_column_value(rows.get(), 0));
    const ValueRef weight = ValueRef::Of(sqlite3_column_value(rows.get(), 1));
    const std::string type = rows.Text(2);
    if (id.is_null() || type == "true" || type == "false") return WrongJson(argument);
    double number = 1;
    if (weight.type == SQLITE_INTEGER) number = static_cast<double>(weight.integer);
    if (weight.type == SQLITE_FLOAT) number = weight.real;
    const bool is_number = weight.type == SQLITE_INTEGER || weight.type == SQLITE_FLOAT;
    if ((!is_number && (by_key || !weight.is_null())) || !(number >= 0 && number < 1e300)) {
      return Status::Error(Format("%s: the weight of %s must be a number of 0 or more, found %s",
                                  argument, id.Label().c_str(), weight.Label().c_str()));
    }
    start->ids.Append(id);
    start->weights.push_back(number);
    start->keys.push_back(by_key);
  }
  if (rc == SQLITE_DONE) return Status::Ok();
  return rc == SQLITE_ERROR ? WrongJson(argument) : DatabaseError(db(), rc, argument);
}

Status GraphCall::ReadStart(const char* argument, Start* start) const {
  const auto add = [&](const ValueRef& id) {
    if (id.is_null()) return;
    start->ids.Append(id);
    start->weights.push_back(1);
    start->keys.push_back(false);
  };
  if (in_ >= 0 && in_ == PlaceOf(argument)) {
    InterruptPoll interrupt;
    const StopPoll poll = [&] { return interrupt.PollOn(db()); };
    Stop stop(poll);
    stop.Each(size_t{0}, in_values_.size(), 16, [&](size_t i) { add(in_values_[i]); });
    return stop.status();
  }
  sqlite3_value* const value = Given(argument);
  if (value && LooksLikeJson(value)) return ReadJsonStart(argument, TextOf(value), start);
  if (value) add(ValueRef::Of(value));
  return Status::Ok();
}

Status GraphCall::ReadNodeIn(const std::shared_ptr<const Graph>& graph, const StopPoll& poll,
                             std::vector<uint32_t>* nodes) const {
  const int place = PlaceOf("node_in");
  if (in_ != place && !values_[static_cast<size_t>(place)]) {
    nodes->resize(graph->size());
    std::iota(nodes->begin(), nodes->end(), 0U);
    return Status::Ok();
  }
  Start start;
  GraphWalk walk(graph, Direction::kOut);
  Status status = ReadStart("node_in", &start);
  if (status.ok()) status = FindStart(start, &walk, poll, nodes);
  return status.ok() ? PolledSort(poll, nodes) : std::move(status);
}

Status GraphCall::ReadTable(const char* argument, std::string* text, bool* is_query) const {
  const int place = PlaceOf(argument);
  sqlite3_value* const value = place < 0 ? nullptr : values_[static_cast<size_t>(place)];
  if (!value) return Status::Ok();
  if (const char* query = QueryOf(value)) {
    *text = query;
    *is_query = true;
    return Status::Ok();
  }
  if (sqlite3_value_type(value) == SQLITE_TEXT) {
    *text = TextOf(value);
    if (!text->empty()) return Status::Ok();
  }
  if (sqlite3_value_type(value) == SQLITE_NULL && place > 0) return Status::Ok();
  return Status::Error(
      Format("%s must be the name of a table or view, or db_query('SELECT ...'), found %s",
             argument, Shown(value).c_str()));
}

Status GraphCall::ReadRequest(EdgeRequest* request) const {
  Status status = ReadTable("edge_table", &request->source, &request->source_is_query);
  if (status.ok()) {
    status = ReadTable("node_table", &request->node_table, &request->node_table_is_query);
  }
  if (status.ok()) status = Text("src_col", &request->src_col);
  if (status.ok()) status = Text("dst_col", &request->dst_col);
  if (status.ok()) status = Text("weight_col", &request->weight_col);
  if (status.ok()) status = Text("type_col", &request->type_col);
  if (status.ok()) status = Text("edge_id_col", &request->edge_id_col);
  if (status.ok()) status = Text("id_col", &request->id_col);
  if (!status.ok()) return status;
  if (sqlite3_value* types = Given("types")) {
    Statement array;
    status = array.Prepare(db(), "SELECT json_type(?1) = 'array'");
    if (!status.ok()) return status;
    array.BindValue(1, types);
    const int rc = array.Step();
    // Text that is no JSON is SQLITE_ERROR. (json_valid() calls text so when memory runs out.)
    if (rc != SQLITE_ROW && rc != SQLITE_ERROR) return DatabaseError(db(), rc, "reading types");
    if (rc != SQLITE_ROW || array.Int(0) == 0) {
      return Status::Error(
          Format("types must be a JSON array, as '[\"uses\"]', found %s", Shown(types).c_str()));
    }
    request->types = TextOf(types);
  }
  if (sqlite3_value* policy = Given("null_weight")) {
    if (sqlite3_value_type(policy) == SQLITE_TEXT) {
      static constexpr const char* kWords[] = {"error", "skip"};
      int choice = 0;
      status = Choice("null_weight", kWords, &choice);
      request->null_weight.policy = static_cast<NullWeight::Policy>(choice);
    } else {
      request->null_weight.policy = NullWeight::Policy::kValue;
      status = Real("null_weight", 0, 1e301, &request->null_weight.value);
    }
  }
  return status;
}

Status GraphCall::Open(EdgeReader* reader, Direction direction) const {
  EdgeRequest request;
  request.direction = direction;
  Status status = ReadRequest(&request);
  return status.ok() ? reader->Open(request) : std::move(status);
}

Status GraphCall::LoadAll(EdgeReader* reader, std::shared_ptr<const Graph>* graph) const {
  const bool cached = reader->cached();
  Status status = reader->Load(graph);
  if (status.ok()) Report(cached ? "cache" : "load", static_cast<int64_t>((*graph)->edges()));
  graph_ = *graph;
  return status;
}

Status GraphCall::Load(EdgeReader* reader, std::shared_ptr<const Graph>* graph,
                       Direction direction) const {
  bool simple = false;
  Status status = Flag("simple", &simple);
  if (status.ok()) status = LoadAll(reader, graph);
  if (!status.ok()) return status;
  return simple ? SimpleGraph(**graph, direction == Direction::kBoth, reader->poll(), graph)
                : std::move(status);
}

// What tells calls of one function apart.
Status GraphCall::MakeKey(std::string* key) const {
  const auto add = [&](const ValueRef& value) {
    const size_t head[] = {static_cast<size_t>(value.type), value.bytes.size()};
    key->append(reinterpret_cast<const char*>(head), sizeof head);
    key->append(reinterpret_cast<const char*>(&value.integer), sizeof value.integer);
    key->append(reinterpret_cast<const char*>(&value.real), sizeof value.real);
    key->append(value.bytes);
  };
  for (sqlite3_value* value : values_) add(value ? ValueRef::Of(value) : ValueRef());
  InterruptPoll interrupt;
  const StopPoll poll = [&] { return interrupt.PollOn(db()); };
  Stop stop(poll);
  stop.Each(size_t{0}, in_values_.size(), 32, [&](size_t i) { add(in_values_[i]); });
  key->append(reinterpret_cast<const char*>(bounds_.data()), bounds_.size() * sizeof(double));
  key->append(reinterpret_cast<const char*>(&wanted_), sizeof wanted_);
  key->append(reinterpret_cast<const char*>(&in_), sizeof in_);
  return stop.status();
}

std::shared_ptr<const GraphResult> GraphCall::Result(std::string key) {
  return std::make_shared<GraphResult>(
      GraphResult{std::move(key), std::move(rows), std::move(graph_), connection_->last_graph});
}

bool GraphCall::IsValid(const GraphResult& result) {
  if (!result.graph) return false;
  EdgeReader reader(db(), &connection_->graphs);
  if (!Open(&reader).ok() || !reader.Holds(result.graph)) return false;  // run() says why
  connection_->last_graph = result.report;
  connection_->last_graph.reader = "kept";
  return true;
}

}  // namespace vecgraph
