"""What vecgraph wants to reach, and whether it does."""

from dataclasses import dataclass

from results import Case, Line

METRICS = ("dot", "cosine")
K = 10


@dataclass(frozen=True)
class Check:
    """A figure beside its target."""

    target: str
    where: str
    threads: int
    figure: str
    wanted: str
    met: bool | None  # None: not measured, with the reason as the figure


# (engine, how many times faster vecgraph should be)
FASTER_THAN = (("sqlite-vec", 20.0), ("sqlite-vec-scalar", 40.0), ("sqlite-vector", 15.0))
EXACT_WITHIN = 1.3  # of the time to read the int8 plane
FOUR_BIT_WITHIN = 0.8
SMALLEST_ROWS = 60_000
TARGET_DIMS = (384, 768)


def checks(cases: list[Case]) -> list[Check]:
    found = []
    for case in cases:
        if case.dataset.rows < SMALLEST_ROWS or case.dataset.dims not in TARGET_DIMS:
            continue
        if case.dataset.kind == "random":
            continue
        for threads in (2, 1):
            for metric in METRICS:
                ours = case.find("vecgraph", threads=threads, metric=metric, k=K)
                if ours:
                    found += of_reading(case, ours)
                    found += of_peers(case, ours)
        found += of_many(case)
    return found


def of_reading(case: Case, ours: Line) -> list[Check]:
    ratio = ours.median_ms / ours.int8_ms
    checks = [
        Check(
            f"warm exact top-{K}, {ours.metric}: time to read the int8 plane",
            case.dataset.title,
            ours.threads,
            f"{ratio:.2f} x",
            f"at most {EXACT_WITHIN} x",
            ratio <= EXACT_WITHIN,
        )
    ]
    if case.dataset.kind in ("demo", "given"):
        checks.append(
            Check(
                f"the same with a 4-bit plane, {ours.metric}, real embeddings",
                case.dataset.title,
                ours.threads,
                f"{ratio:.2f} x",
                f"under {FOUR_BIT_WITHIN} x",
                ratio < FOUR_BIT_WITHIN,
            )
        )
    return checks


def peer_line(case: Case, engine: str, metric: str) -> Line | None:
    """By the same metric; sqlite-vec has no dot product, so there by cosine."""
    return case.find(engine, metric=metric, k=K, threads=1) or case.find(
        engine, metric="cosine", k=K, threads=1
    )


def of_peers(case: Case, ours: Line) -> list[Check]:
    found = []
    for engine, times in FASTER_THAN:
        title = case.engines.get(engine, {}).get("title", engine)
        what = f"warm top-{K}, {ours.metric}: faster than {title}"
        theirs = peer_line(case, engine, ours.metric)
        found.append(compare(case, ours, theirs, engine, what, times))
    engine = "sqlite-vector-int8"
    theirs = peer_line(case, engine, ours.metric)
    what = f"warm top-{K}, {ours.metric}: not slower than sqlite-vector int8, which is approximate"
    found.append(compare(case, ours, theirs, engine, what, 1.0))
    return found


def compare(
    case: Case, ours: Line, theirs: Line | None, engine: str, what: str, times: float
) -> Check:
    wanted = f"{times:g} x"
    if theirs is None:
        reason = case.engines.get(engine, {}).get("failed", "not measured")
        return Check(what, case.dataset.title, ours.threads, reason, wanted, None)
    # Both in the same group, so that a change of the machine hits both.
    ours_there = ours.median_ms
    if theirs.times_vecgraph and theirs.threads == ours.threads and theirs.metric == ours.metric:
        ours_there = theirs.median_ms / theirs.times_vecgraph
    ratio = theirs.median_ms / ours_there
    figure = f"{ratio:.1f} x"
    return Check(what, case.dataset.title, ours.threads, figure, wanted, ratio >= times)


def of_many(case: Case, threads: int = 1) -> list[Check]:
    what = "1,000 queries at once: throughput of single ones, one core"
    wanted = "5 x"
    for one in case.content["many"]:
        if one["engine"] == "vecgraph" and one["threads"] == threads:
            ratio = one["single_ms"] / one["ms_per_query"]
            figure = f"{ratio:.1f} x"
            return [Check(what, case.dataset.title, threads, figure, wanted, ratio >= 5)]
    return [Check(what, case.dataset.title, threads, "no vec_join in this build", wanted, None)]
