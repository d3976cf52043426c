// db_profiles   the profiles, a row per setting, in the order in which they are made
//
//   SELECT pragma, value FROM db_profiles WHERE profile = 'amalfa';
//
//   profile      the name for db_tune(), db_tune_check() and db_health()
//   ordinal      the place of the setting in its profile, from 1
//   pragma       the setting
//   value        as the pragma reads it back; NULL: shown and never set
//   persistent   1: kept in the file; 0: of this connection, to be made by each anew
//   why          the reason
#include "health/profile.h"
#include "sqlapi/db_rows.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

struct ProfilesSpec {
  static constexpr const char* kSchema =
      "CREATE TABLE x(profile TEXT, ordinal INTEGER, pragma TEXT, value, persistent INTEGER, "
      "why TEXT)";
  static constexpr int kColumns = 6;
  static constexpr size_t kArguments = 0;
  static constexpr double kCost = 50;

  static Status Fill(const EponymousTable&, std::span<const Value>, std::vector<CellRow>* rows) {
    for (const Profile& profile : Profiles()) {
      int64_t ordinal = 0;
      for (const Setting& setting : profile.settings) {
        rows->push_back({std::string(profile.name), ++ordinal, std::string(setting.pragma),
                         setting.value(), int64_t{setting.persistent()}, std::string(setting.why)});
      }
    }
    return Status::Ok();
  }
};

}  // namespace

ModuleDef DbProfilesModule() { return {"db_profiles", RowsTable<ProfilesSpec>::Module(), false}; }

}  // namespace vecgraph
