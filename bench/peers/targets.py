"""What vecgraph wants to reach, and whether it does."""

from dataclasses import dataclass

from results import Case, Line

K = 10
METRICS = ("dot", "cosine")
THREADS = (2, 1)  # what counts, and what stands beside it
SMALLEST_ROWS = 60_000
DIMS = (384, 768)

EXACT_WITHIN = 1.3  # of the time to read the int8 plane
FOUR_BIT_WITHIN = 0.8
REAL = ("demo", "minilm", "given")
MANY_TIMES = 5.0

# (engine, how many times faster vecgraph should be)
FASTER_THAN = (("sqlite-vec", 20.0), ("sqlite-vec-scalar", 40.0), ("sqlite-vector", 15.0))
APPROXIMATE_RIVAL = "sqlite-vector-int8"


@dataclass(frozen=True)
class Check:
    """A target on one data set, with the figures for two threads and for one."""

    target: str
    where: str
    figures: tuple[str, ...]  # in the order of THREADS
    wanted: str
    met: bool | None  # by the first figure; None: not measured


@dataclass(frozen=True)
class Figure:
    """A ratio, or why there is none."""

    ratio: float | None
    reason: str = ""

    def __str__(self) -> str:
        return self.reason if self.ratio is None else f"{self.ratio:.3g} x"


NONE = Figure(None, "not measured")


def checks(cases: list[Case]) -> list[Check]:
    found = []
    for case in cases:
        size = case.dataset
        if size.rows >= SMALLEST_ROWS and size.dims in DIMS and size.kind != "random":
            for metric in METRICS:
                found += of_metric(case, metric)
            found.append(of_many(case))
    return found


def of_metric(case: Case, metric: str) -> list[Check]:
    ours = [case.find("vecgraph", threads=n, metric=metric, k=K) for n in THREADS]
    reading = [Figure(line.median_ms / line.int8_ms) if line else NONE for line in ours]
    first = f"warm exact top-{K}, {metric}"
    found = [at_most(case, f"{first}: time to read the int8 plane", reading, EXACT_WITHIN)]
    if case.dataset.kind in REAL:
        what = f"{first}: the same, with a 4-bit plane on real embeddings"
        found.append(at_most(case, what, reading, FOUR_BIT_WITHIN))
    for engine, times in FASTER_THAN:
        title = case.engines.get(engine, {}).get("title", engine)
        what = f"{first}: faster than {title}"
        found.append(at_least(case, what, [compare(case, x, engine) for x in ours], times))
    rival = [compare(case, line, APPROXIMATE_RIVAL) for line in ours]
    what = f"{first}: not slower than the approximate sqlite-vector int8"
    return [*found, at_least(case, what, rival, 1.0)]


def compare(case: Case, ours: Line | None, engine: str) -> Figure:
    """By the same metric; sqlite-vec has no dot product, so there by cosine."""
    if ours is None:
        return NONE
    theirs = case.find(engine, metric=ours.metric, k=K, threads=1) or case.find(
        engine, metric="cosine", k=K, threads=1
    )
    if theirs is None:
        return Figure(None, case.engines.get(engine, {}).get("failed", "not measured"))
    # vecgraph's time in the group of the other, so that a change of the machine hits both.
    there = case.pivot(theirs.group, ours)
    return Figure(theirs.median_ms / there)


def of_many(case: Case) -> Check:
    """By one thread, against single queries by one thread."""
    what = "1,000 queries at once: throughput of single ones, one core"
    figure = Figure(None, "no vec_join in this build")
    for one in case.content["many"]:
        if one["engine"] == "vecgraph" and one["threads"] == 1:
            figure = Figure(one["single_ms"] / one["ms_per_query"])
            break
    met = None if figure.ratio is None else figure.ratio >= MANY_TIMES
    figures = ("", str(figure))
    return Check(what, case.dataset.title, figures, f"{MANY_TIMES:g} x", met)


def at_most(case: Case, what: str, figures: list[Figure], limit: float) -> Check:
    ratio = figures[0].ratio
    met = None if ratio is None else ratio <= limit
    return Check(what, case.dataset.title, words(figures), f"at most {limit:g} x", met)


def at_least(case: Case, what: str, figures: list[Figure], limit: float) -> Check:
    ratio = figures[0].ratio
    met = None if ratio is None else ratio >= limit
    return Check(what, case.dataset.title, words(figures), f"{limit:g} x", met)


def words(figures: list[Figure]) -> tuple[str, ...]:
    return tuple(str(figure) for figure in figures)
