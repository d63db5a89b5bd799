"""`culm files task|job ID [--download]`: files of jobs, with their state, and the bytes of those that are within reach.

Guards of a download: a name that leads out of the folder is refused; a file that is there is not written over; what arrives is
held against the size and checksum that the job reported, and is named `.part` until then.
"""

import os
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.api_client import ApiClient, api_client
from cli.kinds import KINDS, plural_of
from cli.lists import rows_of
from cli.tables import FormOption, JsonOption, form_of, write_rows
from deploy.errors import StepFailed

ROLES = ("output", "log", "input", "all")
COLUMNS = ("job", "lfn", "role", "state", "size_bytes", "endpoint")
WIDE = ("job", "lfn", "scope", "role", "state", "size_bytes", "checksum", "guid", "endpoint", "dataset")
JOBS_MAX = 10_000
AT_ONCE = 4
FETCHED, THERE = "fetched", "was there"


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(files)


def files(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="task or job.", autocompletion=lambda: ["task", "job"])],
    number: Annotated[int, typer.Argument(metavar="ID", help="Its number.")],
    role: Annotated[str, typer.Option(help=f"{', '.join(ROLES)}.", autocompletion=lambda: ROLES)] = "output",
    download: Annotated[bool, typer.Option("--download", help="Fetch those that are stored within reach.")] = False,
    to: Annotated[Path, typer.Option(file_okay=False, help="Folder for downloads.")] = Path(),
    output: FormOption = "table",
    as_json: JsonOption = False,
) -> None:
    """List the files of a task or job, or download them."""
    if role not in ROLES:
        raise typer.BadParameter(f"--role is {role[:40]!r}, expected one of {', '.join(ROLES)}")
    api, form = api_client(os.environ), form_of(output, as_json)
    found = [row for row in _files_of(api, plural_of(kind), number) if role in ("all", row["role"])]
    if not download:
        write_rows(found, WIDE if form in ("wide", "csv") else COLUMNS, form)
        return
    to.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda row: {**row, "outcome": fetch(api, row, to)}, found))
    write_rows(done, ("job", "lfn", "size_bytes", "outcome"), form)
    kept = sum(one["outcome"] in (FETCHED, THERE) for one in done)
    sys.stderr.write(f"{kept:,} of {len(done):,} files are in {to}\n")
    raise typer.Exit(0 if kept == len(done) else 1)


def _files_of(api: ApiClient, kind: str, number: int) -> Iterator[dict[str, Any]]:
    """A row a file; of a task those of its jobs that finished."""
    if kind not in ("tasks", "jobs"):
        raise typer.BadParameter("expected task or job; `culm get files dataset=NAME` lists those of a dataset")
    numbers = [number]
    if kind == "tasks":
        filters = {"jeditaskid": str(number), "jobstatus": "finished"}
        jobs = rows_of(api, KINDS["jobs"], filters, JOBS_MAX)
        if not jobs.is_whole:
            raise StepFailed(f"task {number} has more than {JOBS_MAX:,} finished jobs; list its datasets: culm get datasets")
        numbers = sorted(int(row["pandaid"]) for row in jobs.rows)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for job_id, rows in zip(numbers, pool.map(lambda one: api.get(f"/v1/jobs/{one}/files")["files"], numbers), strict=True):
            yield from ({"job": job_id, **row} for row in rows)


def fetch(api: ApiClient, row: dict[str, Any], folder: Path) -> str:
    """Fetch one file into `folder`; the outcome, in words."""
    if row["state"] != "stored":
        return f"not fetched: it is {row['state']}"
    lfn = str(row["lfn"])
    if lfn in ("", ".", "..") or any(sign in lfn for sign in "/\\\0") or not lfn.isprintable():
        return "not fetched: its name is no name of a file"
    target, part = folder / lfn, folder / f".{row['job']}.{lfn}.part"
    if target.exists():
        return THERE if _is(target, row) else "not fetched: another file of this name is there"
    try:
        with api.opened(f"/v1/jobs/{row['job']}/files/{quote(lfn, safe='')}", {}) as answer, part.open("wb") as file:
            for block in answer.iter_bytes():
                file.write(block)
    except (StepFailed, OSError) as problem:
        return f"not fetched: {problem}"
    if not _is(part, row):
        part.unlink()
        return "not fetched: what came has another size or checksum than was reported"
    part.rename(target)
    return FETCHED


def _is(path: Path, row: dict[str, Any]) -> bool:
    """Whether a file has the size and the adler32 (`ad:...`) that were reported, as far as they were."""
    if row.get("size_bytes") not in (None, path.stat().st_size):
        return False
    kind, _, wanted = str(row.get("checksum") or "").rpartition(":")
    if kind != "ad":
        return True
    value = 1
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            value = zlib.adler32(block, value)
    return f"{value:08x}" == wanted.lower().zfill(8)
