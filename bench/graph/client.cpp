// What a C program does with SQLite, for the Python that measures: run a statement, step all rows,
// read every column as the type that it is known to have. bench/graph/client.py compiles and calls
// it.
//
// One connection, one thread. A function that can fail returns a negative number; client_error()
// says why.
#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace {

// The values of one column, in the order of the rows. Text: one after the other, with their ends.
struct Column {
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::string text;
  std::vector<int64_t> ends;
};

struct Client {
  sqlite3* db = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::string error;
  std::vector<Column> columns;
  int64_t rows = 0;
  int64_t sum = 0;  // of all that was looked at, so that no compiler leaves the looking out
};

int64_t Fail(Client* client) {
  client->error = sqlite3_errmsg(client->db);
  sqlite3_finalize(client->statement);
  client->statement = nullptr;
  return -1;
}

// Keeps the row's values, or only looks at them.
void Read(Client* client, const char* kinds, bool keep) {
  sqlite3_stmt* statement = client->statement;
  for (int i = 0; kinds[i] != '\0'; ++i) {
    Column& column = client->columns[static_cast<size_t>(i)];
    switch (kinds[i]) {
      case 'i': {
        const int64_t value = sqlite3_column_int64(statement, i);
        if (keep) column.integers.push_back(value);
        client->sum += value;
        break;
      }
      case 'd': {
        const double value = sqlite3_column_double(statement, i);
        if (keep) column.reals.push_back(value);
        client->sum += value > 0 ? 1 : 0;
        break;
      }
      default: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        const int size = sqlite3_column_bytes(statement, i);
        client->sum += text ? text[0] + size : 0;
        if (!keep) break;
        if (text) column.text.append(text, static_cast<size_t>(size));
        column.ends.push_back(static_cast<int64_t>(column.text.size()));
      }
    }
  }
}

}  // namespace

extern "C" {

Client* client_open(const char* path, int writable) {
  auto* client = new Client;
  const int flags = writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  if (sqlite3_open_v2(path, &client->db, flags, nullptr) != SQLITE_OK) Fail(client);
  return client;
}

void client_close(Client* client) {
  sqlite3_finalize(client->statement);
  sqlite3_close_v2(client->db);
  delete client;
}

const char* client_error(Client* client) { return client->error.c_str(); }

int64_t client_load(Client* client, const char* library) {
  char* message = nullptr;
  sqlite3_enable_load_extension(client->db, 1);
  if (sqlite3_load_extension(client->db, library, nullptr, &message) == SQLITE_OK) return 0;
  client->error = message ? message : "cannot load the extension";
  sqlite3_free(message);
  return -1;
}

// The next run is of this statement. Its time counts preparing, too.
int64_t client_prepare(Client* client, const char* sql) {
  const auto start = std::chrono::steady_clock::now();
  if (sqlite3_prepare_v2(client->db, sql, -1, &client->statement, nullptr) != SQLITE_OK) {
    return Fail(client);
  }
  return (std::chrono::steady_clock::now() - start).count();
}

void client_bind_integer(Client* client, int place, int64_t value) {
  sqlite3_bind_int64(client->statement, place, value);
}

void client_bind_real(Client* client, int place, double value) {
  sqlite3_bind_double(client->statement, place, value);
}

void client_bind_text(Client* client, int place, const char* value) {
  sqlite3_bind_text(client->statement, place, value, -1, SQLITE_TRANSIENT);
}

// Steps to the end, and forgets the statement. `kinds`: i, d or t for each column that is read.
// Returns nanoseconds.
int64_t client_run(Client* client, const char* kinds, int keep) {
  client->columns.assign(std::strlen(kinds), Column());
  client->rows = 0;
  const auto start = std::chrono::steady_clock::now();
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(client->statement)) == SQLITE_ROW) {
    Read(client, kinds, keep != 0);
    ++client->rows;
  }
  if (code != SQLITE_DONE) return Fail(client);
  sqlite3_finalize(client->statement);
  client->statement = nullptr;
  return (std::chrono::steady_clock::now() - start).count();
}

int64_t client_rows(Client* client) { return client->rows; }

const int64_t* client_integers(Client* client, int column) {
  return client->columns[static_cast<size_t>(column)].integers.data();
}

const double* client_reals(Client* client, int column) {
  return client->columns[static_cast<size_t>(column)].reals.data();
}

const char* client_text(Client* client, int column) {
  return client->columns[static_cast<size_t>(column)].text.data();
}

const int64_t* client_ends(Client* client, int column) {
  return client->columns[static_cast<size_t>(column)].ends.data();
}

}  // extern "C"
