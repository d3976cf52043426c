#include "sqlapi/registry.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/statement.h"
#include "kernel/choose.h"
#include "sqlapi/connection.h"

namespace vecgraph {
namespace {

// One a line, so that two changes do not meet.
// clang-format off
std::vector<std::span<const FunctionDef>> AllFunctions() {
  return {
      VecTypesFunctions(),
      VecArithmeticFunctions(),
      VecQuantizeFunctions(),
      VecDistanceFunctions(),
      VecSumFunctions(),
      VecTopkJsonFunctions(),
      VecIdsFunctions(),
      VecConfigFunctions(),
      VecDeflateFunctions(),
      DbQueryFunctions(),
      GraphMigrateFunctions(),
      GraphRrfFunctions(),
      GraphTextFunctions(),
      GraphWriteFunctions(),
      DbTuneFunctions(),
      DbCheckpointFunctions(),
      DbProbeFunctions(),
      DbHealthFunctions(),
  };
}

std::vector<ModuleDef> AllModules() {
  return {
      VecEachModule(),
      VecTopkModule(),
      VecMmrModule(),
      VecJoinModule(),
      VecLastScanModule(),
      VecCacheModule(),
      VecTrackSqlModule(),
      VecAuditModule(),
      GraphMigrationsModule(),
      GraphNeighborsModule(),
      GraphBfsModule(),
      GraphDistancesModule(),
      GraphShortestPathModule(),
      GraphAllShortestPathsModule(),
      GraphKShortestPathsModule(),
      GraphPathsModule(),
      GraphComponentsModule(),
      GraphDegreeModule(),
      GraphLouvainModule(),
      GraphLeidenModule(),
      GraphPageRankModule(),
      GraphPprModule(),
      GraphToposortModule(),
      GraphKcoreModule(),
      GraphTrianglesModule(),
      GraphLabelPropagationModule(),
      GraphSimilarityModule(),
      GraphClosenessModule(),
      GraphBetweennessModule(),
      GraphStatsModule(),
      DbProfilesModule(),
      DbTuneCheckModule(),
      DbHealthModule(),
      DbStatsModule(),
  };
}
// clang-format on

void Release(void* connection) {
  auto* const c = static_cast<Connection*>(connection);
  if (--c->references == 0) delete c;
}

// A reference for one registration; SQLite calls Release() in time, also when it fails.
void* Retain(Connection* connection) {
  ++connection->references;
  return connection;
}

bool Prepares(sqlite3* db, const std::string& sql) {
  Statement statement;
  return statement.Prepare(db, sql).ok();
}

bool HasFunction(sqlite3* db, const FunctionDef& def) {
  std::string call = std::string("SELECT ") + def.name + "(";
  for (int i = 0; i < def.args; ++i) call += i == 0 ? "NULL" : ", NULL";
  return Prepares(db, call + ")");
}

// An eponymous module has columns where nothing has none.
bool HasModule(sqlite3* db, const ModuleDef& def) {
  Statement statement;
  const Status status =
      statement.Prepare(db, std::string("SELECT 1 FROM pragma_table_info('") + def.name + "')");
  return status.ok() && statement.Step() == SQLITE_ROW;
}

Status RegisterFunction(sqlite3* db, const FunctionDef& def, Connection* connection) {
  void* const user = Retain(connection);
  const int rc = def.inverse ? sqlite3_create_window_function(db, def.name, def.args, def.flags,
                                                              user, def.step, def.final, def.value,
                                                              def.inverse, Release)
                             : sqlite3_create_function_v2(db, def.name, def.args, def.flags, user,
                                                          def.scalar, def.step, def.final, Release);
  return rc == SQLITE_OK ? Status::Ok()
                         : DatabaseError(db, rc, std::string("cannot register ") + def.name);
}

Status RegisterModule(sqlite3* db, const ModuleDef& def, Connection* connection) {
  const int rc = sqlite3_create_module_v2(db, def.name, def.module, Retain(connection), Release);
  return rc == SQLITE_OK ? Status::Ok()
                         : DatabaseError(db, rc, std::string("cannot register ") + def.name);
}

Status ChooseKernel(const KernelTable** kernel) {
  *kernel = &BestKernel();
  const char* forced = std::getenv("VECGRAPH_KERNEL");
  if (!forced || !*forced) return Status::Ok();
  *kernel = FindKernel(forced);
  if (*kernel) return Status::Ok();
  return Status::Error(Format("VECGRAPH_KERNEL: no kernel '%s' on this CPU (there are %s)", forced,
                              KernelNames().c_str()));
}

}  // namespace

Status Register(sqlite3* db, Surface surface) {
  const KernelTable* kernel = nullptr;
  Status status = ChooseKernel(&kernel);
  if (!status.ok()) return status;
  auto* connection = new Connection();
  Retain(connection);
  const std::unique_ptr<Connection, void (*)(Connection*)> guard(connection,
                                                                 [](Connection* c) { Release(c); });
  connection->db = db;
  connection->kernel = kernel;
  // A name of ours that is there already means that vecgraph is.
  const bool again = Prepares(db, "SELECT vec_config('build')");
  const auto wanted = [&](bool shared) { return surface == Surface::kAll || !shared; };
  for (const std::span<const FunctionDef> family : AllFunctions()) {
    for (const FunctionDef& def : family) {
      if (!wanted(def.shared) || (again && HasFunction(db, def))) continue;
      status = RegisterFunction(db, def, connection);
      if (!status.ok()) return status;
    }
  }
  for (const ModuleDef& def : AllModules()) {
    if (!wanted(def.shared) || (again && HasModule(db, def))) continue;
    status = RegisterModule(db, def, connection);
    if (!status.ok()) return status;
  }
  // The probes leave an error on the connection, which sqlite3_open() would take for its own when
  // this runs as an auto extension. A statement that prepares clears it.
  Prepares(db, "SELECT 1");
  return status;
}

}  // namespace vecgraph
