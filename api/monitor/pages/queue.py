"""One queue: what runs and waits, pilots wanted and alive, last sign of life, what it refuses and why, the past."""

from api.http.errors import NotFound
from api.monitor.page import Data, Page, Touched, View
from api.monitor.pages.home import in_order
from api.monitor.pages.past import history_of, past_of, scrubber_of, subject_of_page
from api.monitor.pages.words import JOB_STATES, LIVE_STATES, WAITING_STATES
from api.native.set_aside import set_aside_of
from schemas.instants import DAY

LEASES, WORKERS = 20, 20


async def load(view: View) -> Data:
    """Everything about the queue; raises NotFound."""
    name = view.names["queue"]
    about = {"queue": name, "vo": view.vo, "since": view.now - DAY, "live": list(LIVE_STATES), "leases": LEASES}
    about |= {"workers": WORKERS, "waiting": list(WAITING_STATES)}
    subject = subject_of_page("queue", name)
    await view.desk.check(view.identity, subject)
    queue = await view.row("select * from queue where name = %(queue)s", about)
    if queue is None:
        raise NotFound(f"no queue {name} for {view.vo}")
    # Tasks of other organisations are on hold there, too; their numbers are nobody's business here.
    held = await view.rows(
        "select task_id from task where vo = %(vo)s and task_id = any(%(held)s) order by 1",
        {**about, "held": queue["held_tasks"]},
    )
    queue["held_tasks"] = [row["task_id"] for row in held]
    return {
        "queue": queue,
        "set_aside": await set_aside_of(view.read_models, "queue", name),
        "demand": await view.row("select wanted, live, reason from worker_demand where queue = %(queue)s", about),
        "jobs": in_order(
            await view.rows(
                "select status, count(*) as count from job where vo = %(vo)s and queue = %(queue)s and status = any(%(live)s)"
                " group by 1",
                about,
            ),
            JOB_STATES,
        ),
        "shares": await view.rows(
            "select share, count(*) filter (where status = any(%(waiting)s)) as waiting, count(*) filter (where status <>"
            " all(%(waiting)s)) as held from job where vo = %(vo)s and queue = %(queue)s and status = any(%(live)s)"
            " group by 1 order by count(*) desc, 1",
            about,
        ),
        **await view.counted(lambda: _ended(view, about)),
        "leases": await view.rows(
            "select l.job_id, l.pilot, l.node, l.leased_at, l.seen_at, l.due_at from lease l join job j using (job_id)"
            " where l.queue = %(queue)s and j.vo = %(vo)s order by l.seen_at desc limit %(leases)s",
            about,
        ),
        "workers": await view.rows(
            "select state, count(*) as count, max(coalesce(ended_at, started_at, submitted_at)) as last_at from worker"
            " where queue = %(queue)s group by state order by state",
            about,
        ),
        "refuses": await view.rows(
            "select b.code, count(*) as count, max(b.at) as last_at, max(b.message) as message,"
            " max(b.task_id) as example from brokerage b join task t using (task_id) where b.queue = %(queue)s and not b.taken"
            " and b.at >= %(since)s and t.vo = %(vo)s group by 1 order by 2 desc",
            about,
        ),
        "events": await history_of(view, subject, 30),
        "scrubber": await scrubber_of(view, subject),
        "past": await past_of(view, subject),
    }


async def _ended(view: View, about: Data) -> Data:
    """What ended there in the last day; on a busy queue that is a look at many jobs."""
    rows = await view.rows(
        "select status, count(*) as count from job where vo = %(vo)s and ended_at >= %(since)s and queue = %(queue)s group by 1",
        about,
    )
    return {"ended": in_order(rows, JOB_STATES)}


def concerned(touched: Touched, view: View) -> bool:
    """True when the queue moved."""
    return view.names["queue"] in touched.queues


PAGE = Page(
    "queue",
    r"/queue/(?P<queue>[^/]{1,200})/",
    lambda data: f"Queue {data['queue']['name']}",
    load,
    ("head", "jobs", "leases", "refuses", "settings", "events", "scrubber"),
    concerned,
    has_past=True,
)
