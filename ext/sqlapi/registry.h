// What SQL can call: every family file hands its rows to one table, and Register() goes through it.
//
// A family file defines its callbacks under their SQL names and one FunctionDef or ModuleDef per
// name. Of what people call nothing is made known elsewhere; graph/row_feed.h has a function of its
// own, which only the library can use.
#pragma once

#include <span>

#include "base/compat.h"
#include "base/sqlite.h"
#include "base/status.h"

namespace vecgraph {

// Which names to register: all, or only those that sqlite-vec does not have as well.
enum class Surface { kAll, kOwn };

// Flags of a pure function: usable in indexes and views, never reads the database.
constexpr int kPure = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
// Flags of a pure function that reads or sets the subtype of a vector.
constexpr int kPureTagged = kPure | SQLITE_SUBTYPE | SQLITE_RESULT_SUBTYPE;
// Flags of a function that writes or runs SQL text: refused inside views and triggers.
constexpr int kDirect = SQLITE_UTF8 | SQLITE_DIRECTONLY;

struct FunctionDef {
  const char* name;
  int args;  // -1: any number
  int flags;
  bool shared;  // sqlite-vec has this name as well
  void (*scalar)(sqlite3_context*, int, sqlite3_value**) = nullptr;
  // An aggregate has step and final; a window function has value and inverse as well.
  void (*step)(sqlite3_context*, int, sqlite3_value**) = nullptr;
  void (*final)(sqlite3_context*) = nullptr;
  void (*value)(sqlite3_context*) = nullptr;
  void (*inverse)(sqlite3_context*, int, sqlite3_value**) = nullptr;
};

struct ModuleDef {
  const char* name;
  const sqlite3_module* module;  // eponymous only: xCreate is null
  bool shared;
};

// The families, in the order of registration; user data of each is the Connection.
std::span<const FunctionDef> VecTypesFunctions();
std::span<const FunctionDef> VecArithmeticFunctions();
std::span<const FunctionDef> VecQuantizeFunctions();
std::span<const FunctionDef> VecDistanceFunctions();
std::span<const FunctionDef> VecSumFunctions();
std::span<const FunctionDef> VecTopkJsonFunctions();
std::span<const FunctionDef> VecIdsFunctions();
std::span<const FunctionDef> VecConfigFunctions();
std::span<const FunctionDef> VecDeflateFunctions();
std::span<const FunctionDef> DbQueryFunctions();
std::span<const FunctionDef> GraphMigrateFunctions();
std::span<const FunctionDef> GraphRrfFunctions();
std::span<const FunctionDef> GraphTextFunctions();
std::span<const FunctionDef> GraphWriteFunctions();
std::span<const FunctionDef> DbTuneFunctions();
std::span<const FunctionDef> DbCheckpointFunctions();
std::span<const FunctionDef> DbProbeFunctions();
std::span<const FunctionDef> DbHealthFunctions();
ModuleDef VecEachModule();
ModuleDef VecTopkModule();
ModuleDef VecMmrModule();
ModuleDef VecJoinModule();
ModuleDef VecLastScanModule();
ModuleDef VecCacheModule();
ModuleDef VecTrackSqlModule();
ModuleDef VecAuditModule();
ModuleDef GraphMigrationsModule();
ModuleDef GraphNeighborsModule();
ModuleDef GraphBfsModule();
ModuleDef GraphDistancesModule();
ModuleDef GraphShortestPathModule();
ModuleDef GraphAllShortestPathsModule();
ModuleDef GraphKShortestPathsModule();
ModuleDef GraphPathsModule();
ModuleDef GraphComponentsModule();
ModuleDef GraphDegreeModule();
ModuleDef GraphLouvainModule();
ModuleDef GraphLeidenModule();
ModuleDef GraphPageRankModule();
ModuleDef GraphPprModule();
ModuleDef GraphToposortModule();
ModuleDef GraphKcoreModule();
ModuleDef GraphTrianglesModule();
ModuleDef GraphLabelPropagationModule();
ModuleDef GraphSimilarityModule();
ModuleDef GraphClosenessModule();
ModuleDef GraphBetweennessModule();
ModuleDef GraphStatsModule();
ModuleDef DbProfilesModule();
ModuleDef DbTuneCheckModule();
ModuleDef DbHealthModule();
ModuleDef DbStatsModule();

// Registers the names of `surface`. On a connection that has vecgraph already it adds only what is
// missing and never replaces a function or module, since SQLite refuses that while a statement
// runs.
Status Register(sqlite3* db, Surface surface);

}  // namespace vecgraph
