"""`event/get_event_range_statuses`: how the ranges that jobs were given ended. Only the caller's VO is ever seen.

The client sends one Python literal for each job, the reference expects one JSON text; both are read, with `panda_id` or `job_id`.
Source: docs/reference/client.md, "All calls"; docs/reference/jedi.md, "Event service in brief".
"""

import ast
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.panda.arguments import BadArgument, whole_numbers
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.queries import ranges
from api.queries.read_models import Row
from schemas.ids import task_id_of

JOBS_MAX, RANGES_MAX = 100, 50_000
TEXT_CHARACTERS_MAX = 20_000
EXPECTED = "expected a list of objects with task_id and panda_id"
#: By state of the row (`projections/ranges/apply.py`), of a job at work and of one that ended.
WORDS: Mapping[str, tuple[str, str]] = {
    "s": ("sent", "sent"),
    "d": ("finished", "done"),
    "r": ("failed", "failed"),
    "x": ("fatal", "fatal"),
    "b": ("cancelled", "cancelled"),
    "l": ("failed", "failed"),
}


async def statuses(call: Call) -> Reply:
    """By job, by id of the range: status, error and dialog; a job that has no ranges has an empty object."""
    job_ids = jobs_in(call["job_task_ids"])
    rows = await ranges.of_jobs(call.services.read_models, call.identity.vo, job_ids)
    total = sum(last - first + 1 for row in rows for first, last, *_ in row["ranges"])
    if total > RANGES_MAX:
        return failed(f"these jobs have {total:,} ranges, expected at most {RANGES_MAX:,}; ask for fewer jobs")
    found = await asyncio.to_thread(lambda: {str(row["job_id"]): dict(_states(row)) for row in rows})
    return done({str(job_id): found.get(str(job_id), {}) for job_id in job_ids})


def jobs_in(given: Sequence[Any]) -> list[int]:
    """The jobs that are asked for, each once; raises BadArgument."""
    named: list[Any] = []
    for text in given:
        read = _read(text) if isinstance(text, str) else text
        named += read if isinstance(read, list) else [read]
    found = list(dict.fromkeys(_job_of(one) for one in named))
    if len(found) > JOBS_MAX:
        raise BadArgument(f"Argument error: 'job_task_ids' has {len(found)} jobs, expected at most {JOBS_MAX}")
    return found


def _read(text: str) -> Any:
    """JSON is a Python literal here, too: it holds numbers and names alone."""
    if len(text) > TEXT_CHARACTERS_MAX:
        found = f"{len(text):,} characters, expected at most {TEXT_CHARACTERS_MAX:,}"
        raise BadArgument(f"Argument error: 'job_task_ids' has {found}")
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError) as problem:
        raise BadArgument(f"Argument error: 'job_task_ids' is {text[:60]!r}, {EXPECTED}") from problem


def _job_of(one: Any) -> int:
    """Of an object, or of a pair of a task and its job in either order."""
    if isinstance(one, Mapping):
        named = one.get("panda_id", one.get("job_id"))
    elif isinstance(one, list | tuple) and len(one) == 2:
        task, job = whole_numbers(one)
        named = task if task_id_of(max(task, 0)) == job else job
    else:
        named = None
    if named is None:
        raise BadArgument(f"Argument error: 'job_task_ids' has {str(one)[:60]!r}, {EXPECTED}")
    (job_id,) = whole_numbers([named])
    return job_id


def _states(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    for first, last, number, state in row["ranges"]:
        status = WORDS[state][row["is_over"]]
        for place in range(first, last + 1):
            name = f"{row['task_id']}-{row['job_id']}-{row['file_id']}-{place}-{number}"
            yield name, {"status": status, "error": None, "dialog": None}
