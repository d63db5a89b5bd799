"""The timeline of a task: from its events and those of its jobs to bars of a waterfall."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from api.monitor.page import Data, PageView
from api.monitor.pages.waterfall import GAP_MICROS_MIN, Bar, bar, bars_of_task, chain_of
from api.queries import task_life
from api.queries.read_models import Row

#: Begin and end of what a task goes through before its first job, and its name.
PREPARATION: Sequence[tuple[str, str, str]] = (
    ("TaskSubmitted", "TaskRefined", "reads its parameters"),
    ("TaskRefined", "JobsOrdered", "collects its input"),
    ("JobsOrdered", "JobsGenerated", "is placed on queues"),
)
#: What begins a pause: what ends it, its name and meaning.
PAUSES: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "TaskPaused": (("TaskResumed",), "paused", "it was paused by hand"),
    "TaskParked": (("TaskWoken", "JobsGenerated"), "no queue", "no queue could take its next jobs"),
    "TaskThrottled": (("TaskWoken", "JobsGenerated"), "throttled", "it waits until it may have more jobs"),
}
ENDS = ("TaskFinalized", "TaskBroken")
KNOWN = (
    "TaskSubmitted", "TaskRefined", "JobsOrdered", "JobsGenerated", "TaskPaused", "TaskResumed", "TaskParked", "TaskThrottled",
    "TaskWoken", *ENDS,
)  # fmt: skip
KIND_WORDS = {"BUILD": "build", "NORMAL": "run", "MERGE": "merge"}


async def timeline_of(view: PageView, task_id: int) -> list[Bar]:
    """The bars of a task, in order of time."""
    rows = view.read_models
    # Three of them look at every job of the task: at once they take as long as the longest.
    events, steps, idle, chain = await asyncio.gather(
        task_life.events_of(rows, task_id, KNOWN),
        task_life.steps_of(rows, task_id),
        task_life.idle_times(rows, task_id),
        task_life.last_chain(rows, task_id),
    )
    return made_of(events, steps, idle, chain, view.now)


def made_of(
    events: Sequence[Row], steps: Sequence[Row], idle: Sequence[Row], chain: Sequence[Row], now: int
) -> list[Bar]:
    """Bars from rows (`api/queries/task_life.py`). Pure."""
    first = {name: next((row["at"] for row in events if row["event_type"] == name), None) for name in KNOWN}
    milestones = [*_preparation(first, now), *_pauses(events, now), *_settling(first, chain, now)]
    begin = first["JobsGenerated"] or (chain[0]["created_at"] if chain else 0)
    gaps = [bar("idle", "no pilot had a job of it", row["since"], row["until"], now, waits=True) for row in idle]
    return bars_of_task(milestones, (_step(row, now) for row in steps), gaps, chain_of(chain, begin, now))


def _preparation(first: Mapping[str, int | None], now: int) -> Iterator[Bar]:
    for begin, end, name in PREPARATION:
        since, until = first[begin], first[end]
        if since is not None and (until is not None or not any(first[one] for one in ENDS)):
            yield bar(name, f"from {begin} to {end}", since, until, now)


def _pauses(events: Sequence[Row], now: int) -> Iterator[Bar]:
    for place, event in enumerate(events):
        if event["event_type"] not in PAUSES:
            continue
        ends, name, meaning = PAUSES[event["event_type"]]
        until = next((row["at"] for row in events[place + 1 :] if row["event_type"] in (*ends, *ENDS)), None)
        if until is None or until - event["at"] >= GAP_MICROS_MIN:
            yield bar(name, meaning, event["at"], until, now, waits=True)


def _settling(first: Mapping[str, int | None], chain: Sequence[Row], now: int) -> Iterator[Bar]:
    """From the end of its last job to its own."""
    ended = chain[-1]["ended_at"] if chain else None
    until = first["TaskFinalized"]
    if ended is not None and (until is None or until - ended >= GAP_MICROS_MIN):
        yield bar("settles", "its last job ended; outputs and accounts are closed", ended, until, now)


def _step(row: Row, now: int) -> Bar:
    kind = KIND_WORDS.get(row["kind"], row["kind"].lower())
    tried = f", attempt {row['attempt']}" if row["attempt"] > 1 else ""
    failed = f", {row['failed']:,} of them failed" if row["failed"] else ""
    return bar(f"{kind}{tried}", f"{row['count']:,} jobs{failed}", row["since"], row["until"], now)


def as_data(bars: Sequence[Bar], now: int) -> Data:
    """`bars` with where each begins and how long it is, in thousandths of the whole.

    lasted: of the whole, microseconds. waited: of what decides the end, or of all bars where none is `decided` to.
    """
    if not bars:
        return {"bars": [], "lasted": 0, "waited": 0, "decided": False}
    begin = min(one.since for one in bars)
    whole = max(1, max(now if one.until is None else one.until for one in bars) - begin)
    drawn = [
        {"x": round(1000 * (one.since - begin) / whole, 1), "width": max(2.0, round(1000 * one.lasted / whole, 1)), "bar": one}
        for one in bars
    ]
    decided = any(one.decides for one in bars)
    waited = sum(one.lasted for one in bars if one.waits and one.decides is decided)
    return {"bars": drawn, "lasted": whole, "waited": waited, "decided": decided}
