"""One queue: what runs and waits, pilots wanted and alive, last sign of life, what it refuses and why, the past."""

from api.http.errors import NotFound
from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.monitor.pages.as_it_was import queue_then
from api.monitor.pages.home import in_order
from api.monitor.pages.past import history_of, past_of, scrubber_of, subject_of_page
from api.monitor.pages.words import JOB_STATES, LIVE_STATES, WAITING_STATES
from api.monitor.pages.worker_life import ended_early, funnel_of
from api.queries import job_counts, queues, tasks, worker_lives, workers
from api.queries.set_aside import set_aside_of
from schemas.instants import DAY

LEASES = 20


async def load(view: PageView) -> Data:
    """Everything about the queue; raises NotFound."""
    name = view.names["queue"]
    read_models, vo, since = view.read_models, view.vo, view.now - DAY
    subject = subject_of_page("queue", name)
    await view.audit_service.check(view.identity, subject)
    queue = await queues.whole(read_models, name)
    if queue is None:
        raise NotFound(f"no queue {name} for {vo}")
    # Tasks of other organisations are on hold there, too; their numbers are not shown here.
    queue["held_tasks"] = await tasks.those_in(read_models, vo, queue["held_tasks"] or ())
    demand = await queues.demand(read_models, name)
    counted = await view.counted(lambda: _counted(view, name, since))
    past = await past_of(view, subject)
    found: Data = {
        "queue": queue,
        "set_aside": await set_aside_of(read_models, "queue", name),
        "demand": demand,
        "jobs": in_order(await job_counts.live_in_queue(read_models, vo, name, LIVE_STATES), JOB_STATES),
        "shares": await job_counts.shares_in_queue(read_models, vo, name, LIVE_STATES, WAITING_STATES),
        **{word: value for word, value in counted.items() if word != "how_far"},
        "funnel": funnel_of(counted["how_far"], demand["wanted"] if demand else 0),
        "ended_early": ended_early(counted["how_far"]),
        "leases": await queues.leases(read_models, vo, name, LEASES),
        "workers": await workers.counts_in_queue(read_models, vo, name),
        "refuses": await queues.refusals(read_models, vo, name, since),
        "events": await history_of(view, subject, past, 30),
        "scrubber": await scrubber_of(view, subject),
        "past": past,
    }
    return found if past is None else found | queue_then(found, past)


async def _counted(view: PageView, queue: str, since: int) -> Data:
    """Of the last day what ended and how far workers got, and pilots' time without a job: on a busy queue a look at many rows."""
    ended = in_order(await job_counts.ended_in_queue(view.read_models, view.vo, queue, since), JOB_STATES)
    how_far = await worker_lives.how_far(view.read_models, view.vo, queue, since)
    return {"ended": ended, "pilot_seconds": await queues.pilot_seconds(view.read_models, queue), "how_far": how_far}


def concerned(touched: Touched, view: PageView) -> bool:
    """True when the queue moved."""
    return view.names["queue"] in touched.queues


PAGE = MonitorPage(
    "queue",
    r"/queue/(?P<queue>[^/]{1,200})/",
    lambda data: f"Queue {data['queue']['name']}",
    load,
    ("head", "jobs", "funnel", "demand", "leases", "refuses", "settings", "events", "scrubber"),
    concerned,
    has_past=True,
)
