"""The kinds of things that `culm get` lists: where each list is, and its columns. Data and the words of filters; asks nothing.

Tasks, jobs, queues and workers are lists of the pages, with their filters and under their names, which are BigPanDA's; datasets
and files are lists of `/v1`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import typer


@dataclass(frozen=True, slots=True)
class ListKind:
    """path: of the list. rows: where the rows stand in the document, "" where it is the list.

    after: the parameter of the next page. mine: the filter by a user's name, "" where there is none. key: what names a row.
    needed: filters of which one must be given, with the path that it leads to.
    """

    path: str
    rows: str
    key: str
    columns: tuple[str, ...]
    wide: tuple[str, ...]
    after: str = "cursor"
    mine: str = ""
    needed: Mapping[str, str] | None = None

    def place(self, filters: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Path and parameters that `filters` ask for; raises typer.BadParameter."""
        if self.needed is None:
            return self.path, dict(filters)
        named = [name for name in self.needed if name in filters]
        if len(named) != 1:
            raise typer.BadParameter(f"name one of {', '.join(f'{name}=...' for name in self.needed)}")
        path = self.needed[named[0]].format(quote(filters[named[0]], safe=":/"))
        return path, {name: value for name, value in filters.items() if name != named[0]}


KINDS: Mapping[str, ListKind] = {
    "tasks": ListKind(
        "/tasks/", "", "jeditaskid",
        ("jeditaskid", "status", "dsinfo.pctfinished", "dsinfo.nfiles", "dsinfo.nfilesfailed", "username", "taskname"),
        ("jeditaskid", "status", "superstatus", "dsinfo.pctfinished", "dsinfo.nfiles", "dsinfo.nfilesfinished",
         "dsinfo.nfilesfailed", "currentpriority", "username", "tasktype", "workinggroup", "site", "creationdate",
         "modificationtime", "taskname", "errordialog"),
        mine="username",
    ),
    "jobs": ListKind(
        "/jobs/", "jobs", "pandaid",
        ("pandaid", "jeditaskid", "jobstatus", "attemptnr", "computingsite", "produsername", "modificationtime"),
        ("pandaid", "jeditaskid", "jobstatus", "jobsubstatus", "attemptnr", "computingsite", "modificationhost", "produsername",
         "currentpriority", "corecount", "gshare", "resourcetype", "creationtime", "starttime", "endtime", "transexitcode",
         "jobname", "errors"),
        mine="produsername",
    ),
    "queues": ListKind(
        "/queues/", "queues", "name",
        ("name", "status", "waiting", "leased", "wanted", "live", "finished", "failed", "failed_percent"),
        ("name", "status", "waiting", "leased", "wanted", "live", "finished", "failed", "failed_percent", "seen_at", "reason"),
    ),
    "workers": ListKind(
        "/workers/", "workers", "worker_id",
        ("queue", "worker_id", "state", "node", "submitted_at"),
        ("queue", "worker_id", "state", "node", "batch_id", "harvester_id", "intended_at", "submitted_at", "started_at",
         "ended_at", "diagnostic"),
    ),
    "datasets": ListKind(
        "/v1/datasets", "datasets", "name", ("name", "role", "state", "files_total", "task_id"),
        ("name", "role", "state", "files_total", "task_id", "owner", "vo"), after="after",
    ),
    "files": ListKind(
        "", "files", "lfn", ("lfn", "status", "state", "size_bytes", "endpoint"),
        ("lfn", "scope", "role", "status", "state", "size_bytes", "checksum", "guid", "endpoint", "dataset"), after="after",
        needed={"task": "/v1/tasks/{}/files", "job": "/v1/jobs/{}/files", "dataset": "/v1/datasets/{}/files"},
    ),
}  # fmt: skip
#: The aggregate whose events change a list.
AGGREGATE = {"tasks": "task", "jobs": "job", "queues": "queue", "workers": "worker", "datasets": "dataset", "files": ""}


def plural_of(word: str) -> str:
    """The kind that a word names, in the plural; raises typer.BadParameter."""
    kind = word if word in KINDS else f"{word}s"
    if kind not in KINDS:
        raise typer.BadParameter(f"found {word[:40]!r}, expected one of {', '.join(KINDS)}")
    return kind


def singular_of(word: str, kinds: Collection[str]) -> str:
    """The one of `kinds` that a word names, in the singular or the plural; raises typer.BadParameter."""
    kind = word if word in kinds else word.removesuffix("s")
    if kind not in kinds:
        raise typer.BadParameter(f"found {word[:40]!r}, expected one of {', '.join(kinds)}")
    return kind


def filters_of(words: Sequence[str]) -> dict[str, str]:
    """FIELD=VALUE words by field; raises typer.BadParameter. The API says which fields there are."""
    found: dict[str, str] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name or not value:
            raise typer.BadParameter(f"found {word[:60]!r}, expected FIELD=VALUE, such as status=running or hours=12")
        if name in found:
            raise typer.BadParameter(f"{name} is given twice; several values are {name}=A|B")
        found[name] = value
    return found
