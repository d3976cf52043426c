// The one way to reach SQLite: through the table that the host hands to the entry point.
//
// Every file but entry.cpp includes this. With SQLITE_CORE (linked into an application) the same
// names are plain calls.
#pragma once

#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT3
