// Reads the CREATE statements that SQLite keeps in its schema, as far as pragmas do not tell: the
// expressions of an index and of a generated column.
//
// The texts were accepted by SQLite, so their brackets and quotes match; one that was forced into
// the schema by hand gives an empty answer at worst. Words are found more often than they are
// meant (a function may have the name of a column), which costs a caller nothing but work.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vecgraph {

// An index: what stands between its parentheses, term by term, without ASC and DESC; and what
// follows WHERE, if anything does.
struct IndexText {
  std::vector<std::string> terms;
  std::string where;
};
IndexText ReadIndexText(std::string_view create_index);

// The expression of a generated column; empty if there is none.
std::string GeneratedText(std::string_view create_table, std::string_view column);

// Every word and quoted name in an expression that may name a column, unquoted.
std::vector<std::string> NamesIn(std::string_view expression);

// The expression with each "text" that is none of the names written 'text', as SQLite reads it
// there: a connection may have this reading turned off, and the schema still means it.
std::string WithPlainStrings(std::string_view expression, const std::vector<std::string>& names);

// Whether the statement creates a trigger that runs after an INSERT.
bool IsAfterInsert(std::string_view create_trigger);

}  // namespace vecgraph
