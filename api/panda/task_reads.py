"""Reading calls below `task/`: lists, objects, statuses, files. Only the caller's VO is ever seen."""

import json
from typing import Any

from api.panda.arguments import BadArgument
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed, micros_of, text_time
from api.panda.filters import UnknownAttribute, conditions, matches
from api.panda.objects import job_object, task_object
from api.read_models import Row

TASKS_MAX = 10_000
SCANNED_MAX = 50_000
JOBS_MAX = 5500
UNSUCCESSFUL = ("failed", "cancelled", "closed")
KIND_WORDS = {"BUILD": "build", "MERGE": "pmerge"}
STATISTICS_WORDS = {"ready": "tobedone", "running": "running", "finished": "finished", "failed": "failed"}
ROLES = {"input": "INPUT", "pseudo_input": "PSEUDO_INPUT", "output": "OUTPUT", "log": "LOG"}


async def tasks_since(call: Call) -> Reply:
    """The newest tasks that pass the filters, in ascending order of their ids."""
    try:
        filters = json.loads(call["filters"] or "{}")
        sql, values, left = conditions(filters)
    except (UnknownAttribute, ValueError, AttributeError) as problem:
        return failed(f"Failed to retrieve task IDs: {problem}")
    if "username" not in {str(name).lower() for name in filters}:
        sql.append("user_name = %s")
        values.append(call.identity.user_name)
    if call["since"]:
        since = micros_of(call["since"])
        if since is None:
            return failed(f"Argument error: since is {call['since'][:60]!r}, expected YYYY-MM-DD HH:MM:SS")
        sql.append("modified_at >= %s")
        values.append(since)
    wanted = max(0, min(call["n_tasks"], TASKS_MAX))
    rows = await call.services.read_models.rows(
        f"select * from task where {' and '.join(['vo = %s', *sql])} order by task_id desc limit %s",
        [call.identity.vo, *values, SCANNED_MAX if left else wanted],
    )
    tasks = [task for row in rows if matches(task := task_object(row), left)][:wanted]
    return done(tasks[::-1])


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
    """The stored task parameters."""
    row = await task_row(call)
    return done(json.loads(row["parameters"])) if row else failed("Task not found")


async def job_ids(call: Call) -> Reply:
    """Ids of all jobs of the task."""
    if await task_row(call) is None:
        return failed("Task not found")
    return done([row["job_id"] for row in await _jobs(call, call["task_id"])])


async def job_descriptions(call: Call) -> Reply:
    """Job objects of the task, at most 5,500, with their duration."""
    if await task_row(call) is None:
        return failed("Task not found")
    rows = await call.services.read_models.rows(
        "select * from job where task_id = %s and (not %s or status = any(%s)) order by job_id limit %s",
        [call["task_id"], call["unsuccessful_only"], list(UNSUCCESSFUL), JOBS_MAX],
    )
    return done([_described(row) for row in rows])


async def details(call: Call) -> Reply:
    """Datasets, file statistics, job ids; status and command line when asked for."""
    row = await task_row(call)
    if row is None:
        return failed("Task not found")
    found = await _details(call, row)
    if call["include_status"]:
        found["status"] = row["status"]
    if call["include_parameters"]:
        found["cliParams"] = json.loads(row["parameters"]).get("cliParams")
    return done(found)


async def datasets_and_files(call: Call) -> Reply:
    """Datasets of the asked types with their files."""
    if await task_row(call) is None:
        return failed("No data found for the task")
    words = call["dataset_types"] or ["input", "pseudo_input"]
    unknown = [word for word in words if word not in ROLES]
    if unknown:
        raise BadArgument(f"Argument error: dataset_types holds {unknown[0]!r}, expected {', '.join(ROLES)}")
    datasets = await call.services.read_models.rows(
        "select dataset, role from task_dataset where task_id = %s and role = any(%s) order by role, dataset",
        [call["task_id"], [ROLES[word] for word in words]],
    )
    if not datasets:
        return failed("No data found for the task")
    data = []
    for number, row in enumerate(datasets, start=1):
        files = [] if call["dataset_only"] else await _dataset_files(call, row)
        data.append({"dataset": {"name": row["dataset"], "id": number}, "files": files})
    return done(data)


