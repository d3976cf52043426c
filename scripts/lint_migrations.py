#!/usr/bin/env python3
"""Checks sql/migrations, with down/ in it, and sql/adopt: every file can be run by any SQLite from
3.34, inside a transaction that somebody else began, and a migration records itself. The rules and their reasons: sql/migrations/README.md.

    python3 scripts/lint_migrations.py [folder]

Prints a line per problem and exits with 1 if there is one.
"""

import re
import sqlite3
import sys
from pathlib import Path
from typing import NamedTuple

LEDGER = "_graph_migrations"
LEDGER_TABLE = (
    f"CREATE TABLE IF NOT EXISTS {LEDGER} (name TEXT NOT NULL PRIMARY KEY, sha256, applied_at)"
)
FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+")

STATEMENTS = {"ALTER", "CREATE", "DELETE", "DROP", "INSERT", "UPDATE", "WITH"}
TRANSACTION = {"BEGIN", "COMMIT", "END", "RELEASE", "ROLLBACK", "SAVEPOINT"}
OURS = re.compile(r"(vec|graph|db)_", re.IGNORECASE)
STORE_NAMES = {"graph_issues", "db_size_bytes"}  # of the store, though they begin like the library's
CLOCK = {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "RANDOM", "RANDOMBLOB"}

# Functions that came after 3.34, or that 3.34 has only when built with them.
NEW_FUNCTIONS = set(
    """ACOS ACOSH ASIN ASINH ATAN ATAN2 ATANH CEIL CEILING CONCAT CONCAT_WS COS COSH DEGREES EXP
    FLOOR FORMAT IF JSONB JSONB_ARRAY JSONB_EACH JSONB_EXTRACT JSONB_GROUP_ARRAY
    JSONB_GROUP_OBJECT JSONB_INSERT JSONB_OBJECT JSONB_PATCH JSONB_REMOVE JSONB_REPLACE JSONB_SET
    JSONB_TREE JSON_ARRAY_INSERT JSON_ERROR_POSITION JSON_PRETTY LN LOG LOG10 LOG2 MEDIAN MOD
    OCTET_LENGTH PERCENTILE PERCENTILE_CONT PERCENTILE_DISC PI POW POWER RADIANS SIGN SIN SINH
    SQRT STRING_AGG TAN TANH TIMEDIFF TRUNC UNHEX UNISTR UNISTR_QUOTE UNIXEPOCH""".split()
)
# Columns of pragma functions that can only be written in quotes.
KEYWORD_COLUMNS = {'"table"', '"notnull"'}
# After these a name and a bracket are a table with its columns, not a call.
BEFORE_COLUMNS = {"TABLE", "EXISTS", "VIEW", "INTO", "ON", "REFERENCES"}

TOKEN = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])
      | (?P<number>\d[\w.]*)
      | (?P<word>\w+)
      | (?P<sign>->>|->|.)""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    kind: str
    text: str
    line: int

    @property
    def key(self):
        """What the token is compared by: keywords and names have no case."""
        return self.text.upper() if self.kind == "word" else self.text


def tokens_of(sql):
    line = 1
    for match in TOKEN.finditer(sql):
        if match.lastgroup != "blank":
            yield Token(match.lastgroup, match.group(), line)
        line += match.group().count("\n")


def statements_of(sql):
    """Lists of tokens without the closing semicolon; a trigger with its body is one."""
    statement = []
    for token in tokens_of(sql):
        if token.text != ";":
            statement.append(token)
        elif statement and sqlite3.complete_statement(" ".join(t.text for t in statement) + ";"):
            yield statement
            statement = []
        elif statement:
            statement.append(token)
    if statement:
        yield statement


def keys_of(sql):
    return [token.key for token in tokens_of(sql)]


