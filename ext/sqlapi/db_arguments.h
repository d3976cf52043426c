// The arguments that the db_ functions share, read with errors that name the function.
//
// Threads: as the connection.
#pragma once

#include <string>

#include "base/sqlite.h"
#include "base/status.h"
#include "base/value.h"
#include "health/profile.h"

namespace vecgraph {

// `value` as the text that `what` names; it must be one.
inline Status ReadWord(const char* function, const char* what, sqlite3_value* value,
                       std::string* word) {
  const int type = value ? sqlite3_value_type(value) : SQLITE_NULL;
  if (type == SQLITE_TEXT) {
    *word = TextOf(value);
    return Status::Ok();
  }
  return Status::Error(Format("%s: %s must be a text, found %s", function, what, TypeNameOf(type)));
}

// The profile that `value` names.
inline Status ReadProfile(const char* function, sqlite3_value* value, const Profile** profile) {
  std::string name;
  Status status = ReadWord(function, "the profile", value, &name);
  return status.ok() ? Within(function, FindProfile(name, profile)) : std::move(status);
}

}  // namespace vecgraph
