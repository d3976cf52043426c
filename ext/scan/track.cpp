#include "scan/track.h"

#include <algorithm>
#include <array>

#include "base/name.h"
#include "base/statement.h"
#include "scan/schema_words.h"

namespace vecgraph {
namespace {

// The log keeps this many rows; about once in kCompactEvery changes it is cut to them. 1.4 MB:
// about as many changed rows as are worth reading one by one.
constexpr int kKeptRows = 65536;
constexpr int kCompactEvery = 256;

// In the order in which they are made: after_insert is the last.
constexpr std::array<const char*, 4> kTriggers = {"before_delete", "before_update", "before_insert",
                                                  "after_insert"};

struct Column {
  std::string name;
  bool not_null_default = false;  // REPLACE puts the default in place of NULL
  bool rowid = false;             // INTEGER PRIMARY KEY
  bool generated = false;
  std::string expression;  // of a generated column
};

// One term of a unique key.
struct Term {
  std::string text;  // as the table's own column or expression
  std::string collation;
  bool expression = false;
};

struct Key {
  std::string index;
  std::vector<Term> terms;
  std::string where;  // of a partial index
};

// What the triggers are made from.
struct Table {
  const Source* source = nullptr;
  std::string sql;  // CREATE TABLE
  std::vector<Column> columns;
  std::vector<Key> keys;
};

// An object of the schema, as sqlite_master has it.
struct Object {
  std::string type;
  std::string name;
  std::string sql;
};

std::string TriggerName(const Source& source, const char* what) {
  return "_vec_" + source.name + "_" + source.column + "_" + what;
}

std::string MasterOf(const Source& source) {
  return source.schema == "temp" ? "sqlite_temp_master"
                                 : QuoteName(source.schema) + ".sqlite_master";
}

Status CannotTrack(const Source& source, const std::string& why) {
  return Status::Error("cannot track " + source.Label() + ": " + why);
}

const Column* FindColumn(const Table& table, std::string_view name) {
  for (const Column& column : table.columns) {
    if (SameName(column.name, name)) return &column;
  }
  return nullptr;
}

// ---- reading the table -----------------------------------------------------------------------

Status ReadColumns(sqlite3* db, Table* table) {
  Statement statement;
  Status status = statement.Prepare(
      db,
      "SELECT name, \"notnull\" AND dflt_value IS NOT NULL, hidden IN (2, 3),"
      " pk > 0 AND upper(type) = 'INTEGER' AND (SELECT count(*) FROM pragma_table_xinfo(?1, ?2)"
      "  WHERE pk > 0) = 1 AND NOT EXISTS (SELECT 1 FROM pragma_index_list(?1, ?2)"
      "  WHERE origin = 'pk') FROM pragma_table_xinfo(?1, ?2) ORDER BY cid");
  if (!status.ok()) return status;
  statement.BindText(1, table->source->name);
  statement.BindText(2, table->source->schema);
  int rc = SQLITE_DONE;
  while ((rc = statement.Step()) == SQLITE_ROW) {
    Column column;
    column.name = statement.Text(0);
    column.not_null_default = statement.Int(1) != 0;
    column.generated = statement.Int(2) != 0;
    column.rowid = statement.Int(3) != 0;
    if (column.generated) {
      column.expression = GeneratedText(table->sql, column.name);
      if (column.expression.empty()) {
        return CannotTrack(*table->source,
                           "the expression of the column " + column.name + " cannot be read");
      }
    }
    table->columns.push_back(std::move(column));
  }
  return rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

// Reads the text of an object; empty if there is none of that type and name.
Status ReadText(sqlite3* db, const Source& source, std::string_view type, std::string_view name,
                std::string* sql) {
  Statement statement;
  Status status = statement.Prepare(
      db, "SELECT sql FROM " + MasterOf(source) + " WHERE type = ?1 AND name = ?2 COLLATE NOCASE");
  if (!status.ok()) return status;
  statement.BindText(1, type);
  statement.BindText(2, name);
  const int rc = statement.Step();
  if (rc == SQLITE_ROW) *sql = statement.Text(0);
  return rc == SQLITE_ROW || rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

// The collation that `=` takes from a column.
Status CollationOf(sqlite3* db, const Source& source, const std::string& column,
                   std::string* collation) {
  const char* name = nullptr;
  const int rc =
      sqlite3_table_column_metadata(db, source.schema.c_str(), source.name.c_str(), column.c_str(),
                                    nullptr, &name, nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return DatabaseError(db, rc);
  *collation = name ? name : "BINARY";
  return Status::Ok();
}

// Reads the terms of one unique index.
Status ReadKey(sqlite3* db, const Table& table, Key* key) {
  const Source& source = *table.source;
  std::string sql;  // of a constraint there is none, and no expression in it
  Status status = ReadText(db, source, "index", key->index, &sql);
  if (!status.ok()) return status;
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  const IndexText text = ReadIndexText(sql);
  key->where = WithPlainStrings(text.where, names);
  Statement statement;
  status = statement.Prepare(
      db,
      "SELECT seqno, cid, name, coll FROM pragma_index_xinfo(?1, ?2) WHERE \"key\" ORDER BY seqno");
  if (!status.ok()) return status;
  statement.BindText(1, key->index);
  statement.BindText(2, source.schema);
  int rc = SQLITE_DONE;
  while (status.ok() && (rc = statement.Step()) == SQLITE_ROW) {
    const auto place = static_cast<size_t>(statement.Int(0));
    Term term;
    term.expression = statement.Int(1) < 0;
    const std::string index_collation = statement.Text(3);
    if (!term.expression) {
      std::string column_collation;
      term.text = statement.Text(2);
      status = CollationOf(db, source, term.text, &column_collation);
      if (!SameName(column_collation, index_collation)) term.collation = index_collation;
    } else if (place < text.terms.size() && !text.terms[place].empty()) {
      term.text = WithPlainStrings(text.terms[place], names);
      term.collation = index_collation;
    } else {
      return CannotTrack(source, "the text of the index " + key->index + " cannot be read");
    }
    key->terms.push_back(std::move(term));
  }
  if (!status.ok()) return status;
  return rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

Status ReadKeys(sqlite3* db, Table* table) {
  Statement statement;
  // Oldest first: the text stays the same when an index is added.
  Status status = statement.Prepare(
      db, "SELECT name FROM pragma_index_list(?1, ?2) WHERE \"unique\" ORDER BY seq DESC");
  if (!status.ok()) return status;
  statement.BindText(1, table->source->name);
  statement.BindText(2, table->source->schema);
  int rc = SQLITE_DONE;
  while (status.ok() && (rc = statement.Step()) == SQLITE_ROW) {
    Key key;
    key.index = statement.Text(0);
    status = ReadKey(db, *table, &key);
    table->keys.push_back(std::move(key));
  }
  if (!status.ok()) return status;
  return rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

// ---- what depends on what --------------------------------------------------------------------

// Adds the columns that an expression names, and those that generated ones among them name.
void AddNamed(const Table& table, const std::string& expression,
              std::vector<const Column*>* columns, bool* rowid) {
  for (const std::string& name : NamesIn(expression)) {
    const Column* column = FindColumn(table, name);
    if (column ? column->rowid : IsRowidName(name)) *rowid = true;
    if (!column || std::find(columns->begin(), columns->end(), column) != columns->end()) continue;
    columns->push_back(column);
    AddNamed(table, column->expression, columns, rowid);
  }
}

void AddColumn(const Table& table, const std::string& name, std::vector<const Column*>* columns,
               bool* rowid) {
  AddNamed(table, QuoteName(name), columns, rowid);
}

// A key that holds the INTEGER PRIMARY KEY itself is violated only where the rowid is.
bool HoldsRowid(const Table& table, const Key& key) {
  return std::any_of(key.terms.begin(), key.terms.end(), [&](const Term& term) {
    const Column* column = term.expression ? nullptr : FindColumn(table, term.text);
    return column && column->rowid;
  });
}

// Sorts out the keys: which columns the values of a key come from (`values`), and which decide
// whether a row has it at all (both).
Status Depend(const Table& table, std::vector<const Column*>* values,
              std::vector<const Column*>* both) {
  for (const Key& key : table.keys) {
    bool rowid = false;
    for (const Term& term : key.terms) {
      if (term.expression) {
        AddNamed(table, term.text, values, &rowid);
      } else {
        AddColumn(table, term.text, values, &rowid);
      }
    }
    if (rowid) {
      return CannotTrack(*table.source,
                         "the unique index " + key.index +
                             " computes with the rowid, which an insert does not know beforehand");
    }
  }
  *both = *values;
  bool ignored = false;  // WHERE is asked of rows that have their rowid
  for (const Key& key : table.keys) AddNamed(table, key.where, both, &ignored);
  return Status::Ok();
}

// ---- the text of the triggers ----------------------------------------------------------------

// "k" = new."k", for one term of a key.
std::string TermEquals(const Table& table, const Term& term) {
  const std::string collate = term.collation.empty() ? "" : " COLLATE " + QuoteName(term.collation);
  if (!term.expression) {
    const std::string name = QuoteName(term.text);
    return name + collate + " = new." + name;
  }
  // The same words over the new row: a subquery that has its columns. An index expression cannot
  // say which table a column is of.
  std::vector<const Column*> columns;
  std::string list;
  for (const std::string& name : NamesIn(term.text)) {
    const Column* column = FindColumn(table, name);
    if (!column || std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
    columns.push_back(column);
    const std::string quoted = QuoteName(column->name);
    list += list.empty() ? "new." : ", new.";
    list.append(quoted).append(" AS ").append(quoted);
  }
  return "(" + term.text + ")" + collate + " = (SELECT " + term.text + " FROM (SELECT " +
         (list.empty() ? "1" : list) + "))";
}

std::string LogInto(const Source& source) {
  return "  INSERT INTO " + QuoteName(LogName(source)) + " (rid, nonce) ";
}

// Cuts the log, now and then: by chance, since any rule about seq could miss every time. Not a
// trigger on the log, which would send every INSERT ... SELECT into it through a temporary table.
// REQUIRES: the statement before it logged a row.
std::string Compact(const Source& source) {
  return "  DELETE FROM " + QuoteName(LogName(source)) +
         " WHERE seq <=\n    CASE WHEN random() % " + std::to_string(kCompactEvery) +
         " = 0 THEN last_insert_rowid() - " + std::to_string(kKeptRows) + " END;\n";
}

// Logs the rows of the table for which `where` holds.
std::string LogRows(const Source& source, const std::string& where) {
  return LogInto(source) + "SELECT " + source.rowid + ", random() FROM " + QuoteName(source.name) +
         "\n    WHERE " + where + ";\n";
}

// Logs the rows that an insert or update may replace. `also` is added to each condition.
std::string LogVictims(const Table& table, const std::vector<const Column*>& values,
                       const std::string& also) {
  std::string body;
  for (const Key& key : table.keys) {
    std::string where = key.where.empty() ? "" : "(" + key.where + ")";
    for (const Term& term : key.terms) {
      where += (where.empty() ? "" : " AND ") + TermEquals(table, term);
    }
    body += LogRows(*table.source, where + also);
  }
  std::string null;
  for (const Column* column : values) {
    if (!column->not_null_default) continue;
    null += (null.empty() ? "new." : " OR new.") + QuoteName(column->name) + " IS NULL";
  }
  if (!null.empty()) {
    body += LogInto(*table.source) + "SELECT NULL, random() WHERE " + null + ";\n";
  }
  return body;
}

// The columns whose update is logged, for UPDATE OF.
std::string Watched(const Table& table, const std::vector<const Column*>& keys) {
  std::vector<const Column*> columns;
  bool rowid = false;
  AddColumn(table, table.source->column, &columns, &rowid);
  for (const Column* key : keys) {
    if (std::find(columns.begin(), columns.end(), key) == columns.end()) columns.push_back(key);
  }
  std::string list;
  for (const Column& column : table.columns) {
    const bool watched =
        column.rowid || std::find(columns.begin(), columns.end(), &column) != columns.end();
    // A generated column is never set itself.
    if (watched && !column.generated) list += (list.empty() ? "" : ", ") + QuoteName(column.name);
  }
  // UPDATE may set the rowid under any of its names that no column has taken.
  for (const char* name : kRowidNames) {
    if (!FindColumn(table, name)) list += (list.empty() ? "" : ", ") + std::string(name);
  }
  return list;
}

std::string CreateTrigger(const Source& source, const char* what, const std::string& on,
                          const std::string& body) {
  return "CREATE TRIGGER " + QuoteName(TriggerName(source, what)) + " " + on + " BEGIN\n" + body +
         "END";
}

std::string AfterInsert(const Source& source) {
  return CreateTrigger(
      source, "after_insert", "AFTER INSERT ON " + QuoteName(source.name),
      LogInto(source) + "VALUES (new." + source.rowid + ", random());\n" + Compact(source));
}

// Everything that a tracked table has, the log first, in the order of creation.
Status Describe(sqlite3* db, const Source& source, std::vector<Object>* objects) {
  switch (source.kind) {
    case Source::Kind::kTable:
      break;
    case Source::Kind::kKeyed:
      return CannotTrack(source,
                         "it has no rowid to log: it is WITHOUT ROWID, or its columns take the "
                         "names rowid, _rowid_ and oid");
    case Source::Kind::kVirtual:
      return CannotTrack(source, "a virtual table has no triggers");
    case Source::Kind::kView:
    case Source::Kind::kQuery:
      return CannotTrack(source, "only a table can be; track the tables that it reads");
  }
  if (SameName(source.name, "new") || SameName(source.name, "old")) {
    return CannotTrack(source, "in a trigger, new and old are the row that changes");
  }
  Table table;
  table.source = &source;
  std::vector<const Column*> values;
  std::vector<const Column*> keys;
  Status status = ReadText(db, source, "table", source.name, &table.sql);
  if (status.ok()) status = ReadColumns(db, &table);
  if (status.ok()) status = ReadKeys(db, &table);
  if (!status.ok()) return status;
  std::erase_if(table.keys, [&](const Key& key) { return HoldsRowid(table, key); });
  status = Depend(table, &values, &keys);
  if (!status.ok()) return status;

  const std::string name = QuoteName(source.name);
  const std::string rowid = source.rowid;
  const auto add = [&](const char* what, const std::string& on, const std::string& body) {
    objects->push_back(
        {"trigger", TriggerName(source, what), CreateTrigger(source, what, on, body)});
  };
  objects->push_back({"table", LogName(source),
                      "CREATE TABLE " + QuoteName(LogName(source)) +
                          " (seq INTEGER PRIMARY KEY, rid INTEGER, nonce INTEGER)"});
  add("before_delete", "BEFORE DELETE ON " + name,
      LogInto(source) + "VALUES (old." + rowid + ", random());\n" + Compact(source));
  add("before_update", "BEFORE UPDATE OF " + Watched(table, keys) + " ON " + name,
      LogVictims(table, values, " AND " + rowid + " <> old." + rowid) + LogInto(source) +
          "SELECT new." + rowid + ", random() WHERE new." + rowid + " <> old." + rowid + ";\n" +
          LogInto(source) + "VALUES (old." + rowid + ", random());\n" + Compact(source));
  add("before_insert", "BEFORE INSERT ON " + name,
      LogVictims(table, values, "") + LogRows(source, rowid + " = new." + rowid));
  objects->push_back({"trigger", TriggerName(source, "after_insert"), AfterInsert(source)});
  return Status::Ok();
}

// An error if a name that we are about to use belongs to something else: the table a_b with column
// c and the table a with column b_c have the same names.
Status CheckNames(sqlite3* db, const Source& source, const std::vector<Object>& objects) {
  Statement statement;
  Status status = statement.Prepare(
      db, "SELECT type, tbl_name, sql FROM " + MasterOf(source) +
              " WHERE name = ?1 COLLATE NOCASE AND (type = 'trigger') = (?2 = 'trigger')");
  if (!status.ok()) return status;
  for (const Object& object : objects) {
    statement.Reset();
    statement.BindText(1, object.name);
    statement.BindText(2, object.type);
    const int rc = statement.Step();
    if (rc == SQLITE_DONE) continue;
    if (rc != SQLITE_ROW) return DatabaseError(db, rc);
    const bool ours = object.type == "trigger" ? SameName(statement.Text(1), source.name)
                                               : statement.Text(2) == object.sql;
    if (ours) continue;
    return CannotTrack(source, "the name " + object.name + " belongs to another " +
                                   statement.Text(0) + "; rename or drop that first");
  }
  return Status::Ok();
}

// Whether another AFTER INSERT trigger of the table was created after ours. Those that track other
// columns end no statement early.
Status HasLaterTrigger(sqlite3* db, const Source& source, bool* later) {
  Statement statement;
  const std::string master = MasterOf(source);
  Status status =
      statement.Prepare(db, "SELECT sql FROM " + master +
                                " WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE"
                                " AND rowid > (SELECT rowid FROM " +
                                master + " WHERE type = 'trigger' AND name = ?2)");
  if (!status.ok()) return status;
  statement.BindText(1, source.name);
  statement.BindText(2, TriggerName(source, "after_insert"));
  int rc = SQLITE_DONE;
  Table table;
  table.source = &source;
  while ((rc = statement.Step()) == SQLITE_ROW) {
    const std::string text = statement.Text(0);
    if (!IsAfterInsert(text)) continue;
    if (table.columns.empty()) {
      status = ReadColumns(db, &table);
      if (!status.ok()) return status;
    }
    const bool ours =
        std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
          Source other = source;
          other.column = column.name;
          return text == AfterInsert(other);
        });
    *later = *later || !ours;
  }
  return rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

// Whether somebody has put a trigger or an index on a log of the table: it could keep a row out of
// the log, or end the statement before it gets there.
Status LogIsMeddledWith(sqlite3* db, const Source& source, bool* meddled) {
  Statement statement;
  Status status = statement.Prepare(db, "SELECT 1 FROM " + MasterOf(source) +
                                            " WHERE type IN ('trigger', 'index')"
                                            " AND lower(substr(tbl_name, 1, length(?1))) ="
                                            " lower(?1) LIMIT 1");
  if (!status.ok()) return status;
  statement.BindText(1, "_vec_log_" + source.name + "_");
  const int rc = statement.Step();
  *meddled = rc == SQLITE_ROW;
  return rc == SQLITE_ROW || rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc);
}

}  // namespace

std::string LogName(const Source& source) {
  return "_vec_log_" + source.name + "_" + source.column;
}

Status TrackStatements(sqlite3* db, const Source& source, std::vector<std::string>* statements) {
  std::vector<Object> objects;
  Status status = Describe(db, source, &objects);
  if (status.ok()) status = CheckNames(db, source, objects);
  if (!status.ok()) return status;
  const std::string schema = QuoteName(source.schema) + ".";
  for (const Object& object : objects) {
    const bool trigger = object.type == "trigger";
    if (trigger) {
      statements->push_back("DROP TRIGGER IF EXISTS " + schema + QuoteName(object.name) + ";");
    }
    // sqlite_master has the text from the name on, without the schema.
    const std::string_view head = trigger ? "CREATE TRIGGER " : "CREATE TABLE ";
    statements->push_back(std::string(head) + (trigger ? "" : "IF NOT EXISTS ") + schema +
                          object.sql.substr(head.size()) + ";");
  }
  // Whatever happened while the triggers were not there: readers start anew.
  statements->push_back("INSERT INTO " + schema + QuoteName(LogName(source)) +
                        " (rid, nonce) VALUES (NULL, random());");
  return Status::Ok();
}

std::vector<std::string> UntrackStatements(const Source& source) {
  const std::string schema = QuoteName(source.schema) + ".";
  std::vector<std::string> statements;
  statements.reserve(kTriggers.size() + 1);
  for (const char* what : kTriggers) {
    statements.push_back("DROP TRIGGER IF EXISTS " + schema + QuoteName(TriggerName(source, what)) +
                         ";");
  }
  statements.push_back("DROP TABLE IF EXISTS " + schema + QuoteName(LogName(source)) + ";");
  return statements;
}

Status IsTracked(sqlite3* db, const Source& source, bool* tracked) {
  *tracked = false;
  if (source.kind != Source::Kind::kTable) return Status::Ok();
  // Most tables are not: one look-up tells.
  std::string text;
  Status status = ReadText(db, source, "table", LogName(source), &text);
  if (!status.ok() || text.empty()) return status;
  std::vector<Object> objects;
  status = Describe(db, source, &objects);
  if (status.code() == SQLITE_ERROR) return Status::Ok();  // it cannot be
  if (!status.ok()) return status;
  for (const Object& object : objects) {
    text.clear();
    status = ReadText(db, source, object.type, object.name, &text);
    if (!status.ok() || text != object.sql) return status;
  }
  bool later = false;
  status = HasLaterTrigger(db, source, &later);
  bool meddled = false;
  if (status.ok()) status = LogIsMeddledWith(db, source, &meddled);
  *tracked = status.ok() && !later && !meddled;
  return status;
}

}  // namespace vecgraph
