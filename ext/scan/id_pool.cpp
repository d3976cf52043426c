#include "scan/id_pool.h"

#include <cstring>
#include <new>

#include "base/value.h"

namespace vecgraph {

StoredId* IdPool::Place(size_t bytes) {
  static_assert(alignof(StoredId) <= alignof(double));
  ++count_;
  return new (arena_.Allocate(sizeof(StoredId) + bytes)) StoredId();
}

const StoredId* IdPool::Add(sqlite3_value* value) {
  if (!value) return nullptr;
  const int type = sqlite3_value_type(value);
  std::string_view data;
  if (type == SQLITE_TEXT) data = TextOf(value);
  if (type == SQLITE_BLOB) data = BlobOf(value);
  StoredId* const id = Place(data.size());
  id->type = type;
  id->subtype = sqlite3_value_subtype(value);
  if (type == SQLITE_INTEGER) {
    id->integer = sqlite3_value_int64(value);
  } else if (type == SQLITE_FLOAT) {
    id->real = sqlite3_value_double(value);
  } else {
    id->bytes = data.size();
    if (!data.empty()) std::memcpy(id + 1, data.data(), data.size());
  }
  return id;
}

const StoredId* IdPool::Add(const StoredId* id) {
  if (!id) return nullptr;
  const bool has_data = id->type == SQLITE_TEXT || id->type == SQLITE_BLOB;
  const size_t bytes = has_data ? id->bytes : 0;
  StoredId* const copy = Place(bytes);
  std::memcpy(copy, id, sizeof(StoredId) + bytes);
  return copy;
}

void SetResult(sqlite3_context* ctx, const StoredId* id) {
  if (!id) return;
  switch (id->type) {
    case SQLITE_INTEGER:
      sqlite3_result_int64(ctx, id->integer);
      break;
    case SQLITE_FLOAT:
      sqlite3_result_double(ctx, id->real);
      break;
    case SQLITE_TEXT:
      sqlite3_result_text64(ctx, id->data().data(), id->bytes, SQLITE_TRANSIENT, SQLITE_UTF8);
      break;
    case SQLITE_BLOB:
      sqlite3_result_blob64(ctx, id->data().data(), id->bytes, SQLITE_TRANSIENT);
      break;
    default:
      break;
  }
  if (id->subtype != 0) sqlite3_result_subtype(ctx, id->subtype);
}

}  // namespace vecgraph
