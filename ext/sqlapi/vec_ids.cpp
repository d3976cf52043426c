// vec_ids(rowid)   aggregate: hands a set of rowids to the `within` argument of a search
//
//   SELECT id FROM vec_topk('nodes', 'embedding', :q, 10) AS t
//   WHERE t.within = (SELECT vec_ids(rowid) FROM nodes WHERE domain = 'ops');
//
// The result is a pointer: give it to `within` from a scalar subquery, as above. Anywhere else it
// is NULL. NULL rowids are left out.
#include <array>
#include <memory>

#include "sqlapi/guard.h"
#include "sqlapi/pointers.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

void DeleteIds(void* ids) { delete static_cast<IdSet*>(ids); }

void vec_ids_step(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    const int type = sqlite3_value_numeric_type(argv[0]);
    if (type == SQLITE_NULL) return Status::Ok();
    if (type != SQLITE_INTEGER) {
      return Status::Error(
          Format("vec_ids: rowids are integers, found %s; for other ids give "
                 "within a JSON array, as json_group_array(id) makes it",
                 TypeNameOf(type)));
    }
    auto** slot = static_cast<IdSet**>(sqlite3_aggregate_context(ctx, sizeof(IdSet*)));
    if (!slot) throw std::bad_alloc();
    if (!*slot) *slot = new IdSet();
    (*slot)->Add(argv[0]);
    return Status::Ok();
  });
}

void vec_ids_final(sqlite3_context* ctx) {
  auto** slot = static_cast<IdSet**>(sqlite3_aggregate_context(ctx, 0));
  std::unique_ptr<IdSet> ids(slot ? *slot : nullptr);
  GuardFunction(ctx, [&] {
    if (!ids) ids = std::make_unique<IdSet>();
    sqlite3_result_pointer(ctx, ids.release(), kRowidsPointer, DeleteIds);
    return Status::Ok();
  });
}

}  // namespace

std::span<const FunctionDef> VecIdsFunctions() {
  static const std::array<FunctionDef, 1> kFunctions{{
      {"vec_ids", 1, SQLITE_UTF8 | SQLITE_INNOCUOUS, false, nullptr, vec_ids_step, vec_ids_final},
  }};
  return kFunctions;
}

}  // namespace vecgraph
