"""The facts from which `why` speaks, out of the read models, for one VO.

In: a query function over the read models, a task or job, and the caller's VO. Out: facts, and the reasons that `why.py` makes
of them. Guards: a task or job of another VO is answered as one that does not exist; lists are cut to a fixed number of rows.
"""

from collections.abc import Callable
from typing import Any

from audit.auditor import NoSuchSubject
from audit.reason import Reason
from audit.subject import NotUnderstood, Subject
from audit.why import JobFacts, TaskFacts, why_job, why_task
from projections.engine.changes import Row
from schemas.instants import MINUTE

Ask = Callable[[str, dict[str, Any]], list[Row]]
LATELY_MICROS = 10 * MINUTE
QUEUES_SHOWN, ERRORS_SHOWN = 10, 5
NOW = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint as micros"


def why(ask: Ask, subject: Subject, vo: str) -> list[Reason]:
    """Why a job or task is where it is; raises NoSuchSubject, NotUnderstood."""
    match subject.kind:
        case "job":
            return why_job(job_facts(ask, subject.number, vo))
        case "task":
            return why_task(task_facts(ask, subject.number, vo))
        case _:
            raise NotUnderstood(f"why: found a {subject.kind}, expected a job or a task")


def job_facts(ask: Ask, job_id: int, vo: str) -> JobFacts:
    """What bears on where the job is."""
    job = _one(ask("select * from job where job_id = %(id)s and vo = %(vo)s", {"id": job_id, "vo": vo}))
    if job is None:
        raise NoSuchSubject(f"no job {job_id} in {vo}")
    now = ask(NOW, {})[0]["micros"]
    about = {"queue": job["queue"], "id": job_id, "task": job["task_id"], "since": now - LATELY_MICROS}
    queue = _one(ask("select * from queue where name = %(queue)s", about))
    waits = job["status"] in ("activated", "throttled")
    return JobFacts(
        job=job,
        queue=queue,
        demand=_one(ask("select * from worker_demand where queue = %(queue)s", about)),
        lease=_one(ask("select * from lease where job_id = %(id)s", about)),
        now=now,
        ahead=_ahead(ask, job) if waits else 0,
        leased_lately=_leased_lately(ask, about) if waits else 0,
        task_held=bool(queue and job["task_id"] in queue["held_tasks"]),
        later_attempt=_later(ask, about),
        merge_job_status=_status_of(ask, job["merge_job_id"]),
    )


def task_facts(ask: Ask, task_id: int, vo: str) -> TaskFacts:
    """What bears on where the task is."""
    about: dict[str, Any] = {"id": task_id, "vo": vo, "queues": QUEUES_SHOWN, "errors": ERRORS_SHOWN}
    task = _one(ask("select * from task where task_id = %(id)s and vo = %(vo)s", about))
    if task is None:
        raise NoSuchSubject(f"no task {task_id} in {vo}")
    jobs = ask("select status, count(*) as jobs from job where task_id = %(id)s group by status", about)
    return TaskFacts(
        task=task,
        now=ask(NOW, {})[0]["micros"],
        jobs={row["status"]: row["jobs"] for row in jobs},
        verdicts=ask(
            "select queue, taken, code, weight, message, change from order_brokerage where task_id = %(id)s and sequence ="
            " (select max(sequence) from order_brokerage where task_id = %(id)s) order by place",
            about,
        ),
        queues=ask(
            "select q.name, q.settings, q.waiting, q.leased, coalesce(d.wanted, 0) as wanted, coalesce(d.live, 0) as live,"
            " j.mine from (select queue, count(*) as mine from job where task_id = %(id)s and status = 'activated'"
            " group by queue order by 2 desc limit %(queues)s) j join queue q on q.name = j.queue"
            " left join worker_demand d on d.queue = q.name order by j.mine desc, q.name",
            about,
        ),
        deadlines=ask(
            "select kind, due_at from deadline where aggregate = 'task' and aggregate_id = %(id)s::bigint::text", about
        ),
        errors=ask(
            "select count(*) as jobs, error_source as source, error_code as code, min(error_diagnostic) as diagnostic"
            " from job_attempt where task_id = %(id)s and outcome = 'failed' group by 2, 3 order by 1 desc limit %(errors)s",
            about,
        ),
        last=_one(
            ask(
                "select at, summary, event_type from timeline where aggregate = 'task' and aggregate_id = %(id)s::bigint::text"
                " order by sequence desc limit 1",
                about,
            )
        ),
    )


def _ahead(ask: Ask, job: Row) -> int:
    """Jobs of the same queue and VO that a pilot which fits all of them would get first."""
    found = ask(
        "select count(*) as jobs from job where queue = %(queue)s and status = 'activated' and vo = %(vo)s"
        " and (priority > %(priority)s or (priority = %(priority)s and job_id < %(job_id)s))",
        {name: job[name] for name in ("queue", "vo", "priority", "job_id")},
    )
    return int(found[0]["jobs"])


def _leased_lately(ask: Ask, about: dict[str, Any]) -> int:
    found = ask("select count(*) as jobs from job where queue = %(queue)s and sent_at >= %(since)s", about)
    return int(found[0]["jobs"])


def _later(ask: Ask, about: dict[str, Any]) -> int | None:
    """The next job that got an input unit of this one."""
    found = ask(
        "select min(o.job_id) as job_id from job_attempt o join job_attempt m using (task_id, unit_id)"
        " where m.task_id = %(task)s and m.job_id = %(id)s and o.job_id > %(id)s",
        about,
    )
    ended = found[0]["job_id"] if found else None
    if ended is not None:
        return int(ended)
    held = ask("select min(job_id) as job_id from task_file where task_id = %(task)s and job_id > %(id)s and unit_id in"
        " (select unit_id from job_attempt where task_id = %(task)s and job_id = %(id)s)", about)
    return held[0]["job_id"] if held else None


def _status_of(ask: Ask, job_id: int | None) -> str | None:
    if job_id is None:
        return None
    found = _one(ask("select status from job where job_id = %(id)s", {"id": job_id}))
    return found["status"] if found else None


def _one(rows: list[Row]) -> Row | None:
    return rows[0] if rows else None
