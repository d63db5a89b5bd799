"""Reading calls below `job/`: descriptions, status, user metadata. Only the caller's VO is ever seen."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from api.panda.arguments import BadArgument, whole_numbers
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.job_object import job_object
from api.panda.surface import DEBUG_MODE
from api.panda.task_reads import task_row
from api.pilots.structured import was_left_out
from api.queries import jobs
from api.queries.read_models import Row

JOBS_MAX = 5500
FINAL = frozenset({"finished", "failed", "cancelled", "closed"})
#: Metadata in one answer; a job's is at most 400 kB (`pilots/structured.py`).
METADATA_BYTES_MAX = 50_000_000


async def descriptions(call: Call) -> Reply:
    """Job objects, parallel to the ids; null for an unknown one."""
    ids = ids_of(call)
    rows = await rows_of(call, ids)
    return done(await asyncio.to_thread(lambda: [job_object(rows[job_id]) if job_id in rows else None for job_id in ids]))


async def statuses(call: Call) -> Reply:
    """Status and order of each job, parallel to the ids."""
    ids = ids_of(call)
    rows = await rows_of(call, ids)
    return done([_status(rows.get(job_id)) for job_id in ids])


async def set_debug_mode(call: Call) -> Reply:
    """Says that there is no debug mode; the client shows `data`."""
    rows = await rows_of(call, [call["job_id"]])
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


def ids_of(call: Call) -> list[int]:
    """The job ids of the call; raises BadArgument for something else or too many."""
    ids = whole_numbers(call["job_ids"])
    if len(ids) > JOBS_MAX:
        raise BadArgument(f"Argument error: {len(ids)} job_ids, expected at most {JOBS_MAX}")
    return ids


async def rows_of(call: Call, ids: Sequence[int]) -> dict[int, Row]:
    """Rows of those jobs that the caller's VO has, by id."""
    return await jobs.several(call.services.read_models, call.identity.vo, ids)


def _status(row: Row | None) -> dict[str, str]:
    """Status and order; a job that is not there is to be killed: a Harvester ends its workers then."""
    if row is None:
        return {"status": "unknown", "command": "tobekilled"}
    return {"status": row["status"], "command": "tobekilled" if row["order_kill"] else "NULL"}
