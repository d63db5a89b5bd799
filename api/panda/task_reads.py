"""Reading calls below `task/` about one task: object, status, parameters, jobs, files. Only the caller's VO is ever seen."""

import asyncio
from typing import Any

from api.log.long_lists import put_back
from api.panda.arguments import BadArgument
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.job_object import job_object
from api.panda.task_details import details_of
from api.panda.task_object import parameters_of, task_object
from api.queries import jobs, task_parts, tasks
from api.queries.read_models import Row
from schemas.instants import MICROSECONDS

JOBS_MAX = 5500
UNSUCCESSFUL = ("failed", "cancelled", "closed")
KIND_WORDS = {"BUILD": "build", "MERGE": "pmerge"}
ROLES = {"input": "INPUT", "pseudo_input": "PSEUDO_INPUT", "output": "OUTPUT", "log": "LOG"}
NO_DATA = "No data found for the task"


async def status(call: Call) -> Reply:
    """The status word."""
    row = await task_row(call)
    return done(row["status"]) if row else failed("Task not found")


async def detailed_info(call: Call) -> Reply:
    """One task object."""
    row = await task_row(call)
    return done(task_object(row)) if row else failed("Task not found or error retrieving task info")


async def parent_info(call: Call) -> Reply:
    """The task object of the parent."""
    row = await task_row(call)
    if row is None:
        return failed("Child task not found")
    if row["parent_task_id"] in (None, row["task_id"]):
        return failed("No parent task found")
    parent = await task_row(call, row["parent_task_id"])
    return done(task_object(parent)) if parent else failed("Parent task not found")


async def parameters(call: Call) -> Reply:
    """The stored task parameters, with their long lists of names."""
    row = await task_row(call)
    if row is None:
        return failed("Task not found")
    names = await task_parts.listed_names(call.services.read_models, row["task_id"], row["lists"])
    return done(put_back(parameters_of(row), names))


async def job_ids(call: Call) -> Reply:
    """Ids of all jobs of the task."""
    if await task_row(call) is None:
        return failed("Task not found")
    return done(await jobs.ids_of_task(call.services.read_models, call["task_id"]))


async def job_descriptions(call: Call) -> Reply:
    """Job objects of the task, at most 5,500, with their duration."""
    if await task_row(call) is None:
        return failed("Task not found")
    rows = await jobs.of_task(
        call.services.read_models, call["task_id"], UNSUCCESSFUL, JOBS_MAX, only=call["unsuccessful_only"]
    )
    return done(await asyncio.to_thread(lambda: [_described(row) for row in rows]))


async def details(call: Call) -> Reply:
    """Datasets, file statistics, job ids; status and command line when asked for."""
    row = await task_row(call)
    if row is None:
        return failed("Task not found")
    found = (await details_of(call, [row["task_id"]]))[row["task_id"]]
    if call["include_status"]:
        found["status"] = row["status"]
    if call["include_parameters"]:
        found["cliParams"] = parameters_of(row).get("cliParams")
    return done(found)


async def datasets_and_files(call: Call) -> Reply:
    """Datasets of the asked types with their files."""
    if await task_row(call) is None:
        return failed(NO_DATA)
    words = call["dataset_types"] or ["input", "pseudo_input"]
    unknown = [str(word) for word in words if word not in ROLES]
    if unknown:
        raise BadArgument(f"Argument error: dataset_types holds {unknown[0][:60]!r}, expected {', '.join(ROLES)}")
    datasets = await task_parts.datasets_of_roles(
        call.services.read_models, call["task_id"], [ROLES[word] for word in words]
    )
    if not datasets:
        return failed(NO_DATA)
    data = []
    for number, row in enumerate(datasets, start=1):
        files = [] if call["dataset_only"] else await _dataset_files(call, row)
        data.append({"dataset": {"name": row["dataset"], "id": number}, "files": files})
    return done(data)


async def task_row(call: Call, task_id: int | None = None) -> Row | None:
    """The task's row, None when it is not there or belongs to another VO."""
    return await tasks.whole(call.services.read_models, call.identity.vo, call["task_id"] if task_id is None else task_id)


async def _dataset_files(call: Call, dataset: Row) -> list[dict[str, Any]]:
    question = task_parts.input_files if dataset["role"] in ("INPUT", "PSEUDO_INPUT") else task_parts.output_files
    rows = await question(call.services.read_models, call["task_id"], dataset["dataset"])
    return [{"lfn": row["lfn"], "scope": row["scope"], "id": row["id"], "status": row["status"]} for row in rows]


def _described(row: Row) -> dict[str, Any]:
    found = job_object(row)
    started, ended = row["started_at"], row["ended_at"]
    found["jobDuration"] = (ended - started) // MICROSECONDS if started and ended else None
    found["extendedProdSourceLabel"] = f"{row['label']}_{KIND_WORDS.get(row['kind'], 'normal')}"
    return found