def own_row(name, previous):
    """The statement by which a migration records itself."""
    if previous is None:
        return f"INSERT INTO {LEDGER} (name) VALUES ('{name}')"
    return (
        f"INSERT INTO {LEDGER} (name) VALUES "
        f"((SELECT '{name}' FROM {LEDGER} WHERE name = '{previous}'))"
    )


def check_bytes(opening, data):
    if data.startswith(b"\xef\xbb\xbf"):
        yield 1, "starts with a byte order mark"
    if b"\r" in data:
        yield 1, "has carriage returns; line ends are LF, since the file is hashed"
    if not data.endswith(b"\n"):
        yield 1, "does not end with a line end"
    head = data.split(b"\n\n", 1)[0].decode("utf-8", "replace")
    if not head.startswith(opening) or "-- What:" not in head or "-- Why" not in head:
        yield 1, f"must open with a comment '{opening}...' that says what it does and why"


def check_record(name, previous, statements):
    """The ledger comes first: in the first file its table, in every file the file's own row."""
    expected = [LEDGER_TABLE] if previous is None else []
    expected.append(own_row(name, previous))
    for index, sql in enumerate(expected):
        if index >= len(statements) or [t.key for t in statements[index]] != keys_of(sql):
            line = statements[index][0].line if index < len(statements) else 1
            yield line, f"statement {index + 1} must be: {sql}"
    for statement in statements[len(expected):]:
        for token in statement:
            if token.key == LEDGER.upper():
                yield token.line, "only the file's own row may touch the ledger"


def check_kind(statement):
    """What kind of statement may stand in a migration."""
    keys = [token.key for token in statement] + ["", "", ""]
    line, first = statement[0].line, keys[0]
    if first in TRANSACTION:
        yield line, f"{first}: no transaction control, the caller begins and ends"
    elif first == "PRAGMA":
        yield line, "PRAGMA: settings belong to the application"
    elif first == ".":
        yield line, "a command of the shell; other clients run this file too"
    elif first not in STATEMENTS:
        yield line, f"{first}: a migration holds only {', '.join(sorted(STATEMENTS))}"
    if first == "CREATE":
        if keys[1] in ("TEMP", "TEMPORARY", "VIRTUAL"):
            yield line, f"CREATE {keys[1]}: the store is ordinary tables in the main schema"
        at = keys.index("IF") if "IF" in keys else -1
        if keys[at:at + 3] == ["IF", "NOT", "EXISTS"] and keys[at + 3] != LEDGER.upper():
            yield line, "IF NOT EXISTS: an existing table must be an error"
    if first not in ("CREATE", "ALTER"):
        for token in statement:
            if token.key in CLOCK or token.text.lower() == "'now'":
                yield token.line, f"{token.text}: the same file must write the same rows everywhere"


def check_names(statement):
    before = [Token("sign", "", 0), *statement]
    for previous, token, following in zip(before, statement, statement[1:] + before[:1]):
        # A column that is named like a keyword; after a dot it can be nothing else than a name.
        if token.kind == "quoted" and (previous.text != "." or token.text not in KEYWORD_COLUMNS):
            yield token.line, f"{token.text}: names are plain words, texts are in single quotes"
        if token.key in ("MAIN", "TEMP") and following.text == ".":
            yield token.line, f"{token.text}.: names carry no schema"
        if token.kind == "word" and OURS.match(token.text) and token.text not in STORE_NAMES:
            yield token.line, f"{token.text}: any SQLite must work here, without the extension"


