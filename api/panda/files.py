"""Calls below `file_server/`: the sandbox cache, and the search for lost output files."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from starlette.datastructures import UploadFile

from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.sandbox_cache import FORGET_EVERY, NotStored, SandboxCache
from api.panda.task_reads import task_row
from api.queries import task_parts
from api.queries.read_models import Row
from api.shared.store import SharedKind
from api.shared.uploads import TooManyUploads
from identity.rights import may_act_on


def cache_of(call: Call) -> SandboxCache:
    """The cache of this stack."""
    shared = call.services.shared
    kinds = (SharedKind.SANDBOXES, SharedKind.UPLOADERS, SharedKind.UPLOAD_USAGE)
    return SandboxCache(*(shared.space(kind) for kind in kinds))


async def validate(call: Call) -> Reply:
    """`FOUND:<host>:<file>` when the caller uploaded this very content lately."""
    name = cache_of(call).find(call.identity.subject, call["file_size"], call["checksum"])
    if name is None:
        return failed("NOTFOUND")
    return done(None, f"FOUND:{call.request.url.hostname}:{name}")


async def upload(call: Call) -> Reply:
    """Store the one file of a multipart body."""
    cache, owner, uploads = cache_of(call), call.identity.subject, call.services.uploads
    try:
        with uploads.turn(owner):
            cache.check_quota(owner)
            async with call.request.form(max_files=1, max_fields=5) as form:
                file = form.get("file")
                if not isinstance(file, UploadFile):
                    return failed("Argument error: missing a required argument: 'file'")
                await cache.store(file.filename or "", file, owner)
    except (NotStored, TooManyUploads) as problem:
        return failed(str(problem))
    if uploads.taken % FORGET_EVERY == 0:
        await asyncio.to_thread(cache.forget_old)
    return done(None, "")


async def touch(call: Call) -> Reply:
    """Keep a cached file."""
    try:
        touched = cache_of(call).touch(call["file_name"])
    except NotStored as problem:
        return failed(str(problem))
    return done() if touched else failed(f"no file {call['file_name'][:100]!r}")


async def delete(call: Call) -> Reply:
    """Nothing, as in the reference: sandboxes of live tasks must not go."""
    return done()


async def recover_lost_files(call: Call) -> Reply:
    """Look for registered outputs that the storage does not have; the finding is a file behind `logFileURL`.

    Its name cannot be guessed: cached files are served without a token.
    """
    row = await task_row(call)
    if row is None:
        return failed("Task not found")
    if not may_act_on(call.identity, row["owner"], row["vo"]):
        return failed("not the task owner or no production role")
    files = await task_parts.registered_files(call.services.read_models, row["task_id"])
    home = call.services.config.home
    lost = await asyncio.to_thread(_lost, home / "storage", files)
    name = f"recover_lost_files.{row['task_id']}.{uuid4().hex}.log"
    finding = call.services.config.shared / SharedKind.SANDBOXES.value / name
    await asyncio.to_thread(_write_finding, finding, row["task_id"], len(files), lost)
    url = f"{call.services.config.addresses.public}/cache/{name}"
    message = f"{len(lost)} of {len(files)} output files are lost"
    if lost and not call["dry_run"]:
        return failed(f"{message}; making them again is not offered yet, see {url}", {"logFileURL": url})
    return done({"logFileURL": url}, message)


def _lost(storage: Path, files: Sequence[Row]) -> list[Row]:
    return [file for file in files if "/" in file["scope"] + file["lfn"] or not _path_of(storage, file).is_file()]


def _path_of(storage: Path, file: Row) -> Path:
    """Where the local storage element keeps a file."""
    digest = hashlib.md5(f"{file['scope']}:{file['lfn']}".encode(), usedforsecurity=False).hexdigest()
    return storage.joinpath(*file["scope"].split("."), digest[:2], digest[2:4], file["lfn"])


def _write_finding(path: Path, task_id: int, files: int, lost: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"task {task_id}: {files} registered output files, {len(lost)} lost"]
    lines += [f"lost {file['dataset']} {file['scope']}:{file['lfn']}" for file in lost]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
