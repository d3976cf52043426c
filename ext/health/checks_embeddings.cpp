// The columns of vectors: lengths, types, rows without one, and whether they fit into a page.
#include <array>
#include <map>

#include "health/check.h"
#include "health/sample.h"

namespace vecgraph {
namespace {

constexpr int64_t kBytesOfFloat = 4;
constexpr int64_t kFewMissing = 10;  // one row in so many may lack its vector

struct Column {
  std::map<int64_t, int64_t> lengths;  // of blobs: how many rows
  int64_t rows = 0;
  int64_t nulls = 0;
  int64_t others = 0;  // neither blob nor NULL
  bool sampled = false;

  void Count(const std::string& type, int64_t length, int64_t count) {
    rows += count;
    if (type == "blob") {
      lengths[length] += count;
    } else if (type == "null") {
      nulls += count;
    } else {
      others += count;
    }
  }

  // The length that most vectors have.
  std::pair<int64_t, int64_t> Most() const {
    std::pair<int64_t, int64_t> most{0, 0};
    for (const auto& [length, count] : lengths) {
      if (count > most.second) most = {length, count};
    }
    return most;
  }
};

Status ReadColumn(Examined* at, const TableInfo& table, const std::string& name, Column* column) {
  const std::string quoted = QuoteName(name);
  const std::string select = "typeof(" + quoted + "), length(" + quoted + ")";
  if (at->whole) {
    return ForEachRow(
        at->db, "SELECT " + select + ", count(*) FROM " + table.Quoted() + " GROUP BY 1, 2", {},
        [&](const Statement& row) { column->Count(row.Text(0), row.Int(1), row.Int(2)); });
  }
  column->sampled = true;
  int64_t count = 0;
  return SampleRows(at->db, table, select, &count,
                    [&](const Statement& row) { column->Count(row.Text(1), row.Int(2), 1); });
}

std::string Number(int64_t number) { return std::to_string(number); }

void AddLengths(Examined* at, const std::string& label, const Column& column) {
  const auto [length, count] = column.Most();
  std::string others;
  bool inflated = false;
  for (const auto& [other, rows] : column.lengths) {
    if (other == length) continue;
    others += ", " + Number(rows) + " of " + Number(other);
    if (other == kBytesOfFloat * length) inflated = true;
  }
  if (others.empty()) return;
  at->Add("embedding_lengths", Level::kWarn,
          label + ": " + Number(count) + " rows of " + Number(length) + " bytes" + others,
          std::string("one length"),
          inflated
              ? "searches skip other lengths; those four times as long may hold the bytes of a "
                "vector as floats"
              : "searches skip other lengths: embed these rows again with one model");
}

void AddPages(Examined* at, const std::string& label, int64_t length) {
  // What a leaf keeps of a row, and what an overflow page does.
  const int64_t local = at->page_size - 35;
  if (length <= local) return;
  const int64_t overflow = (length - local / 8 + at->page_size - 5) / (at->page_size - 4);
  at->Add("embedding_pages", Level::kInfo,
          label + ": " + Number(length) + " bytes in pages of " + Number(at->page_size), {},
          "each vector spills to " + Number(overflow) +
              " more pages: a larger PRAGMA page_size and VACUUM, outside of WAL mode, saves room");
}

void AddColumn(Examined* at, const std::string& label, const Column& column) {
  const auto [length, count] = column.Most();
  if (column.others > 0) {
    at->Add("embedding_types", Level::kWarn, label + ": " + Number(column.others) + " rows",
            std::string("BLOB"),
            "text or numbers where a vector belongs; searches skip them: UPDATE with vec_f32() if "
            "they are JSON arrays");
  }
  if (count == 0) return;
  const Level missing = column.nulls == 0                          ? Level::kOk
                        : column.nulls * kFewMissing > column.rows ? Level::kWarn
                                                                   : Level::kInfo;
  at->Add("embeddings", missing,
          label + ": " + Number(column.rows - column.nulls - column.others) + " of " +
              Number(column.rows) + (column.sampled ? " sampled rows" : " rows") + " have one, " +
              (length % kBytesOfFloat == 0 ? Number(length / kBytesOfFloat) + " floats"
                                           : Number(length) + " bytes"),
          std::string("nine rows in ten"),
          column.nulls == 0 ? "" : "rows without a vector are never found by a search");
  AddLengths(at, label, column);
  AddPages(at, label, length);
}

Status CheckEmbeddings(Examined* at) {
  for (const TableInfo& table : at->tables) {
    for (const std::string& name : table.embeddings) {
      Column column;
      Status status = ReadColumn(at, table, name, &column);
      if (!status.ok()) return status;
      AddColumn(at, table.name + "." + name, column);
    }
  }
  return Status::Ok();
}

}  // namespace

std::span<const Check> EmbeddingChecks() {
  static constexpr std::array kChecks{
      Check{"embeddings", Scope::kRead, CheckEmbeddings},
  };
  return kChecks;
}

}  // namespace vecgraph
