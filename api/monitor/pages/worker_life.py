"""The life of a worker as spans along time, each gap named, and how far the workers of a queue got. Pure.

In: events of a worker and the jobs that its pilot had. Out: spans in order of time that cover its life without a hole, and steps
of a funnel of which none counts more than the one before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: What a worker does after an event, and what that time is called.
AFTER: Mapping[str, tuple[str, str]] = {
    "WorkerIntended": ("intended", "in the log, not yet in the batch system"),
    "WorkerSubmitted": ("submitted", "handed over; the batch system has not said that it waits or runs"),
    "WorkerPending": ("pending", "waits in the batch system"),
    "WorkerHeld": ("held", "the batch system holds it back"),
    "WorkerRunning": ("running", "the pilot runs and has not asked for work as far as the log knows"),
    "WorkerAsked": ("asked", "the pilot asked for work and has got no job yet"),
}
WAITS = frozenset({"pending", "held"})
WITHOUT_A_JOB = ("no job", "between two jobs, or after the last")
WITH_A_JOB = ("at work", "has a job")
REACHED: Mapping[str, frozenset[str]] = {
    "intended": frozenset({"WorkerIntended"}),
    "submitted": frozenset({"WorkerSubmitted"}),
    "pending": frozenset({"WorkerPending", "WorkerHeld"}),
    "running": frozenset({"WorkerRunning"}),
    "asked": frozenset({"WorkerAsked"}),
    "got work": frozenset({"JobLeased"}),
}
MEANING: Mapping[str, str] = {
    "wanted": "pilots that the queue should have at present",
    "intended": "workers in the log: intended by Culm's harvester, or reported by another",
    "submitted": "of them, handed to the batch system",
    "pending": "of them, known to wait there or to have come further",
    "running": "of them, their pilot ran",
    "asked": "of them, their pilot asked for work, or has got a job",
    "got work": "of them, their pilot got a job",
    "ended well": "of them, ended finished",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A job in the hands of the worker's pilot; times in microseconds. until: None while it has it."""

    job_id: int
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a worker's life. until: None while it lasts; lasted: microseconds, until now then."""

    name: str
    meaning: str
    since: int
    until: int | None
    lasted: int
    job_id: int | None = None


def held_jobs(leases: Iterable[Mapping[str, Any]], ends: Sequence[Mapping[str, Any]]) -> list[Held]:
    """The jobs that the pilot had, in order of time: from each lease to the first end of its job that follows."""
    held = []
    for lease in leases:
        job_id, since = lease["job_id"], lease["at"]
        until = next((end["at"] for end in ends if end["job_id"] == job_id and end["at"] >= since), None)
        held.append(Held(job_id, since, until))
    return sorted(held, key=lambda one: (one.since, one.job_id))


def spans_of(
    events: Sequence[Mapping[str, Any]], held: Sequence[Held], ended_at: int | None, now: int
) -> list[Span]:
    """The life of a worker from its first event to its end, or to `now`. events: its own, in order. held: in order of time."""
    marks = [*_marks_of_worker(events, held), *_marks_of_jobs(held, now if ended_at is None else ended_at)]
    marks.sort(key=lambda mark: mark.since)
    kept: list[_Mark] = []
    for mark in marks:
        if not kept or (mark.name, mark.job_id) != (kept[-1].name, kept[-1].job_id):
            kept.append(mark)
    spans = []
    for place, mark in enumerate(kept):
        until = kept[place + 1].since if place + 1 < len(kept) else ended_at
        lasted = max(0, (now if until is None else until) - mark.since)
        spans.append(Span(mark.name, mark.meaning, mark.since, until, lasted, mark.job_id))
    return spans


@dataclass(frozen=True, slots=True)
class _Mark:
    """From then on the worker does something else."""

    since: int
    name: str
    meaning: str
    job_id: int | None = None


def _marks_of_worker(events: Iterable[Mapping[str, Any]], held: Sequence[Held]) -> Iterable[_Mark]:
    """Where the batch system had it. Once the pilot has had a job, only that it waits again is news."""
    first_job_at = held[0].since if held else None
    for event in events:
        step = _step_of(event)
        if step is not None and (first_job_at is None or event["at"] < first_job_at or step[0] in WAITS):
            yield _Mark(event["at"], *step)


def _marks_of_jobs(held: Sequence[Held], last: int) -> Iterable[_Mark]:
    for place, job in enumerate(held):
        yield _Mark(job.since, *WITH_A_JOB, job.job_id)
        following = held[place + 1].since if place + 1 < len(held) else None
        if job.until is not None and job.until < last and (following is None or job.until < following):
            yield _Mark(job.until, *WITHOUT_A_JOB)


def _step_of(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the worker does after the event; None when it goes on as before."""
    name = event["event_type"]
    if name == "WorkerSubmitted":
        state = str(event["body"].get("state", "SUBMITTED")).capitalize()
        return AFTER.get(f"Worker{state}", AFTER[name])
    return AFTER.get(name)


def funnel_of(groups: Iterable[Mapping[str, Any]], wanted: int) -> list[dict[str, Any]]:
    """Steps with `name`, `meaning`, `count`, and `lost`: how many of the step before did not come so far.

    groups: `events`, `state`, `count` of workers to which the same happened. A worker that came to a step has come to all before.
    """
    order = list(REACHED)
    counts = dict.fromkeys((*order, "ended well"), 0)
    for group in groups:
        events = frozenset(group["events"])
        furthest = max((order.index(step) for step in order if REACHED[step] & events), default=0)
        for step in order[: furthest + 1]:
            counts[step] += group["count"]
        if furthest == len(order) - 1 and group["state"] == "finished":
            counts["ended well"] += group["count"]
    steps = [{"name": "wanted", "meaning": MEANING["wanted"], "count": wanted, "lost": None}]
    before = None
    for name, count in counts.items():
        steps.append({"name": name, "meaning": MEANING[name], "count": count, "lost": None if before is None else before - count})
        before = count
    return steps


def ended_early(groups: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Workers that ended without ever having had a job, by how they ended: `state`, `count`, the most frequent first."""
    counts: dict[str, int] = {}
    for group in groups:
        if "WorkerEnded" in group["events"] and "JobLeased" not in group["events"]:
            counts[group["state"]] = counts.get(group["state"], 0) + group["count"]
    return [{"state": state, "count": count} for state, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]
