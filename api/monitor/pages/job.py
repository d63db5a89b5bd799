"""One job: why it is where it is, its states and attempts, files, errors, use of memory and CPU, events, the past."""

from typing import Any

from api.http.errors import NotFound
from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.monitor.pages.as_it_was import job_then
from api.monitor.pages.jobs import job_document
from api.monitor.pages.past import STATE_AFTER, history_of, past_of, scrubber_of, subject_of_page
from api.monitor.pages.task_timeline import as_data
from api.monitor.pages.waterfall import AFTER, ENDS, bars_of_job
from api.queries import jobs, task_life, timeline, worker_lives
from api.queries.set_aside import set_aside_of

#: What its document has of ours.
OWN_NAMES = ("set_aside", "why", "lease", "slot", "states", "timeline", "attempts", "events", "past")
FINAL = frozenset({"finished", "failed", "cancelled", "closed"})


async def load(view: PageView) -> Data:
    """Everything about the job; raises NotFound."""
    job_id = int(view.names["job"])
    job = await jobs.whole(view.read_models, view.vo, job_id)
    if job is None:
        raise NotFound(f"no job {job_id} in {view.vo}")
    subject = subject_of_page("job", str(job_id))
    past = await past_of(view, subject)
    found: Data = {
        "job": job,
        "set_aside": await set_aside_of(view.read_models, "job", job_id),
        "why": await view.audit_service.why(view.identity, subject),
        "lease": await jobs.lease_of(view.read_models, job_id),
        "slot": await worker_lives.slot_of_job(view.read_models, view.vo, job_id),
        "states": await _states(view, job),
        "timeline": await _timeline(view, job_id, past),
        "good_job": await task_life.good_job_like(view.read_models, job_id),
        "attempts": await _attempts(view, job),
        "events": await history_of(view, subject, past),
        "scrubber": await scrubber_of(view, subject),
        "past": past,
    }
    if past is not None:
        found |= job_then(view, found, past)
    return {**found, "files": await view.files.of(found["job"])}


async def _states(view: PageView, job: Data) -> list[Data]:
    """The states it went through, each with its begin and how long it lasted (microseconds)."""
    rows = await timeline.states_of_job(view.read_models, job["job_id"], list(STATE_AFTER))
    states: list[Data] = []
    for row in rows:
        word = STATE_AFTER[row["event_type"]]
        if states and states[-1]["status"] == word:
            continue
        states.append({"status": word, "at": row["at"]})
    for place, state in enumerate(states):
        following = states[place + 1]["at"] if place + 1 < len(states) else None
        if following is None and state["status"] not in FINAL:
            following = view.now
        state["lasted"] = None if following is None else max(0, following - state["at"])
    return states


async def _timeline(view: PageView, job_id: int, past: Data | None) -> Data:
    """Its life as a waterfall, the run cut into what its pilot measured; up to the moment."""
    events = await timeline.states_of_job(view.read_models, job_id, [*AFTER, *ENDS])
    seconds = await task_life.pilot_seconds_of(view.read_models, job_id)
    if past is None:
        return as_data(bars_of_job(events, seconds, view.now), view.now)
    at = past["at"] or 0
    return as_data(bars_of_job([event for event in events if event["at"] <= at], seconds, at), at)


async def _attempts(view: PageView, job: Data) -> list[Data]:
    """All jobs that had an input unit in common with this one, in their order; only itself without input."""
    rows = await jobs.attempts_on_same_input(view.read_models, job["job_id"])
    return rows or [{name: job[name] for name in jobs.ATTEMPT_COLUMNS}]


def concerned(touched: Touched, view: PageView) -> bool:
    """True when the job moved."""
    return int(view.names["job"]) in touched.jobs


def document(data: Data) -> Any:
    """`job`, `files` and `dsfiles`, as BigPanDA gives them, and ours."""
    job, files = data["job"], data["files"]
    return {
        "job": job_document(job),
        "files": [
            {
                "lfn": one["lfn"],
                "type": one["role"],
                "scope": one["scope"],
                "dataset": one["dataset"],
                "fsize": one["size_bytes"],
                "checksum": one["checksum"],
                "guid": one["guid"],
                "endpoint": one["endpoint"],
                "status": one["state"],
            }
            for one in files
        ],
        "dsfiles": sorted({str(one["dataset"]) for one in files}),
        **{name: data[name] for name in OWN_NAMES},
    }


PAGE = MonitorPage(
    "job",
    r"/job/(?P<job>\d{1,19})/",
    lambda data: f"Job {data['job']['job_id']}",
    load,
    ("head", "why", "states", "attempts", "files", "log", "events", "scrubber"),
    concerned,
    document,
    has_past=True,
)
