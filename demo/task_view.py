"""The task and its jobs as Culm's API shows them; the only module that knows the API's documents."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from demo.account import Account
from demo.errors import DemoFailed

ENDED = frozenset({"done", "finished", "failed", "broken", "aborted", "exhausted"})
UNKNOWN_SECONDS_MAX = 20.0
"""Each read model follows the log by itself: a task that prun has just been given may not be there yet, nor, when its
task is done already, the file it made."""

PAGE = 1000

#: How long an API that does not answer is asked again: a restart of it, or of the database, takes less.
AWAY_SECONDS_MAX = 20.0


@dataclass(frozen=True, slots=True)
class JobView:
    """A job: its kind (NORMAL or MERGE), its place in the task, and where it is."""

    job_id: int
    kind: str
    serial: int
    status: str
    errors: str


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task and its jobs at one moment, jobs in the order in which they were made."""

    task_id: int
    name: str
    status: str
    message: str
    jobs: tuple[JobView, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status in ENDED

    def of_kind(self, kind: str) -> list[JobView]:
        """The jobs of one kind."""
        return [job for job in self.jobs if job.kind == kind]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a dataset, as registered."""

    scope: str
    lfn: str
    size_bytes: int
    checksum: str


class Api:
    """Questions to Culm's API as one user."""

    def __init__(self, account: Account, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {account.token}", "Origin": account.vo}
        self.address = account.api
        # the environment's proxies are not asked for a server on this machine
        self._http = httpx.Client(base_url=account.api, headers=headers, timeout=30, trust_env=False, transport=transport)

    def nickname(self) -> str:
        """The user's nickname, the second part of the names of all datasets."""
        return str(self._get("/v1/whoami")["nickname"])

    def task(self, task_id: int) -> TaskView:
        """The task `task_id` with its jobs; waits a moment for a new one to appear."""
        deadline = time.monotonic() + UNKNOWN_SECONDS_MAX
        while (document := self._find(f"/v1/tasks/{task_id}")) is None:
            if time.monotonic() > deadline:
                raise DemoFailed(f"the API knows no task {task_id}; is the projector running? `culm status`")
            time.sleep(0.2)
        rows = list(self._pages("/v1/jobs", "jobs", {"task_id": task_id}))
        return task_view(document, rows)

    def events_written(self, task_id: int) -> int:
        """Number of events in the log about the task and its jobs."""
        return sum(1 for _ in self._pages(f"/v1/tasks/{task_id}/events", "events", {}))

    def merged_files(self, task_id: int) -> list[StoredFile]:
        """The files that the task's merge step registered; waits a moment for the first of a task that has just ended."""
        deadline = time.monotonic() + UNKNOWN_SECONDS_MAX
        while not (files := self._merged_files_now(task_id)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return files

    def _merged_files_now(self, task_id: int) -> list[StoredFile]:
        datasets = self._pages("/v1/datasets", "datasets", {"task_id": task_id, "role": "output"})
        names = [row["name"] for row in datasets if not row["name"].startswith("panda.um.")]
        return [
            StoredFile(row["scope"], row["lfn"], int(row["size_bytes"]), row["checksum"])
            for name in names
            for row in self._pages(f"/v1/datasets/{quote(name, safe='')}/files", "files", {})
        ]

    def _pages(self, path: str, key: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The rows of all pages."""
        after: str | None = None
        while True:
            page = self._get(path, {**parameters, "limit": PAGE, **({"after": after} if after else {})})
            yield from page[key]
            after = page["next"]
            if after is None:
                return

    def _find(self, path: str) -> dict[str, Any] | None:
        """A document, None if there is none (yet)."""
        answer = self._ask(path, {})
        return None if answer.status_code == httpx.codes.NOT_FOUND else self._document(answer)

    def _get(self, path: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A document that must be there."""
        return self._document(self._ask(path, parameters or {}))

    def _ask(self, path: str, parameters: Mapping[str, Any]) -> httpx.Response:
        """The answer; an API that is away for a moment, or says so, is asked again."""
        end = time.monotonic() + AWAY_SECONDS_MAX
        while True:
            try:
                answer = self._http.get(path, params=dict(parameters))
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > end:
                    return answer
            except httpx.HTTPError as problem:
                if time.monotonic() > end:
                    text = f"{self.address}{path} does not answer: {problem}\nIs the stack up? `culm status`"
                    raise DemoFailed(text) from problem
            time.sleep(0.3)

    def _document(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code != httpx.codes.OK:
            raise DemoFailed(f"{answer.request.url} answered {answer.status_code}: {answer.text[:300]}")
        document: dict[str, Any] = answer.json()
        return document


def task_view(document: Mapping[str, Any], rows: list[dict[str, Any]]) -> TaskView:
    """The task in the API's document, with the jobs in its rows."""
    jobs = (
        JobView(
            job_id=int(row["job_id"]),
            kind=str(row["kind"]).upper(),
            serial=int(row["serial"]),
            status=str(row["status"]),
            errors=error_text(row.get("errors")),
        )
        for row in rows
    )
    return TaskView(
        task_id=int(document["task_id"]),
        name=str(document["name"]),
        status=str(document["status"]),
        message=str(document.get("message") or ""),
        jobs=tuple(sorted(jobs, key=lambda job: job.job_id)),
    )


def error_text(errors: Any) -> str:
    """The messages of a job's errors in one line."""
    if isinstance(errors, list):
        return "; ".join(
            str(error.get("message") or error.get("diag") or error) if isinstance(error, dict) else str(error) for error in errors
        )
    return str(errors or "")
