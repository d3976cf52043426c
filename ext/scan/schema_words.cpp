#include "scan/schema_words.h"

#include <algorithm>

#include "base/name.h"

namespace vecgraph {
namespace {

struct Token {
  std::string_view text;
  int depth = 0;  // of parentheses around it

  bool Is(std::string_view word) const { return SameName(text, word); }
  bool IsName() const {
    return IsWordStart(text.front()) || text.front() == '"' || text.front() == '`' ||
           text.front() == '[';
  }
  static bool IsWordStart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  }
};

using Tokens = std::vector<Token>;

bool IsWordByte(char c) { return Token::IsWordStart(c) || (c >= '0' && c <= '9') || c == '$'; }

// The length of the quoted text that `sql` begins with; two quotes in a row are one character.
size_t QuotedLength(std::string_view sql) {
  const char end = sql.front() == '[' ? ']' : sql.front();
  for (size_t i = 1; i < sql.size(); ++i) {
    if (sql[i] != end) continue;
    if (end == ']' || i + 1 == sql.size() || sql[i + 1] != end) return i + 1;
    ++i;
  }
  return sql.size();
}

// The length of the blank or comment that `sql` begins with; 0 if it begins with a token.
size_t BlankLength(std::string_view sql) {
  if (sql.front() == ' ' || (sql.front() >= '\t' && sql.front() <= '\r')) return 1;
  const bool line = sql.substr(0, 2) == "--";
  if (!line && sql.substr(0, 2) != "/*") return 0;
  const size_t end = line ? sql.find('\n') : sql.find("*/", 2);
  return end == std::string_view::npos ? sql.size() : end + (line ? 1 : 2);
}

size_t TokenLength(std::string_view sql) {
  const char first = sql.front();
  if (first == '"' || first == '`' || first == '[' || first == '\'') return QuotedLength(sql);
  size_t length = 1;
  if (IsWordByte(first)) {
    while (length < sql.size() && IsWordByte(sql[length])) ++length;
  }
  return length;
}

Tokens Tokenize(std::string_view sql) {
  Tokens tokens;
  int depth = 0;
  while (!sql.empty()) {
    const size_t blank = BlankLength(sql);
    if (blank != 0) {
      sql.remove_prefix(blank);
      continue;
    }
    const std::string_view text = sql.substr(0, TokenLength(sql));
    if (text == ")") --depth;
    tokens.push_back({text, depth});
    if (text == "(") ++depth;
    sql.remove_prefix(text.size());
  }
  return tokens;
}

std::string Unquoted(std::string_view text) {
  const char quote = text.front();
  if (quote != '"' && quote != '`' && quote != '[') return std::string(text);
  std::string name;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    name += text[i];
    if (quote != '[' && text[i] == quote) ++i;
  }
  return name;
}

// The text from one token to another, both included.
std::string Span(const Token& first, const Token& last) {
  return {first.text.data(), last.text.data() + last.text.size()};
}

// An index term without its order.
std::string TermText(Tokens::const_iterator first, Tokens::const_iterator last) {
  while (last - first > 1) {
    const Token& word = *(last - 1);
    const bool order = word.Is("ASC") || word.Is("DESC");
    const bool nulls = (word.Is("FIRST") || word.Is("LAST")) && (last - 2)->Is("NULLS");
    if (!order && !nulls) break;
    last -= order ? 1 : 2;
  }
  return first == last ? std::string() : Span(*first, *(last - 1));
}

}  // namespace

IndexText ReadIndexText(std::string_view create_index) {
  IndexText index;
  const Tokens tokens = Tokenize(create_index);
  auto at =
      std::find_if(tokens.begin(), tokens.end(), [](const Token& t) { return t.text == "("; });
  if (at == tokens.end()) return index;
  auto first = ++at;
  for (; at != tokens.end() && at->depth > 0; ++at) {
    if (at->depth != 1 || at->text != ",") continue;
    index.terms.push_back(TermText(first, at));
    first = at + 1;
  }
  index.terms.push_back(TermText(first, at));
  if (tokens.end() - at > 2 && (at + 1)->Is("WHERE")) index.where = Span(*(at + 2), tokens.back());
  return index;
}

std::string GeneratedText(std::string_view create_table, std::string_view column) {
  const Tokens tokens = Tokenize(create_table);
  bool ours = false;  // within the definition of `column`
  for (size_t i = 1; i < tokens.size(); ++i) {
    if (tokens[i].depth != 1) continue;
    const Token& before = tokens[i - 1];
    if (before.text == "(" || before.text == ",") {
      // A name may stand in string quotes here.
      const std::string_view text = tokens[i].text;
      ours =
          SameName(text.front() == '\'' ? text.substr(1, text.size() - 2) : Unquoted(text), column);
    } else if (ours && tokens[i].Is("AS") && i + 2 < tokens.size() && tokens[i + 1].text == "(") {
      size_t end = i + 2;
      while (end < tokens.size() && tokens[end].depth > 1) ++end;
      return Span(tokens[i + 2], tokens[end - 1]);
    }
  }
  return {};
}

std::vector<std::string> NamesIn(std::string_view expression) {
  std::vector<std::string> names;
  for (const Token& token : Tokenize(expression)) {
    if (token.IsName()) names.push_back(Unquoted(token.text));
  }
  return names;
}

std::string WithPlainStrings(std::string_view expression, const std::vector<std::string>& names) {
  const Tokens tokens = Tokenize(expression);
  std::string text;
  size_t done = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].text.front() != '"') continue;
    const std::string name = Unquoted(tokens[i].text);
    const bool known = std::any_of(names.begin(), names.end(),
                                   [&](const std::string& n) { return SameName(n, name); });
    const Token* before = i > 0 ? &tokens[i - 1] : nullptr;
    const Token* after = i + 1 < tokens.size() ? &tokens[i + 1] : nullptr;
    const bool qualified = (before && before->text == ".") || (after && after->text == ".");
    const bool other =
        (before && (before->Is("COLLATE") || before->Is("AS"))) || (after && after->text == "(");
    if (known || qualified || other) continue;
    const size_t at = static_cast<size_t>(tokens[i].text.data() - expression.data());
    text += expression.substr(done, at - done);
    text += '\'';
    for (const char c : name) text += c == '\'' ? std::string(2, c) : std::string(1, c);
    text += '\'';
    done = at + tokens[i].text.size();
  }
  return text + std::string(expression.substr(done));
}

bool IsAfterInsert(std::string_view create_trigger) {
  // CREATE TRIGGER name AFTER INSERT ON ..., as SQLite writes it down.
  const Tokens tokens = Tokenize(create_trigger);
  return tokens.size() > 4 && tokens[3].Is("AFTER") && tokens[4].Is("INSERT");
}

}  // namespace vecgraph
