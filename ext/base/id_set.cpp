#include "base/id_set.h"

#include <algorithm>
#include <cstring>

#include "base/value.h"

namespace vecgraph {

std::string_view IdSet::Copy(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (!bytes_) bytes_ = std::make_shared<Arena>();
  auto* const at = reinterpret_cast<char*>(bytes_->Allocate(bytes.size()));
  std::memcpy(at, bytes.data(), bytes.size());
  return {at, bytes.size()};
}

void IdSet::Add(sqlite3_value* value) {
  int64_t integer = 0;
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      integers_.push_back(sqlite3_value_int64(value));
      break;
    case SQLITE_FLOAT:
      if (ToInteger(sqlite3_value_double(value), &integer)) {
        integers_.push_back(integer);
      } else {
        reals_.push_back(sqlite3_value_double(value));
      }
      break;
    case SQLITE_TEXT:
      texts_.push_back(Copy(TextOf(value)));
      break;
    case SQLITE_BLOB:
      blobs_.push_back(Copy(BlobOf(value)));
      break;
    default:
      break;
  }
}

Status IdSet::Seal(const StopPoll& poll) {
  Status status = SortDistinct(poll, &integers_);
  if (status.ok()) status = SortDistinct(poll, &reals_);
  if (status.ok()) status = SortDistinct(poll, &texts_);
  if (status.ok()) status = SortDistinct(poll, &blobs_);
  return status;
}

bool IdSet::Contains(sqlite3_value* value) const {
  const auto in = [](const auto& sorted, const auto& wanted) {
    return std::binary_search(sorted.begin(), sorted.end(), wanted);
  };
  int64_t integer = 0;
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return in(integers_, static_cast<int64_t>(sqlite3_value_int64(value)));
    case SQLITE_FLOAT:
      return ToInteger(sqlite3_value_double(value), &integer)
                 ? in(integers_, integer)
                 : in(reals_, sqlite3_value_double(value));
    case SQLITE_TEXT:
      return !texts_.empty() && in(texts_, TextOf(value));
    case SQLITE_BLOB:
      return !blobs_.empty() && in(blobs_, BlobOf(value));
    default:
      return false;
  }
}

}  // namespace vecgraph
