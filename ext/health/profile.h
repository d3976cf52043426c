// Profiles: named sets of settings of a connection, in the order in which they must be made.
//
// sql/profiles/NAME.sql says the same for the plain shell; tests/test_db_profiles.py compares them.
// Threads: constant.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "health/cell.h"

namespace vecgraph {

// A value as `PRAGMA name` reads it back: the name of a journal mode, else a number.
struct Setting {
  const char* pragma;
  const char* text;  // null: `number`, unless it is left alone
  int64_t number;
  bool alone;  // shown, never set
  const char* why;

  Cell value() const {
    if (alone) return {};
    return text ? Cell(std::string(text)) : Cell(number);
  }
  // Kept in the database file, so that it holds for every connection.
  bool persistent() const { return std::string_view(pragma) == "journal_mode"; }
  // Of the database file, so that reading it takes a lock; else of the connection.
  bool of_file() const;
  // Whether `actual` is as good as what is asked for: a longer wait is.
  bool MetBy(const Cell& actual) const;
};

struct Profile {
  const char* name;
  std::span<const Setting> settings;
};

std::span<const Profile> Profiles();

// The profile of that name; an error lists the names.
Status FindProfile(std::string_view name, const Profile** profile);

}  // namespace vecgraph
