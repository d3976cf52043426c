"""A search of a tracked table never returns what it does not hold: random changes by three
connections that share what is in memory.

tracked_fuzzer.py is the fuzzer and runs for longer by itself. Its controls are changes that no
trigger sees, which must be found out.
"""

import collections
import functools

import pytest
import tracked_fuzzer
from cached import SANITIZED
from cache_fuzzer import Stale
from conftest import Engine

STEPS = 1000 if SANITIZED else 2500
RUNS = [(binding, kind) for binding in Engine.BINDINGS for kind in tracked_fuzzer.KINDS]


@functools.cache
def ran(binding, kind):
    return tracked_fuzzer.run(binding, kind, 8, STEPS)


@pytest.mark.parametrize("binding,kind", RUNS)
def test_no_answer_is_outdated(binding, kind):
    fuzzer = ran(binding, kind)
    assert fuzzer.checks > STEPS
    assert fuzzer.skipped < fuzzer.checks / 20
    assert tracked_fuzzer.from_memory(fuzzer.found) > fuzzer.checks / 5, fuzzer.found
    inside = fuzzer.inside  # write transactions
    assert tracked_fuzzer.from_memory(inside) > sum(inside.values()) / 20, inside


def test_every_operation_happens():
    done = sum((ran(*run).done for run in RUNS), collections.Counter())
    weights = tracked_fuzzer.WEIGHTS
    assert [name for name in weights if weights[name] and not done[name]] == []


@pytest.mark.parametrize("bypass", [tracked_fuzzer.blob_write, tracked_fuzzer.triggers_off])
@pytest.mark.parametrize("binding,kind", [run for run in RUNS if run[1] != "memory"])
def test_control_a_change_that_no_trigger_sees_is_found_out(binding, kind, bypass):
    fuzzer = tracked_fuzzer.run(binding, kind, 7, 1500, bypass, stop=False)
    assert fuzzer.stale >= 3
    with pytest.raises(Stale, match=f"{binding} {kind} seed 7 step"):
        tracked_fuzzer.run(binding, kind, 7, 1500, bypass)
