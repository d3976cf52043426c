// The columns of vectors: rows without one, faulty ones, and whether they fit into a page.
#include <algorithm>
#include <array>
#include <map>

#include "health/audit.h"
#include "health/check.h"
#include "health/embedding_column.h"
#include "health/sample.h"

namespace vecgraph {
namespace {

constexpr int64_t kBytesOfFloat = 4;
constexpr int64_t kFewMissing = 10;          // one row in so many may lack its vector
constexpr int64_t kSampledBytes = 16 << 20;  // of vectors that are read

// What the rows hold, as far as their headers tell.
struct Contents {
  std::map<int64_t, int64_t> lengths;  // of blobs: how many rows
  int64_t rows = 0;
  int64_t nulls = 0;
  int64_t others = 0;  // neither blob nor NULL

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

  // The length that most vectors have, and how many have it.
  std::pair<int64_t, int64_t> Most() const {
    std::pair<int64_t, int64_t> most{0, 0};
    for (const auto& [length, count] : lengths) {
      if (count > most.second) most = {length, count};
    }
    return most;
  }
};

std::string Number(int64_t number) { return std::to_string(number); }

const char* RowsOf(const Examined& at) { return at.whole ? " rows" : " sampled rows"; }

Status ReadContents(Examined* at, const EmbeddingColumn& column, Contents* contents) {
  const std::string quoted = QuoteName(column.name);
  const std::string select = "typeof(" + quoted + "), length(" + quoted + ")";
  if (at->whole) {
    return ForEachRow(
        at->db, "SELECT " + select + ", count(*) FROM " + column.table->Quoted() + " GROUP BY 1, 2",
        {}, [&](const Statement& row) { contents->Count(row.Text(0), row.Int(1), row.Int(2)); });
  }
  int64_t count = 0;
  return SampleRows(at->db, *column.table, select, &count,
                    [&](const Statement& row) { contents->Count(row.Text(1), row.Int(2), 1); });
}

void AddCoverage(Examined* at, const EmbeddingColumn& column, const Contents& contents,
                 bool floats) {
  if (contents.rows == 0) return;
  const auto [length, count] = contents.Most();
  const int64_t have = contents.rows - contents.nulls - contents.others;
  const bool many = contents.nulls * kFewMissing > contents.rows && have > 0;
  const Level level = contents.nulls == 0 ? Level::kOk : many ? Level::kWarn : Level::kInfo;
  std::string value =
      column.Label() + ": " + Number(have) + " of " + Number(contents.rows) + RowsOf(*at);
  if (have > 0) {
    value += " have one, " + (floats && length % kBytesOfFloat == 0
                                  ? Number(length / kBytesOfFloat) + " floats"
                                  : Number(length) + " bytes");
  }
  at->Add("embeddings", level, std::move(value), std::string("nine rows in ten"),
          contents.nulls == 0 ? "" : "rows without a vector are never found by a search");
}

void AddPages(Examined* at, const EmbeddingColumn& column, const Contents& contents) {
  // What a leaf keeps of a row, and what an overflow page does.
  const int64_t local = at->page_size - 35;
  const int64_t length = contents.Most().first;
  if (length <= local) return;
  const int64_t overflow = (length - local / 8 + at->page_size - 5) / (at->page_size - 4);
  at->Add("embedding_pages", Level::kInfo,
          column.Label() + ": " + Number(length) + " bytes in pages of " + Number(at->page_size),
          {},
          "each vector spills to " + Number(overflow) +
              " more pages: a larger PRAGMA page_size and VACUUM, outside of WAL mode, saves room");
}

// ---- float32: the summary of an audit -----------------------------------------------------------

std::string QuoteText(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c;
    if (c == '\'') quoted += c;
  }
  return quoted + '\'';
}

// The call that lists the rows.
std::string AuditCall(const Examined& at, const EmbeddingColumn& column) {
  const std::string table =
      at.schema == "main" ? column.table->name : at.schema + "." + column.table->name;
  return "SELECT * FROM vec_audit(" + QuoteText(table) + ", " + QuoteText(column.name) + ")";
}

Status AddAudit(Examined* at, const EmbeddingColumn& column, int64_t length) {
  Source source = WholeColumn(column);
  AuditRequest request;
  request.source = &source;
  request.kernel = at->options->kernel;
  request.duplicates = at->whole;  // a sample has none
  if (column.dims > 0) request.dims = column.dims;
  if (!at->whole) {
    const int64_t most =
        std::clamp<int64_t>(kSampledBytes / std::max<int64_t>(1, length), 1, kSampledRows);
    Status status = SampledColumn(at->db, column, most, &source);
    if (!status.ok()) return status;
  }
  AuditReport report;
  Status status = AuditVectors(at->db, request, &report);
  if (!status.ok()) return status;
  std::map<VectorProblem, int64_t> counts;
  for (const VectorFault& fault : report.faults) ++counts[fault.problem];
  std::string found;
  for (const auto& [problem, count] : counts) {
    found += (found.empty() ? "" : ", ") + Number(count) + " " + NameOf(problem);
  }
  // Equal vectors may well be those of equal texts.
  const bool harmless = counts.empty() || counts.begin()->first == VectorProblem::kDuplicate;
  const Level level = counts.empty() ? Level::kOk : harmless ? Level::kInfo : Level::kWarn;
  Cell expected;
  if (report.dims > 0) {
    expected = Number(report.dims) + " floats" + (report.unit ? " of length 1" : "") +
               (column.model.empty() ? "" : " (" + column.model + ")");
  }
  at->Add("embedding_faults", level,
          column.Label() + ": " + (found.empty() ? "none" : found) + " in " + Number(report.rows) +
              RowsOf(*at),
          expected,
          counts.empty()
              ? ""
              : AuditCall(*at, column) + " names the rows, and the repair of each problem");
  return Status::Ok();
}

// ---- others -------------------------------------------------------------------------------------

void AddLengths(Examined* at, const EmbeddingColumn& column, const Contents& contents) {
  const auto [length, count] = contents.Most();
  std::string others;
  for (const auto& [other, rows] : contents.lengths) {
    if (other != length) others += ", " + Number(rows) + " of " + Number(other);
  }
  if (!others.empty()) {
    at->Add(
        "embedding_lengths", Level::kWarn,
        column.Label() + ": " + Number(count) + " rows of " + Number(length) + " bytes" + others,
        std::string("one length"),
        "searches skip other lengths: embed these rows again with one model");
  }
  if (contents.others > 0) {
    at->Add("embedding_types", Level::kWarn,
            column.Label() + ": " + Number(contents.others) + RowsOf(*at), std::string("BLOB"),
            "text or numbers where a vector belongs; searches skip them");
  }
}

Status CheckEmbeddings(Examined* at) {
  std::vector<EmbeddingColumn> columns;
  Status status = ListEmbeddingColumns(*at, &columns);
  for (const EmbeddingColumn& column : columns) {
    Contents contents;
    if (status.ok()) status = ReadContents(at, column, &contents);
    if (!status.ok()) return status;
    // What is recorded as so many floats is held to it.
    bool floats = column.dims > 0;
    if (!floats) status = LooksLikeFloats(at->db, column, &floats);
    if (!status.ok()) return status;
    AddCoverage(at, column, contents, floats);
    if (contents.nulls == contents.rows) continue;
    AddPages(at, column, contents);
    if (floats) {
      status = AddAudit(at, column, contents.Most().first);
    } else {
      AddLengths(at, column, contents);
    }
  }
  return status;
}

}  // namespace

std::span<const Check> EmbeddingChecks() {
  static constexpr std::array kChecks{
      Check{"embeddings", Scope::kRead, CheckEmbeddings},
  };
  return kChecks;
}

}  // namespace vecgraph
