"""One worker: its way from the intent over the batch system to its pilot's jobs, each gap named, and how it ended."""

from typing import Any

from api.http.errors import NotFound
from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.monitor.pages.past import subject_of_page
from api.monitor.pages.worker_life import held_jobs, spans_of
from api.queries import worker_lives

EVENTS_MAX, JOBS_MAX = 200, 100
#: What a lease says of the slot.
SLOT = ("job_class", "slot_class", "job_memory_mb", "slot_memory_mb", "reason", "node", "pilot")


async def load(view: PageView) -> Data:
    """Everything about the worker; raises NotFound."""
    queue, worker_id = view.names["queue"], view.names["worker"]
    read_models, vo = view.read_models, view.vo
    await view.audit_service.check(view.identity, subject_of_page("worker", f"{queue}/{worker_id}"))
    worker = await worker_lives.one(read_models, vo, queue, worker_id)
    if worker is None:
        raise NotFound(f"no worker {worker_id} in queue {queue} of {vo}")
    events = await worker_lives.events_of(read_models, vo, queue, worker_id, EVENTS_MAX)
    leases = await worker_lives.leases_of(read_models, vo, queue, worker_id, JOBS_MAX)
    ids = [lease["job_id"] for lease in leases]
    held = held_jobs(leases, await worker_lives.ends_of(read_models, vo, ids) if ids else [])
    jobs = await worker_lives.jobs_of(read_models, vo, ids) if ids else {}
    return {
        "worker": worker,
        "spans": spans_of(events, held, worker["ended_at"], view.now),
        "jobs": [_job(lease, jobs.get(lease["job_id"]), held) for lease in reversed(leases)],
        "jobs_total": leases[0]["total"] if leases else 0,
        "events": list(reversed(events)),
        "events_total": events[0]["total"] if events else 0,
    }


def _job(lease: Data, job: Data | None, held: list[Any]) -> Data:
    """One job that the pilot had, with what its lease says of the slot."""
    until = next(one.until for one in held if (one.job_id, one.since) == (lease["job_id"], lease["at"]))
    known = job or {"status": None, "started_at": None, "exit_code": None, "errors": []}
    return {
        "job_id": lease["job_id"],
        "task_id": lease["task_id"],
        "leased_at": lease["at"],
        "held_until": until,
        **{name: known[name] for name in ("status", "started_at", "exit_code", "errors")},
        **{name: lease["body"].get(name) for name in SLOT},
    }


def concerned(touched: Touched, view: PageView) -> bool:
    """True when its queue or a worker there moved."""
    return view.names["queue"] in touched.queues


PAGE = MonitorPage(
    "worker",
    r"/worker/(?P<queue>[^/]{1,128})/(?P<worker>.{1,255})/",
    lambda data: f"Worker {data['worker']['worker_id']}",
    load,
    ("head", "life", "jobs", "events"),
    concerned,
)
