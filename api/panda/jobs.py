"""Calls below `job/`: descriptions, status, kill, user metadata."""

import asyncio
import json

from api.panda.calls import Call, whole_numbers
from api.panda.envelope import Reply, done, failed
from api.panda.objects import job_object
from api.panda.task_reads import task_row
from api.read_models import Row
from schemas.job import KillJob

JOBS_MAX = 5500
KILL_BY_USER = 3


async def descriptions(call: Call) -> Reply:
    """Job objects, parallel to the ids; null for an unknown one."""
    ids = whole_numbers(call["job_ids"])
    if len(ids) > JOBS_MAX:
        return failed(f"Argument error: {len(ids)} job_ids, expected at most {JOBS_MAX}")
    rows = await _rows(call, ids)
    return done([job_object(rows[job_id]) if job_id in rows else None for job_id in ids])


async def statuses(call: Call) -> Reply:
    """Status and order of each job, parallel to the ids."""
    ids = whole_numbers(call["job_ids"])
    rows = await _rows(call, ids)
    return done([_status(rows.get(job_id)) for job_id in ids])


async def kill(call: Call) -> Reply:
    """True for each job whose kill was taken; a job of somebody else is left alone."""
    ids = whole_numbers(call["job_ids"])
    rows = await _rows(call, ids)
    code = call["code"] or KILL_BY_USER
    return done(list(await asyncio.gather(*(_kill_one(call, rows.get(job_id), code) for job_id in ids))))


async def set_debug_mode(call: Call) -> Reply:
    """Says that there is no debug mode; the client shows `data`."""
    rows = await _rows(call, [call["job_id"]])
    if not rows:
        return failed(f"PandaID={call['job_id']} not found")
    text = "debug mode is not offered: heartbeats and the log archive tell what a job does"
    return done(text, text)


async def user_metadata(call: Call) -> Reply:
    """What payloads of finished jobs wrote into jobReport.json, by job id."""
    if await task_row(call) is None:
        return failed("Task not found", {})
    rows = await call.services.read_models.rows(
        "select job_id, metadata from job where task_id = %s and status = 'finished' and metadata is not null",
        [call["task_id"]],
    )
    found = {}
    for row in rows:
        try:
            found[str(row["job_id"])] = json.loads(row["metadata"])
        except ValueError:
            continue
    return done(found, "" if found else "No metadata found")


async def _kill_one(call: Call, row: Row | None, code: int) -> bool:
    if row is None or (row["owner"] != call.identity.subject and call.identity.role == "user"):
        return False
    answer = await call.services.gateway.submit(
        KillJob(code=code, reason="killed through the PanDA API"), str(row["job_id"]), call.identity
    )
    return answer is not None and answer.accepted


async def _rows(call: Call, ids: list[int]) -> dict[int, Row]:
    rows = await call.services.read_models.rows(
        "select * from job where job_id = any(%s) and vo = %s", [ids, call.identity.vo]
    )
    return {row["job_id"]: row for row in rows}


def _status(row: Row | None) -> dict[str, str | None]:
    if row is None:
        return {"status": "unknown", "command": None}
    return {"status": row["status"], "command": "tobekilled" if row["order_kill"] else "NULL"}
