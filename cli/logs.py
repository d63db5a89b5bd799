"""`culm logs job|task ID`: the end of a log; with `-f` first what happens until there is one."""

import json
import os
import sys
import time
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.api_client import ApiClient, api_client
from cli.kinds import plural_of
from cli.shown import printable, printable_lines
from cli.tables import JsonOption
from deploy.errors import StepFailed

#: What people look for first.
PREFERRED = ("payload.stdout", "payload.stderr", "pilotlog.txt", "log.stdout")
#: After each of these a log may be there; of the others of a job there are more to come.
ENDINGS = frozenset({"JobMerging", "JobFinished", "JobFailed", "JobLost", "JobCancelled", "JobClosed"})
#: The row of a job may come a moment after the event that ends it.
LOOKS_MAX, LOOK_SECONDS = 5, 0.5


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(logs)


def logs(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="job; task: of its job that failed last.", autocompletion=lambda: ["job", "task"]),
    ],
    number: Annotated[int, typer.Argument(metavar="ID", help="Its number.")],
    file: Annotated[str, typer.Option(help="File of the log archive; default: the payload's output.")] = "",
    last: Annotated[int, typer.Option("--bytes", min=1, max=4 * 1024 * 1024, help="How much of its end.")] = 64 * 1024,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show what happens to the job until its log is there.")] = False,
    names: Annotated[bool, typer.Option("--list", help="List the files of the archive instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the end of a job's log; with -f, what happens to it until then."""
    api = api_client(os.environ)
    job_id = number if plural_of(kind) == "jobs" else last_job_of(api, number)
    if follow:
        follow_job(api, job_id, as_json)
    members = _members(api, job_id, LOOKS_MAX if follow else 1)
    if names:
        _print_names(members, as_json)
        return
    wanted = file or chosen_of([str(one["name"]) for one in members])
    text = api.text(f"/v1/jobs/{job_id}/log/{quote(wanted, safe='/')}", bytes=last)
    if as_json:
        sys.stdout.write(json.dumps({"job_id": job_id, "file": wanted, "text": text}) + "\n")
        return
    sys.stderr.write(f"job {job_id}, {printable(wanted)}\n")
    # A terminal would obey what a payload wrote; a file or a program gets it as it is.
    sys.stdout.write(printable_lines(text) if sys.stdout.isatty() else text)


def last_job_of(api: ApiClient, task_id: int) -> int:
    """The job of a task that failed last, else the one that ended last; raises StepFailed without one."""
    for states in ("failed", "finished|merging|cancelled|closed"):
        path, asked = "/jobs/", {"jeditaskid": str(task_id), "jobstatus": states, "sortby": "modificationtime", "limit": "1"}
        document, _ = api.page(path, {**asked, "json": "1"})
        if document["jobs"]:
            return int(document["jobs"][0]["pandaid"])
    raise StepFailed(f"no job of task {task_id} has ended; `culm why task {task_id}` says what it waits for")


def follow_job(api: ApiClient, job_id: int, as_json: bool) -> None:
    """Print the events of a job, from the first on, until its payload has ended."""
    for line in api.lines("/v1/events", job_id=job_id, follow="true"):
        event = json.loads(line)
        said = line if as_json else f"{event['at']}  {event['event_type']}  {event['summary']}"
        sys.stderr.write(printable(said) + "\n")
        sys.stderr.flush()
        if event["event_type"] in ENDINGS:
            return


def chosen_of(names: list[str]) -> str:
    """The file of an archive that is looked at when none is named; raises StepFailed for an empty archive."""
    if not names:
        raise StepFailed("the log archive holds no file")
    return next((name for wanted in PREFERRED for name in names if name.rpartition("/")[2] == wanted), names[0])


def _members(api: ApiClient, job_id: int, looks: int) -> list[dict[str, Any]]:
    for _ in range(looks - 1):
        try:
            return list(api.get(f"/v1/jobs/{job_id}/log")["files"])
        except StepFailed:
            time.sleep(LOOK_SECONDS)
    return list(api.get(f"/v1/jobs/{job_id}/log")["files"])


def _print_names(members: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(members, indent=2) + "\n")
        return
    for one in members:
        sys.stdout.write(f"{one.get('size', one.get('size_bytes', ''))!s:>12}  {printable(str(one['name']))}\n")
