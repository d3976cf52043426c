"""A search never returns what the tables do not hold: random changes by two connections.

cache_fuzzer.py is the fuzzer and runs for longer by itself. Its controls are copies that are kept
by a wrong key, which must be found out.
"""

import collections

import cache_fuzzer
import pytest
from cached import CACHED, SANITIZED

STEPS = 1000 if SANITIZED else 3000
RUNS = [(binding, kind) for binding in ("sqlite3", "apsw") for kind in cache_fuzzer.KINDS
        if (binding, kind) != ("apsw", "shared")]  # apsw is built without shared cache


@pytest.mark.parametrize("binding,kind", RUNS)
def test_no_answer_is_outdated(binding, kind):
    fuzzer = cache_fuzzer.run(binding, kind, 8, STEPS)
    from_memory = sum(fuzzer.found[tier] for tier in CACHED)
    assert fuzzer.checks > STEPS * 0.8
    assert fuzzer.skipped < fuzzer.checks / 20
    assert from_memory > fuzzer.checks / 10, fuzzer.found


@pytest.mark.parametrize("binding", ["sqlite3", "apsw"])
def test_every_operation_happens(binding):
    done = sum((cache_fuzzer.run(binding, kind, 6, 3000).done for kind in ("wal", "delete")),
               collections.Counter())
    assert [name for name in cache_fuzzer.WEIGHTS if not done[name]] == []


@pytest.mark.parametrize("binding,kind", RUNS)
def test_a_run_is_determined_by_its_seed(binding, kind):
    one, two = (cache_fuzzer.run(binding, kind, 9, 200) for _ in range(2))
    assert (one.checks, one.done, one.errors) == (two.checks, two.done, two.errors)


# ---- copies that are wrong on purpose ----------------------------------------------------------

KEYS = {
    "kept forever": (cache_fuzzer.never, RUNS),
    "pragma data_version, total_changes": (cache_fuzzer.pragma_and_changes, RUNS),
    "data version of commits, total_changes": (
        cache_fuzzer.commits_and_changes, [run for run in RUNS if run[0] == "apsw"]),
}


@pytest.mark.parametrize("name,binding,kind",
                         [(name, *run) for name, (_, runs) in KEYS.items() for run in runs])
def test_control_a_wrong_key_is_found_out(name, binding, kind):
    copy = cache_fuzzer.StaleCopy(KEYS[name][0])
    fuzzer = cache_fuzzer.run(binding, kind, 7, 700, copy, stop=False)
    assert fuzzer.found["copy"] > 100  # it has been used
    assert fuzzer.stale >= 5
    with pytest.raises(cache_fuzzer.Stale, match=f"{binding} {kind} seed 7 step"):
        cache_fuzzer.run(binding, kind, 7, 700, cache_fuzzer.StaleCopy(KEYS[name][0]))


@pytest.mark.parametrize("binding,kind", RUNS)
def test_control_a_copy_that_is_always_made_anew_is_no_fault(binding, kind):
    count = iter(range(10**9))
    fuzzer = cache_fuzzer.run(binding, kind, 7, 300,
                              cache_fuzzer.StaleCopy(lambda party, schema: next(count)))
    assert fuzzer.found["stream"] > 100 and fuzzer.stale == 0
