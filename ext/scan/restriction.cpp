#include "scan/restriction.h"

#include <algorithm>

#include "base/interrupt.h"
#include "base/statement.h"

namespace vecgraph {
namespace {

// The rowids of the rows of `ids`, ascending.
Status LookUpIds(sqlite3* db, const Source& source, const IdSet& ids,
                 std::vector<int64_t>* rowids) {
  Statement statement;
  const std::string id = QuoteName(source.id);
  Status status = statement.Prepare(db, "SELECT " + source.rowid + ", " + id + " FROM " +
                                            source.QuotedName() + " WHERE " + id + " = ?1");
  if (!status.ok()) return status;
  const auto look_up = [&](const auto& bind) {
    if (!status.ok()) return;
    bind();
    int rc;
    while ((rc = statement.Step()) == SQLITE_ROW) {
      // The key may compare without case; IN does not.
      if (ids.Contains(sqlite3_column_value(statement.get(), 1))) {
        rowids->push_back(statement.Int(0));
      }
    }
    if (rc != SQLITE_DONE) status = DatabaseError(db, rc);
    statement.Reset();
  };
  ids.ForEach([&](int64_t integer) { look_up([&] { statement.BindInt(1, integer); }); },
              [&](double real) { look_up([&] { statement.BindReal(1, real); }); },
              [&](std::string_view text) { look_up([&] { statement.BindText(1, text); }); },
              [&](std::string_view blob) { look_up([&] { statement.BindBlob(1, blob); }); });
  return status;
}

// A copy of many rowids: new memory alone takes a millisecond for each megabyte.
Status Copy(const StopPoll& poll, const std::vector<int64_t>& rowids, std::vector<int64_t>* copy) {
  constexpr size_t kStretch = size_t{1} << 17;
  copy->reserve(rowids.size());
  for (size_t from = 0; from < rowids.size(); from += kStretch) {
    if (const int code = poll()) return Status::Code(code, "interrupted");
    const auto first = rowids.begin() + static_cast<ptrdiff_t>(from);
    copy->insert(copy->end(), first,
                 first + static_cast<ptrdiff_t>(std::min(kStretch, rowids.size() - from)));
  }
  return Status::Ok();
}

// Leaves of `rowids` those that are in `others`. REQUIRES: both ascend.
Status KeepCommon(const StopPoll& poll, const std::vector<int64_t>& others,
                  std::vector<int64_t>* rowids) {
  constexpr size_t kStretch = size_t{1} << 17;
  auto kept = rowids->begin();
  auto other = others.begin();
  for (size_t i = 0; i < rowids->size(); ++i) {
    if (i % kStretch == 0) {
      if (const int code = poll()) return Status::Code(code, "interrupted");
    }
    const int64_t rowid = (*rowids)[i];
    other = std::lower_bound(other, others.end(), rowid);
    if (other == others.end()) break;
    if (*other == rowid) *kept++ = rowid;
  }
  rowids->erase(kept, rowids->end());
  return Status::Ok();
}

}  // namespace

Status FindCandidates(sqlite3* db, const Source& source, const std::vector<IdSet>& rowid_sets,
                      std::vector<IdSet> id_sets, Candidates* candidates) {
  *candidates = Candidates();
  InterruptPoll interrupt;
  const StopPoll poll = [&] { return interrupt.PollOn(db); };
  for (IdSet& set : id_sets) {
    Status status = set.Seal(poll);
    if (!status.ok()) return status;
  }
  candidates->all = rowid_sets.empty() && id_sets.empty();
  if (!source.has_rowid()) {
    candidates->ids = std::move(id_sets);
    return Status::Ok();
  }
  bool first = true;
  const auto intersect = [&](std::vector<int64_t> rowids) {
    Status status = SortDistinct(poll, &rowids);
    if (!status.ok()) return status;
    if (!first) {
      status = KeepCommon(poll, candidates->rowids, &rowids);
    }
    first = false;
    candidates->rowids = std::move(rowids);
    return status;
  };
  for (const IdSet& set : rowid_sets) {
    std::vector<int64_t> rowids;
    Status status = Copy(poll, set.integers(), &rowids);
    if (status.ok()) status = intersect(std::move(rowids));
    if (!status.ok()) return status;
  }
  for (const IdSet& set : id_sets) {
    std::vector<int64_t> rowids;
    Status status = source.id.empty() ? Copy(poll, set.integers(), &rowids)
                                      : LookUpIds(db, source, set, &rowids);
    if (status.ok()) status = intersect(std::move(rowids));
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

Status ReadJsonIds(sqlite3* db, std::string_view json, IdSet* ids) {
  Statement statement;
  Status status =
      statement.Prepare(db,
                        "SELECT value, type FROM json_each(?1) WHERE json_type(?1) = 'array' "
                        "UNION ALL SELECT NULL, 'no array' WHERE json_type(?1) <> 'array'");
  if (!status.ok()) return status;
  statement.BindText(1, json);
  int rc;
  for (int64_t i = 0; (rc = statement.Step()) == SQLITE_ROW; ++i) {
    const std::string type = statement.Text(1);
    if (type == "no array") {
      return Status::Error("within is not a JSON array of ids");
    }
    if (type != "integer" && type != "real" && type != "text") {
      return Status::Error(Format("within: element %lld is %s; ids are numbers or strings",
                                  static_cast<long long>(i), type.c_str()));
    }
    ids->Add(sqlite3_column_value(statement.get(), 0));
  }
  if (rc == SQLITE_DONE) return Status::Ok();
  return DatabaseError(db, rc, "within is not a JSON array of ids");
}

}  // namespace vecgraph
