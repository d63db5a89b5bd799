"""Calls below `file_server/`: the sandbox cache, and the search for lost output files."""

import hashlib
from pathlib import Path

from starlette.datastructures import UploadFile

from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.sandbox_cache import NotStored, SandboxCache
from api.panda.task_reads import task_row
from api.read_models import Row


def cache_of(call: Call) -> SandboxCache:
    """The cache of this stack."""
    return SandboxCache(call.services.config.home / "cache")


async def validate(call: Call) -> Reply:
    """`FOUND:<host>:<file>` when the caller uploaded this very content lately."""
    name = cache_of(call).find(call.identity.subject, call["file_size"], call["checksum"])
    if name is None:
        return failed("NOTFOUND")
    return done(None, f"FOUND:{call.request.url.hostname}:{name}")


async def upload(call: Call) -> Reply:
    """Store the one file of a multipart body."""
    async with call.request.form(max_files=1, max_fields=5) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            return failed("Argument error: missing a required argument: 'file'")
        try:
            await cache_of(call).store(file.filename or "", file, call.identity.subject)
        except NotStored as problem:
            return failed(str(problem))
    return done(None, "")


async def touch(call: Call) -> Reply:
    """Keep a cached file."""
    return done() if cache_of(call).touch(call["file_name"]) else failed(f"no file {call['file_name'][:100]!r}")


async def delete(call: Call) -> Reply:
    """Nothing, as in the reference: sandboxes of live tasks must not go."""
    return done()


async def recover_lost_files(call: Call) -> Reply:
    """Look for registered outputs that the storage does not have; the finding is a file behind `logFileURL`."""
    row = await task_row(call)
    if row is None:
        return failed("Task not found")
    if row["owner"] != call.identity.subject and call.identity.role == "user":
        return failed("not the task owner or no production role")
    files = await call.services.read_models.rows(
        "select dataset, scope, lfn from dataset_file where task_id = %s order by dataset, lfn", [row["task_id"]]
    )
    storage = call.services.config.home / "storage"
    lost = [file for file in files if not _stored(storage, file)]
    url = _write_finding(call, row, files, lost)
    if lost and not call["dry_run"]:
        message = f"{len(lost)} of {len(files)} files are lost; making them again is not offered yet"
        return failed(message, {"logFileURL": url})
    accepted = "The request was accepted and will be processed in a few minutes"
    return done({"logFileURL": url}, accepted)


def _stored(storage: Path, file: Row) -> bool:
    digest = hashlib.md5(f"{file['scope']}:{file['lfn']}".encode(), usedforsecurity=False).hexdigest()
    path: Path = storage / Path(*file["scope"].split(".")) / digest[:2] / digest[2:4] / file["lfn"]
    return path.is_file()


def _write_finding(call: Call, row: Row, files: list[Row], lost: list[Row]) -> str:
    folder = call.services.config.home / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"recover_lost_files.{row['task_id']}.log"
    lines = [f"task {row['task_id']}: {len(files)} registered output files, {len(lost)} lost"]
    lines += [f"lost {file['dataset']} {file['scope']}:{file['lfn']}" for file in lost]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"{call.services.config.address}/cache/{name}"
