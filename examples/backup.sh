#!/bin/sh
# Backs up an SQLite database that may be in use: a snapshot by VACUUM INTO, checked, the newest 7
# kept. Needs nothing but the sqlite3 shell, 3.27 or newer.
#
#   examples/backup.sh DATABASE FOLDER [KEEP]
#
# A copy of the file alone (cp) loses what is committed but still in the -wal file, and may catch a
# page half written. VACUUM INTO reads one snapshot of the database, as any reader does: programs go
# on writing meanwhile. Each backup is FOLDER/NAME-TIME.db, one file without a -wal.
#
# A backup counts only after it was read back: integrity_check, and as many rows in every table as
# the database had. Until then it is NAME-TIME.db.partial, and no old one is removed.
set -eu

fail() {
  echo "backup: $*" >&2
  exit 1
}

[ $# -ge 2 ] && [ $# -le 3 ] || fail "usage: $0 DATABASE FOLDER [KEEP]"
database=$1
folder=$2
keep=${3:-7}
# sqlite3 would make an empty database of a name that is wrong.
[ -f "$database" ] || fail "there is no file $database"
case $database in -*) database=./$database ;; esac
case $keep in
  '' | *[!0-9]* | 0*) fail "KEEP is a number from 1 on, not '$keep'" ;;
esac
command -v sqlite3 >/dev/null || fail "the sqlite3 shell is needed"
mkdir -p "$folder"

# No ~/.sqliterc, which might print something or load an extension; wait for a writer.
shell() {
  sqlite3 -batch -bail -init /dev/null -cmd '.timeout 60000' "$@"
}
# A text as an SQL literal.
quote() {
  printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"
}

name=$(basename "$database")
name=${name%.*}
time=$(date -u +%Y%m%dT%H%M%SZ)
backup=$folder/$name-$time.db
partial=$backup.partial
# Two within a second, or one that is running: the later one says so.
[ ! -e "$backup" ] || fail "$backup is there already"
(set -C && : >"$partial") 2>/dev/null || fail "$partial is there already"
trap 'rm -f "$partial" "$partial-journal"' EXIT
trap 'exit 1' HUP INT TERM

# The tables that hold rows: not the virtual ones, whose rows are in shadow tables, nor SQLite's own.
# One transaction that counts them all, so that it reads one snapshot.
count_rows="SELECT 'BEGIN; ' || ifnull(group_concat('SELECT ' || quote(name) || ', count(*) FROM \"'
    || replace(name, '\"', '\"\"') || '\"', '; '), '') || '; COMMIT'
  FROM (SELECT name FROM main.sqlite_master
    WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY name)"

count() {
  sql=$(shell "$1" "$count_rows") && shell "$1" "$sql"
}

# The counts of the database and the snapshot must be of one moment, and VACUUM INTO runs in no
# transaction. So the counts are taken before and after; if they differ, somebody wrote, and the
# backup need only be whole.
before=$(count "$database") || fail "cannot read $database"
shell "$database" "VACUUM INTO $(quote "$partial")" || fail "cannot write $partial"
after=$(count "$database")

check=$(shell "$partial" "PRAGMA integrity_check") || fail "$partial cannot be read"
[ "$check" = ok ] || fail "$partial is damaged: $check"
copied=$(count "$partial")
if [ "$before" = "$after" ] && [ "$copied" != "$before" ]; then
  fail "$partial has other rows than $database:
$copied"
fi

# On the disk before the old ones go: VACUUM INTO does not wait for it.
sync "$partial" 2>/dev/null || sync
mv "$partial" "$backup"
echo "$backup"

# The oldest first: the time in the name sorts.
set -- "$folder/$name"-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z.db
while [ $# -gt "$keep" ]; do
  rm -f -- "$1"
  shift
done
