"""Jobs side by side: what differs between a failed attempt and a good one, or between sites; then what does not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.http.errors import BadRequest, NotFound
from api.http.plain_requests import whole_from
from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.queries import jobs
from api.queries.read_models import Row

JOBS_MAX = 6
KILOBYTES_PER_MB = 1024


def _since(begin: str, end: str) -> Callable[[Row], int | None]:
    """Microseconds from one of a job's times to another."""
    return lambda job: None if job[begin] is None or job[end] is None else max(0, job[end] - job[begin])


def _used(name: str, divisor: int = 1) -> Callable[[Row], float | None]:
    def value(job: Row) -> float | None:
        found = (job["usage"] or {}).get(name)
        return found if found is None or divisor == 1 else round(found / divisor)

    return value


def _asked(name: str) -> Callable[[Row], Any]:
    return lambda job: (job["spec"] or {}).get(name) or None


def _of(name: str) -> Callable[[Row], Any]:
    return lambda job: job[name]


def _first_error(job: Row) -> str | None:
    return next((f"{one['source']}:{one['code']} {one['diagnostic']}" for one in job["errors"]), None)


def _input(job: Row) -> str | None:
    """Names of the first input files, and how many there are."""
    names = [str(one.get("lfn", "")) for one in (job["spec"] or {}).get("inputs") or ()]
    return None if not names else ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def _input_bytes(job: Row) -> int | None:
    inputs = (job["spec"] or {}).get("inputs") or ()
    return sum(int(one.get("size_bytes") or 0) for one in inputs) if inputs else None


#: What is compared, in this order. Names that end in `lasted` are lengths of time in microseconds, `at` instants.
COMPARED: Mapping[str, Callable[[Row], Any]] = {
    "status": _of("status"), "attempt": _of("attempt"), "first error": _first_error, "exit code": _of("exit_code"),
    "queue": _of("queue"), "node": _of("node"), "host CPU": _used("cpu_unit"), "pilot": _of("pilot"), "worker": _of("worker_id"),
    "harvester": _of("harvester_id"), "software": _asked("release"), "architecture": _asked("architecture"),
    "container": _asked("container_name"), "payload": _asked("transformation"), "parameters": _asked("parameters"),
    "input": _input, "input bytes": _input_bytes, "events": _used("events"), "cores": _of("core_count"),
    "memory asked, MB": _of("ram_mb_min"), "memory used, MB": _used("rss_kb_max", KILOBYTES_PER_MB),
    "disk used, bytes": _used("work_dir_bytes"), "CPU seconds": _used("cpu_seconds"), "bytes read": _used("read_bytes"),
    "bytes written": _used("written_bytes"), "waited, lasted": _since("activated_at", "sent_at"),
    "prepared, lasted": _since("sent_at", "started_at"), "ran, lasted": _since("started_at", "ended_at"),
    "priority": _of("priority"), "share": _of("share"), "resource type": _of("resource_type"), "began at": _of("started_at"),
    "ended at": _of("ended_at"),
}  # fmt: skip


async def load(view: PageView) -> Data:
    """Up to JOBS_MAX jobs with their values; raises BadRequest, NotFound."""
    asked = numbers_in(view.parameters.get("pandaid", ""))
    found = []
    for number in asked:
        job = await jobs.whole(view.read_models, view.vo, number)
        if job is None:
            raise NotFound(f"no job {number} in {view.vo}")
        found.append(job)
    return {"jobs": [{"job_id": job["job_id"], "task_id": job["task_id"]} for job in found], **compared(found)}


def numbers_in(text: str) -> list[int]:
    """Ids from `1|2|3`, each once; raises BadRequest."""
    words = [word.strip() for word in text.replace(",", "|").split("|") if word.strip()]
    numbers = [whole_from(word, 1) for word in words[: JOBS_MAX + 1]]
    if len(words) > JOBS_MAX or None in numbers:
        raise BadRequest(f"pandaid: found {text[:60]!r}, expected ids of at most {JOBS_MAX} jobs with | between them")
    return list(dict.fromkeys(number for number in numbers if number is not None))


def compared(found: Sequence[Row]) -> Data:
    """`differ` and `same`: rows of `name`, `values` in the order of the jobs. What no job has is in neither. Pure."""
    rows = [{"name": name, "values": [value(job) for job in found]} for name, value in COMPARED.items()]
    told = [row for row in rows if any(value is not None for value in row["values"])]
    return {
        "differ": [row for row in told if any(value != row["values"][0] for value in row["values"])],
        "same": [row for row in told if all(value == row["values"][0] for value in row["values"])],
    }


def concerned(touched: Touched, view: PageView) -> bool:
    """True when one of the jobs moved."""
    return bool(touched.jobs.intersection(numbers_in(view.parameters.get("pandaid", ""))))


PAGE = MonitorPage(
    "compare",
    r"/compare/",
    lambda data: "Compare jobs " + ", ".join(str(job["job_id"]) for job in data["jobs"]) if data["jobs"] else "Compare jobs",
    load,
    ("table",),
    concerned,
)