async def modified_since(call: Call) -> Reply:
    """Tasks of the caller by reqID, with their details when `full`."""
    since = micros_of(call["since"])
    if since is None:
        return failed(f"Argument error: since is {call['since'][:60]!r}, expected YYYY-MM-DD HH:MM:SS")
    rows = await call.services.read_models.rows(
        "select * from task where vo = %s and user_name = %s and modified_at >= %s and label = %s and task_id >= %s"
        " order by task_id limit %s",
        [
            call.identity.vo,
            call["dn"] or call.identity.user_name,
            since,
            call["prod_source_label"],
            call["min_task_id"] or 0,
            500 if call["full"] else TASKS_MAX,
        ],
    )
    found: dict[str, Any] = {}
    for row in rows:
        task = task_object(row)
        names = ("jediTaskID", "status", "processingType", "transUses", "transHome", "architecture", "reqID", "site")
        short = {name: task[name] for name in (*names, "cloud", "taskName")}
        short["modificationTime"] = text_time(row["modified_at"])
        short["creationDate"] = text_time(row["created_at"])
        found[str(row["task_id"])] = short | (await _details(call, row) if call["full"] else {})
    return done(found)


async def task_row(call: Call, task_id: int | None = None) -> Row | None:
    """The task's row, None when it is not there or belongs to another VO."""
    return await call.services.read_models.row(
        "select * from task where task_id = %s and vo = %s",
        [call["task_id"] if task_id is None else task_id, call.identity.vo],
    )


async def _jobs(call: Call, task_id: int) -> list[Row]:
    return await call.services.read_models.rows(
        "select job_id, kind from job where task_id = %s order by job_id", [task_id]
    )


async def _details(call: Call, row: Row) -> dict[str, Any]:
    task_id = row["task_id"]
    read = call.services.read_models
    datasets = await read.rows("select dataset, role from task_dataset where task_id = %s order by dataset", [task_id])
    counts = await read.rows("select status, count(*) as n from task_file where task_id = %s group by status", [task_id])
    jobs = await _jobs(call, task_id)
    by_word = {STATISTICS_WORDS.get(found["status"], found["status"]): found["n"] for found in counts}
    words = [f"{word}*{by_word[word]}" for word in STATISTICS_WORDS.values() if word in by_word]
    return {
        "inDS": ",".join(found["dataset"] for found in datasets if found["role"] == "INPUT"),
        "outDS": ",".join(f"{found['dataset']}/" for found in datasets if found["role"] in ("OUTPUT", "LOG")),
        "statistics": ",".join(words),
        "PandaID": [found["job_id"] for found in jobs if found["kind"] != "MERGE"],
        "mergeStatus": None,
        "mergePandaID": [found["job_id"] for found in jobs if found["kind"] == "MERGE"],
    }


async def _dataset_files(call: Call, dataset: Row) -> list[dict[str, Any]]:
    if dataset["role"] in ("INPUT", "PSEUDO_INPUT"):
        rows = await call.services.read_models.rows(
            "select unit_id as id, lfn, scope, status from task_file where task_id = %s and dataset = %s order by unit_id",
            [call["task_id"], dataset["dataset"]],
        )
    else:
        rows = await call.services.read_models.rows(
            "select row_number() over (order by lfn) as id, lfn, scope, 'finished' as status from dataset_file"
            " where dataset = %s and task_id = %s order by lfn",
            [dataset["dataset"], call["task_id"]],
        )
    return [{"lfn": row["lfn"], "scope": row["scope"], "id": row["id"], "status": row["status"]} for row in rows]


def _described(row: Row) -> dict[str, Any]:
    found = job_object(row)
    started, ended = row["started_at"], row["ended_at"]
    found["jobDuration"] = (ended - started) // 1_000_000 if started and ended else None
    found["extendedProdSourceLabel"] = f"{row['label']}_{KIND_WORDS.get(row['kind'], 'normal')}"
    return found
