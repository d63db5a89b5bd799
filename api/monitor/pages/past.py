"""The past of a task, job or queue for its page: the state at a moment, what changed since another, its events along time.

`asof` is a time, `#17`, or a place in the log; `against` the moment to compare with (the event before, when it is not given).
"""

import asyncio
from collections import Counter
from typing import Any

from api.http.errors import BadRequest
from api.log.audit_service import asked, instant
from api.monitor.page import Data, PageView
from api.queries import timeline
from audit.auditor import COMMON_EVENTS, State
from audit.differences import Change, changes_between
from audit.moment import Moment
from audit.subject import Subject

TICKS_MAX = 400
#: What a job's events make of it, for the states of a task's jobs at a moment.
STATE_AFTER = {
    "JobDefined": "activated", "JobActivated": "activated", "JobSent": "sent", "JobStarting": "starting", "JobStarted": "running",
    "JobHolding": "holding", "JobTransferring": "transferring", "JobMerging": "merging", "JobFinished": "finished",
    "JobFailed": "failed", "JobLost": "failed", "JobCancelled": "cancelled", "JobClosed": "closed",
    "JobReturned": "activated",
}  # fmt: skip


async def past_of(view: PageView, subject: Subject) -> Data | None:
    """The state that `asof` asks for with what changed; None for a look at now. Raises NotThereYet, BadRequest."""
    if not view.parameters.get("asof"):
        if view.parameters.get("against"):
            raise BadRequest("against: it needs asof, the moment to compare with")
        return None
    moment = instant(view.parameters["asof"])
    state = await view.audit_service.state(view.identity, subject, moment)
    before = instant(view.parameters.get("against") or f"#{max(0, state.sequence - 1)}")
    earlier = await view.audit_service.state(view.identity, subject, before)
    changes = await asyncio.to_thread(changes_between, earlier.tables, state.tables)
    kinds = await _jobs_then(view, state, moment)
    return {
        "sequence": state.sequence,
        "at": state.at,
        "place": state.place,
        "row": state.main,
        "tables": state.tables,
        "against": earlier.sequence,
        "against_at": earlier.at,
        "changes": [_change(change) for change in changes],
        "jobs": _summed(kinds),
        "kinds": kinds,
    }


async def scrubber_of(view: PageView, subject: Subject) -> Data:
    """The events of the subject along time: at most `TICKS_MAX`, evenly taken, always with the last."""
    rows = await timeline.spread_over_time(view.read_models, _events_of(view, subject), TICKS_MAX)
    return {"ticks": rows, "last": rows[-1]["sequence"] if rows else 0}


async def history_of(view: PageView, subject: Subject, past: Data | None, limit: int = 60) -> list[Data]:
    """The newest events of the subject up to the moment, the newest first; of a queue's those that concern the VO."""
    return await timeline.newest_of(view.read_models, _events_of(view, subject, past), limit)


def _events_of(view: PageView, subject: Subject, past: Data | None = None) -> timeline.AggregateEvents:
    common, until = tuple(COMMON_EVENTS), None if past is None else past["sequence"]
    return timeline.AggregateEvents(subject.aggregate, subject.aggregate_id, subject.worker_id, view.vo, common, until)


async def _jobs_then(view: PageView, state: State, moment: Moment) -> list[Data]:
    """Jobs of a task by `kind` and `status` at the moment, with `count`; empty for anything else."""
    if state.subject.kind != "task" or state.at is None:
        return []
    subject_number = state.subject.number
    until = moment.micros if moment.micros is not None else state.at
    assert subject_number is not None, "a task has a number"
    rows = await timeline.last_types_of_jobs(view.read_models, subject_number, until, list(STATE_AFTER))
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts[row["kind"], STATE_AFTER[row["event_type"]]] += row["count"]
    return [{"kind": kind, "status": word, "count": count} for (kind, word), count in sorted(counts.items())]


def _summed(kinds: list[Data]) -> list[Data]:
    """`status`, `count` over all kinds, in the order of states."""
    counts: Counter[str] = Counter()
    for row in kinds:
        counts[row["status"]] += row["count"]
    return [{"status": word, "count": counts[word]} for word in dict.fromkeys(STATE_AFTER.values()) if word in counts]


def _change(change: Change) -> dict[str, Any]:
    return {"where": change.where, "before": change.before, "after": change.after}


def subject_of_page(kind: str, name: str) -> Subject:
    """The subject of a path; raises BadRequest."""
    return asked(kind, name)
