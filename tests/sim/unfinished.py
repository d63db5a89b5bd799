"""What has not come to its end in a world whose faults have ended."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.sim.actors import Pilot

FINAL = frozenset({"done", "finished", "failed", "broken", "aborted"})
FINAL_OF_JOBS = frozenset({"finished", "failed", "cancelled", "closed"})
Rows = Mapping[str, Mapping[tuple[Any, ...], Any]]


def unfinished(rows: Rows, tasks: Iterable[int], requests: Iterable[int], pilots: Iterable[Pilot]) -> Iterator[str]:
    """Tasks and requests that were sent, jobs, leases, pilots with a job; by the rows of the read models."""
    known, jobs, flows = rows.get("task", {}), rows.get("job", {}), rows.get("workflow", {})
    yield from (f"task {task} was never seen" for task in tasks if (task,) not in known)
    yield from (f"workflow {request} was never seen" for request in requests if (request,) not in flows)
    yield from (f"task {key[0]} is {row['status']}" for key, row in known.items() if row["status"] not in FINAL)
    yield from (f"job {key[0]} is {row['status']}" for key, row in jobs.items() if row["status"] not in FINAL_OF_JOBS)
    yield from (f"workflow {key[0]} is {row['status']}" for key, row in flows.items() if row["ended_at"] is None)
    yield from (f"lease of job {key[0]}" for key in rows.get("lease", {}))
    yield from (f"{pilot.name} has job {pilot.job.job_id}, {pilot.state}" for pilot in pilots if pilot.job)


def given_up_at(rows: Rows) -> list[int]:
    """When tasks give up that wait for a dataset or a person: all that is left may be such tasks (microseconds)."""
    due = rows.get("deadline", {}).values()
    return [row["counted_from"] + row["length_micros"] for row in due if row["kind"] in ("input", "exhausted")]