def check_age(statement):
    """Syntax and functions newer than SQLite 3.34."""
    keys = [""] + [token.key for token in statement] + ["", ""]
    for at, token in enumerate(statement, 1):
        before, key, after, next_after = keys[at - 1], keys[at], keys[at + 1], keys[at + 2]
        new = None
        if key in ("RETURNING", "MATERIALIZED", "->", "->>"):
            new = key
        elif key == "STRICT" and before in (")", ",", "ROWID"):
            new = "STRICT"
        elif key in ("RIGHT", "FULL") and "JOIN" in (after, next_after):
            new = f"{key} JOIN"
        elif (key, after) == ("DISTINCT", "FROM") and before in ("IS", "NOT"):
            new = "IS DISTINCT FROM"
        elif token.kind == "number" and "_" in token.text:
            new = token.text
        elif token.kind == "word" and after == "(" and key in NEW_FUNCTIONS:
            new = f"{key}()" if before not in BEFORE_COLUMNS else None
        elif (key, after, next_after) == ("CONFLICT", "DO", "UPDATE"):
            new = "ON CONFLICT DO UPDATE without columns"
        if new:
            yield token.line, f"{new}: newer than SQLite 3.34"
    if keys[1:3] == ["ALTER", "TABLE"] and keys[4] in ("DROP", "ALTER"):
        yield statement[0].line, f"ALTER TABLE ... {keys[4]}: newer than SQLite 3.34"
    if keys.count("CONFLICT") > 1 and keys[1] != "CREATE":
        yield statement[0].line, "more than one ON CONFLICT: newer than SQLite 3.34"


def check_file(name, data, previous):
    """The problems of one migration, as (line, sentence); `previous` is the name before it."""
    yield from check_bytes(f"-- {name}: ", data)
    yield from check_sql(data, lambda statements: check_record(name, previous, statements))


def check_by_hand(opening, data):
    """The problems of a file of sql/adopt or sql/migrations/down: it adopts what may be there, and
    keeps the ledger itself. Everything else is as in a migration."""
    yield from check_bytes(opening, data)
    for line, problem in check_sql(data, lambda statements: ()):
        if not problem.startswith("IF NOT EXISTS"):
            yield line, problem


def check_sql(data, check_all):
    """The problems of the text; `check_all` looks at the list of statements."""
    try:
        sql = data.decode("utf-8")
    except UnicodeDecodeError:
        yield 1, "is not UTF-8"
        return
    if "\0" in sql:
        yield 1, "holds a NUL byte"
        return
    statements = list(statements_of(sql))
    yield from check_all(statements)
    for statement in statements:
        for check in (check_kind, check_names, check_age):
            yield from check(statement)
    if statements and not sqlite3.complete_statement(sql):
        yield statements[-1][0].line, "the last statement is not finished"


def check_list(listed, files):
    """list.cmake against the folder."""
    for number, name in enumerate(listed, 1):
        if not FILE_NAME.fullmatch(name) or int(name[:4]) != number:
            yield f"{name}: place {number} of the list is for {number:04}_name"
        if name not in files:
            yield f"{name}: is listed but has no file"
    for name in sorted(set(files) - set(listed)):
        yield f"{name}: the file is not listed"


def check_folder(folder):
    """Every problem of a folder of migrations, a line each."""
    match = re.search(r"set\(MIGRATIONS\s([^)]*)\)", (folder / "list.cmake").read_text())
    listed = match.group(1).split() if match else []
    files = {path.stem: path for path in folder.glob("*.sql")}
    for problem in check_list(listed, files):
        yield f"{folder / 'list.cmake'}: {problem}"
    for previous, name in zip([None, *listed], listed):
        if name in files:
            for line, problem in check_file(name, files[name].read_bytes(), previous):
                yield f"{files[name]}:{line}: {problem}"
    others = [(path, f"-- {path.stem}, undone.") for path in sorted(folder.glob("down/*.sql"))]
    others += [(path, f"-- {path.stem}: ") for path in sorted(folder.glob("../adopt/*.sql"))]
    for path, opening in others:
        for line, problem in check_by_hand(opening, path.read_bytes()):
            yield f"{path}:{line}: {problem}"


def main(arguments):
    default = Path(__file__).resolve().parent.parent / "sql" / "migrations"
    problems = list(check_folder(Path(arguments[0]) if arguments else default))
    print("\n".join(problems) or "the migrations keep the rules")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
