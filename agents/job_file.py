"""The file in which a job travels with its worker: JSON `{"<PandaID>": {the job}}`, as pilots of PanDA read it of a Harvester.

In: the file's path, and which worker reads it. Out: the job, once. Guards: a file is taken once, also by two pilots at the same
moment or when a batch system starts a worker again; a job of another worker is refused; what is refused is named.
"""

import json
from pathlib import Path
from typing import Any

from agents.plain_files import beginning_of

JOB = "pandaJobData.out"
#: What the harvester adds to the job: for which worker it is, and under which lease.
WORKER_OF_JOB, LEASE_OF_JOB = "culm_worker_id", "culm_lease_id"
#: A folder of this name beside the file: it was taken.
TAKEN = f"{JOB}.taken"
BYTES_MAX = 64 << 20


class JobFileRefused(Exception):
    """The file holds no job that this worker may begin; the text says why, without anything of the job."""


def take_job(path: Path, worker_id: str) -> dict[str, Any]:
    """The job in the file, which is gone then; raises JobFileRefused."""
    try:
        content = beginning_of(path, BYTES_MAX + 1)
        (path.parent / TAKEN).mkdir(mode=0o700)
        path.unlink()
    except FileNotFoundError as problem:
        if (path.parent / TAKEN).exists():
            raise _read_before(path) from problem
        raise JobFileRefused(f"job file {path} is not there, expected the job of worker {worker_id}") from problem
    except FileExistsError as problem:
        raise _read_before(path) from problem
    except OSError as problem:
        raise JobFileRefused(f"job file {path} cannot be read: {problem.strerror or problem}") from problem
    return _job_in(content, path, worker_id)


def _read_before(path: Path) -> JobFileRefused:
    return JobFileRefused(f"job file {path} was read before, expected that it is read once")


def _job_in(content: bytes, path: Path, worker_id: str) -> dict[str, Any]:
    if len(content) > BYTES_MAX:
        raise JobFileRefused(f"job file {path} has more than {BYTES_MAX} bytes")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise JobFileRefused(f"job file {path} of {len(content)} bytes is no JSON") from problem
    if not isinstance(found, dict) or len(found) != 1:
        count = f"{len(found)} entries" if isinstance(found, dict) else f"a {type(found).__name__}"
        raise JobFileRefused(f"job file {path} has {count}, expected one job by its PandaID")
    ((number, job),) = found.items()
    if not isinstance(job, dict) or str(job.get("PandaID")) != number:
        raise JobFileRefused(f"job file {path} names job {number[:30]!r} and holds another one")
    owner = job.get(WORKER_OF_JOB)
    if owner != worker_id:
        raise JobFileRefused(f"job file {path} is for worker {str(owner)[:80]!r}, not for {worker_id[:80]!r}")
    return job
