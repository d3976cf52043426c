"""The table of bench_store: what the documents say, what was measured here, and the ratio.

    build/release/bench/bench_store --benchmark_format=json >result.json
    python3 bench/bench_store_report.py result.json [more.json ...]

Ratios are how many times faster; a line whose benchmark is not in the files is left out.
"""

import json
import sys

# (what is done, the document's figure, benchmark, counter). A figure per second or in milliseconds,
# as the counter says.
SUITES = "per_second", [
    ("reads, each on a new connection", 2243, "suite/reads/reopened"),
    ("reads, one connection", 2243, "suite/reads/open"),
    ("writes, each on a new connection", 57, "suite/writes/reopened"),
    ("writes, one connection", 57, "suite/writes/open"),
    ("reads by 10 threads, new connections", 1101, "suite/reads_10_threads/reopened"),
    ("reads by 10 threads, one connection each", 1101, "suite/reads_10_threads/open"),
    ("reads and writes by 10 threads, new connections", 891, "suite/mixed_10_threads/reopened"),
    ("reads and writes by 10 threads, one connection each", 891, "suite/mixed_10_threads/open"),
]
REQUESTS_TARGET = 60000

# Queries per request and queries per second.
SWEEP = {
    1: 10291, 5: 24935, 10: 53800, 20: 97240, 50: 93350,
    100: 414500, 200: 475000, 500: 528000, 1000: 525000,
}  # fmt: skip
SWEEP_FORMS = ("single", "batch", "batch_of_100000")

TIMES = "ms", [
    ("1,000 inserts, each committed, SQLite's own settings", 10000,
     "transactions/autocommit_default_settings"),
    ("1,000 inserts, each committed, WAL and synchronous NORMAL", 10000, "transactions/autocommit"),
    ("1,000 inserts in one transaction, SQLite's own settings", 100,
     "transactions/one_default_settings"),
    ("1,000 inserts in one transaction, WAL", 100, "transactions/one"),
    ("10,000 rows of three columns in one transaction, in memory", 8.70,
     "insert_10000/bare_in_memory"),
    ("the same through an object-relational mapper", 116.20, "insert_10000/bare_in_memory"),
    ("10,000 nodes with embeddings, triggers dropped", None, "insert_10000/nodes_without_triggers"),
    ("10,000 nodes with embeddings, tags and history kept", None, "insert_10000/nodes"),
]  # fmt: skip

REPLICATION = "ms", [
    ("full copy: 6,000 rows then, 100,000 nodes and 300,000 edges here", 165, "replicate/full"),
    ("10 changed nodes to a replica in memory", 1, "replicate/10_in_memory"),
    ("10 changed nodes to a replica in a file", 1, "replicate/10_in_file"),
    ("nothing changed", None, "replicate/nothing"),
]  # fmt: skip

# (what, figure: times faster, slow benchmark, fast benchmark)
PAIRS = [
    ("a prepared statement kept", "2 to 5", "prepared/each_time", "prepared/once"),
    ("five users by one IN", "5", "users/one_by_one", "users/in"),
    ("five users and their items: two IN", "26", "related/n_plus_1", "related/in"),
    ("five users and their items: JSON aggregation", "", "related/n_plus_1", "related/json"),
    ("a covering index", "2 to 3", "index/plain", "index/covering"),
    ("sums kept by triggers", "6.4", "sums/computed", "sums/kept"),
    ("one transaction for 1,000 inserts, SQLite's own settings", "100",
     "transactions/autocommit_default_settings", "transactions/one_default_settings"),
    ("one transaction for 1,000 inserts, WAL", "100", "transactions/autocommit", "transactions/one"),
]  # fmt: skip

LOCKS = {10: 1300, 30: 3900, 50: 6500}


def number(value):
    """Three significant digits, with commas."""
    if value >= 100:
        digits = len(str(int(value)))
        return f"{round(value, 3 - digits):,.0f}"
    return f"{value:.3g}" if value >= 1 else f"{value:.2g}"


def table(head, rows):
    if not rows:
        return
    print("| " + " | ".join(head) + " |")
    print("|---|" + "---:|" * (len(head) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def compare(found, counter, lines):
    for what, then, name in lines:
        if name not in found:
            continue
        now = found[name][counter]
        ratio = "" if then is None else number(now / then if counter == "per_second" else then / now)
        yield what, "" if then is None else number(then), number(now), ratio


def report(found):
    counter, lines = SUITES
    rows = [
        (*row, number(found[name][counter] / REQUESTS_TARGET), number(found[name]["busy"]))
        for row, name in zip(
            compare(found, counter, lines), [name for *_, name in lines if name in found]
        )
    ]
    table(("operations per second", "then", "here", "ratio", "of 60,000", "SQLITE_BUSY"), rows)

    rows = []
    for count, then in SWEEP.items():
        names = [f"sweep/{form}/{count}" for form in SWEEP_FORMS]
        if all(name in found for name in names):
            now = [found[name]["per_second"] for name in names]
            rows.append((f"{count:,}", number(then), *map(number, now), number(now[1] / then)))
    head = "rows per request", "then", "one by one", "one statement", "of 100,000 rows", "ratio"
    table(head, rows)

    for counter, lines in (TIMES, REPLICATION):
        table(("milliseconds", "then", "here", "ratio"), list(compare(found, counter, lines)))

    rows = [
        (what, then, number(found[fast]["per_second"] / found[slow]["per_second"]),
         number(found[slow]["per_second"]), number(found[fast]["per_second"]))
        for what, then, slow, fast in PAIRS
        if slow in found and fast in found
    ]  # fmt: skip
    table(("times faster", "then", "here", "without, per second", "with, per second"), rows)

    rows = []
    for size, then in LOCKS.items():
        case = found.get(f"batch/{size}")
        if case:
            now = case["lock_ms"]
            longest = number(case["longest_lock_ms"])
            rows.append((str(size), number(then), number(now), longest, number(then / now)))
    table(("nodes per transaction", "lock then, ms", "here", "longest here", "ratio"), rows)


def main():
    found = {}
    for path in sys.argv[1:]:
        with open(path) as file:
            for case in json.load(file)["benchmarks"]:
                found[case["name"].partition("/iterations:")[0]] = case
    if not found:
        sys.exit(__doc__)
    report(found)


if __name__ == "__main__":
    main()
