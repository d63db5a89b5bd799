"""Calls below `job/`: descriptions, status, kill, user metadata."""

import asyncio
from typing import Any

import orjson

from api.panda.arguments import BadArgument, whole_numbers
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.job_object import job_object
from api.panda.sending import send
from api.panda.surface import DEBUG_MODE
from api.panda.task_reads import task_row
from api.pilots.structured import was_left_out
from api.queries import jobs
from api.queries.read_models import Row
from identity.rights import may_act_on
from schemas.job import KillJob

JOBS_MAX = 5500
FINAL = frozenset({"finished", "failed", "cancelled", "closed"})
KILL_BY_USER = 3
KILL_CODES = range(1, 100)
#: Commands that wait for their answers at the same time.
AT_ONCE = 200
#: Metadata in one answer; a job's is at most 400 kB (`pilots/structured.py`).
METADATA_BYTES_MAX = 50_000_000


async def descriptions(call: Call) -> Reply:
    """Job objects, parallel to the ids; null for an unknown one."""
    ids = _ids(call)
    rows = await _rows(call, ids)
    return done(await asyncio.to_thread(lambda: [job_object(rows[job_id]) if job_id in rows else None for job_id in ids]))


async def statuses(call: Call) -> Reply:
    """Status and order of each job, parallel to the ids."""
    ids = _ids(call)
    rows = await _rows(call, ids)
    return done([_status(rows.get(job_id)) for job_id in ids])


async def kill(call: Call) -> Reply:
    """True for each job that is killed, or is about to be; false for one that has ended, and for one of another user."""
    ids = _ids(call)
    code = call["code"] or KILL_BY_USER
    if code not in KILL_CODES:
        raise BadArgument(f"Argument error: code is {code}, expected one from {KILL_CODES.start} to {KILL_CODES.stop - 1}")
    rows = await _rows(call, ids)
    killed: list[bool] = []
    for first in range(0, len(ids), AT_ONCE):
        killed += await asyncio.gather(*(_kill_one(call, rows.get(job_id), code) for job_id in ids[first : first + AT_ONCE]))
    return done(killed)


async def set_debug_mode(call: Call) -> Reply:
    """Says that there is no debug mode; the client shows `data`."""
    rows = await _rows(call, [call["job_id"]])
    if not rows:
        return failed(f"PandaID={call['job_id']} not found")
    return done(DEBUG_MODE, DEBUG_MODE)


async def user_metadata(call: Call) -> Reply:
    """What payloads of finished jobs wrote into jobReport.json, by job id."""
    if await task_row(call) is None:
        return failed("Task not found", {})
    rows = await jobs.metadata_of_task(call.services.read_models, call["task_id"], METADATA_BYTES_MAX)
    return await asyncio.to_thread(_metadata_of, rows)


def _metadata_of(rows: list[Row]) -> Reply:
    """Documents by job id; what is left out is named with its jobs."""
    found: dict[str, Any] = {}
    too_large, unreadable, beyond = [], [], []
    for row in rows:
        job_id = row["job_id"]
        if row["metadata"] is None:
            beyond.append(job_id)
            continue
        try:
            document = orjson.loads(row["metadata"])
        except orjson.JSONDecodeError:
            unreadable.append(job_id)
            continue
        found[str(job_id)] = document
        if was_left_out(document):
            too_large.append(job_id)
    said = [
        _left_out(too_large, "was larger than a job's event holds"),
        _left_out(beyond, f"does not fit into an answer of {METADATA_BYTES_MAX:,} bytes"),
        _left_out(unreadable, "is no JSON"),
    ]
    return done(found, " ".join(filter(None, said)) or ("" if found else "No metadata found"))


def _left_out(job_ids: list[int], why: str) -> str:
    if not job_ids:
        return ""
    named = ", ".join(str(job_id) for job_id in job_ids[:10]) + (", ..." if len(job_ids) > 10 else "")
    return f"Left out: the metadata of {len(job_ids)} jobs ({named}) {why}."


async def _kill_one(call: Call, row: Row | None, code: int) -> bool:
    if row is None or not may_act_on(call.identity, row["owner"], row["vo"]):
        return False
    answer = await send(call, KillJob(code=code, reason="killed through the PanDA API"), "job", row["job_id"])
    if answer is None or not answer.accepted:
        return False
    if answer.event_types:
        return True
    # Nothing was left to do: the kill was ordered before, or the job has ended.
    now = (await _rows(call, [row["job_id"]])).get(row["job_id"])
    return now is not None and now["status"] not in FINAL


def _ids(call: Call) -> list[int]:
    """The job ids of the call; raises BadArgument for something else or too many."""
    ids = whole_numbers(call["job_ids"])
    if len(ids) > JOBS_MAX:
        raise BadArgument(f"Argument error: {len(ids)} job_ids, expected at most {JOBS_MAX}")
    return ids


async def _rows(call: Call, ids: list[int]) -> dict[int, Row]:
    return await jobs.several(call.services.read_models, call.identity.vo, ids)


def _status(row: Row | None) -> dict[str, str]:
    """Status and order; a job that is not there is to be killed: a Harvester ends its workers then."""
    if row is None:
        return {"status": "unknown", "command": "tobekilled"}
    return {"status": row["status"], "command": "tobekilled" if row["order_kill"] else "NULL"}
