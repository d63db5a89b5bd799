"""The life of a job and of a task as a waterfall: bars along time, each named, waits marked, and what decided the end. Pure.

In: events with their times, the pilot's own seconds, jobs that follow each other. Out: `Bar`s in order of time. A job's bars
cover its life without a hole; a task's stand one below the other and may overlap, with the times in which nothing of it moved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.instants import MICROSECONDS

#: What a job does after an event: name, meaning, and whether it waits.
AFTER: Mapping[str, tuple[str, str, bool]] = {
    "JobDefined": ("queued", "made, on its way to its queue", True),
    "JobActivated": ("waits for a pilot", "a pilot may take it", True),
    "JobReturned": ("waits for a pilot", "it came back from a pilot and may be taken again", True),
    "JobSent": ("pilot prepares", "a pilot has it and has not said that it began", False),
    "JobStarting": ("pilot prepares", "its pilot prepares the payload", False),
    "JobStarted": ("runs", "its pilot stages in, runs the payload and stages out", False),
    "JobHolding": ("holding", "its pilot asked to wait", True),
    "JobTransferring": ("transfers", "its output is on its way", False),
    "JobMerging": ("waits for the merge", "its output waits for the merge step", True),
}
ENDS = frozenset({"JobFinished", "JobFailed", "JobLost", "JobCancelled", "JobClosed"})
#: What the pilot measures, in the order in which it happens; seconds joined by `|` (docs/reference/pilot.md).
TIMING = ("getjob", "stage-in", "payload", "stage-out", "initial setup", "payload setup")
WITHIN = (
    ("initial setup", "the pilot sets itself up"), ("stage-in", "input is copied to the node"),
    ("payload setup", "the payload is set up"), ("payload", "the payload itself"), ("stage-out", "output is stored"),
)  # fmt: skip
#: Shorter times between two bars are not named as a wait.
GAP_MICROS_MIN = MICROSECONDS


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a life. until: None while it lasts; lasted: microseconds, until now then. waits: nothing moved. path: of a page.

    decides: it is on the way that decided when the end came.
    """

    name: str
    meaning: str
    since: int
    until: int | None
    lasted: int
    waits: bool = False
    path: str = ""
    decides: bool = False


def bar(name: str, meaning: str, since: int, until: int | None, now: int, *, waits: bool = False, path: str = "") -> Bar:
    """A bar of which the length follows from its times."""
    return Bar(name, meaning, since, until, max(0, (now if until is None else until) - since), waits, path)


def bars_of_job(events: Sequence[Mapping[str, Any]], timing: str | None, now: int) -> list[Bar]:
    """From the first to the last event of a job: `event_type` and `at`, in order. timing: what its pilot measured."""
    marks: list[tuple[int, tuple[str, str, bool] | None]] = []
    for event in events:
        kind = event["event_type"]
        after = None if kind in ENDS else AFTER.get(kind)
        if kind not in ENDS and (after is None or (marks and marks[-1][1] is not None and marks[-1][1][0] == after[0])):
            continue
        marks.append((event["at"], after))
    bars: list[Bar] = []
    for place, (at, after) in enumerate(marks):
        if after is not None:
            name, meaning, waits = after
            following = marks[place + 1][0] if place + 1 < len(marks) else None
            bars.append(bar(name, meaning, at, following, now, waits=waits))
    return _with_the_pilots_seconds(bars, timing, now)


def _with_the_pilots_seconds(bars: list[Bar], timing: str | None, now: int) -> list[Bar]:
    """The last run cut into what its pilot measured; as it is when that does not fit into it."""
    seconds = seconds_of(timing)
    last = next((place for place in reversed(range(len(bars))) if bars[place].name == "runs"), None)
    if last is None or seconds is None or bars[last].until is None:
        return bars
    run, parts = bars[last], [(name, meaning, seconds[name] * MICROSECONDS) for name, meaning in WITHIN if seconds[name]]
    if not parts or sum(part[2] for part in parts) > run.lasted:
        return bars
    found, at = [], run.since
    for name, meaning, lasted in parts:
        found.append(bar(name, f"{meaning}, as its pilot measured", at, at + lasted, now))
        at += lasted
    if run.lasted - (at - run.since) >= GAP_MICROS_MIN:
        found.append(bar("not accounted for", "its pilot measured less than it took", at, run.until, now, waits=True))
    else:
        found[-1] = replace(found[-1], until=run.until, lasted=(run.until or now) - found[-1].since)
    return [*bars[:last], *found, *bars[last + 1 :]]


def seconds_of(timing: str | None) -> dict[str, int] | None:
    """Seconds by what the pilot measured; None for a text of another form."""
    words = (timing or "").split("|")
    if len(words) != len(TIMING) or not all(word.isascii() and word.isdigit() and len(word) <= 9 for word in words):
        return None
    return dict(zip(TIMING, map(int, words), strict=True))


def bars_of_task(milestones: Iterable[Bar], steps: Iterable[Bar], idle: Iterable[Bar], chain: Iterable[Bar]) -> list[Bar]:
    """All bars of a task in order of time; those of the chain decide its end. A wait that the chain names is not named twice."""
    deciding = [replace(one, decides=True) for one in chain]
    waits = [(one.since, one.until) for one in deciding if one.waits]
    rest = [one for one in idle if (one.since, one.until) not in waits]
    return sorted([*milestones, *steps, *rest, *deciding], key=lambda one: (one.since, one.until is None, one.until or 0))


def chain_of(jobs: Sequence[Mapping[str, Any]], begin: int, now: int) -> list[Bar]:
    """The jobs of which each waited for the one before, and the times between them; `jobs` in their order.

    begin: when the first of them could have been made. Of a job: `job_id`, `attempt`, `status`, `sent_at`, `ended_at`.
    """
    bars: list[Bar] = []
    at = begin
    for job in jobs:
        since, until = job["sent_at"], job["ended_at"]
        name, tried = f"job {job['job_id']}", f"attempt {job['attempt']}"
        path = f"/job/{job['job_id']}/"
        if since is None:
            bars.append(bar(name, f"{tried}: no pilot took it", at, until, now, waits=True, path=path))
            at = until or now
            continue
        if since - at >= GAP_MICROS_MIN:
            bars.append(bar(name, f"{tried}: made, and not yet taken by a pilot", at, since, now, waits=True, path=path))
        bars.append(bar(name, f"{tried}: in its pilot's hands, {job['status']}", since, until, now, path=path))
        at = max(at, until or now)
    return bars
