"""Files of a job: what it was given and what it made, in which state each is, and the bytes of those that are within reach.

In: a job's row. Out: a row a file; the file itself; the texts inside its log archive. Guards: only files that the job's own row
names are looked for; no name leads out of the storage element's folder; nothing that is sent can run in a browser.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import FileResponse, Response

from api.http.access import Reader
from api.http.errors import BadRequest, Gone, NotFound
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.native.log_archive import members, tail
from api.native.reading import CaughtUp
from api.pilots.queue_cache import QueueCache, storage_documents
from api.queries import jobs
from api.queries.read_models import Row
from api.services import Services
from identity.identity import Identity
from schemas.scopes import problem_of_scope

LOCALHOST = "file://localhost"
FINAL = frozenset({"finished", "failed", "cancelled", "closed"})
TAIL_BYTES, TAIL_BYTES_MAX = 64 * 1024, 4 * 1024 * 1024
AT_ONCE = 2
#: A file is the text of a user: no browser may take it for a page of ours.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}
Folders = Mapping[str, Path]
Count = Annotated[Whole, Query(alias="bytes")]


@dataclass(frozen=True, slots=True)
class JobFiles:
    """Files of jobs, for those who may see the jobs."""

    services: Services
    queue_cache: QueueCache
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def of(self, job: Row) -> list[Row]:
        """A row a file: lfn, role, dataset, scope, size_bytes, checksum, endpoint, and `state` as `state_of` says."""
        folders = await self._folders()
        return await asyncio.to_thread(lambda: [{**one, "state": state_of(one, job, folders)} for one in files_of(job)])

    async def path(self, identity: Identity, job_id: int, lfn: str) -> Path:
        """Where a file of the job lies; raises NotFound, Gone."""
        job = await self.job(identity, job_id)
        named = next((one for one in files_of(job) if one["lfn"] == lfn), None)
        if named is None:
            raise NotFound(f"job {job_id} has no file {lfn[:200]!r}")
        place = place_of(await self._folders(), named)
        if place is None:
            raise NotFound(f"{lfn[:200]} is at {named['endpoint'] or 'no storage element yet'}, which cannot be read from here")
        if not await asyncio.to_thread(place.is_file):
            raise Gone(f"{lfn[:200]} is not at {named['endpoint']} (any more)")
        return place

    async def log_members(self, identity: Identity, job_id: int) -> list[dict[str, Any]]:
        """Name and size of each file in the job's log archive; raises NotFound, Gone."""
        archive = await self._log(identity, job_id)
        async with self.turn:
            return await asyncio.to_thread(members, archive)

    async def log_tail(self, identity: Identity, job_id: int, member: str, count: int) -> bytes:
        """The last `count` bytes of a file in the job's log archive; raises NotFound, Gone, BadRequest."""
        if not 0 < count <= TAIL_BYTES_MAX:
            raise BadRequest(f"bytes: found {count}, expected 1 to {TAIL_BYTES_MAX}")
        archive = await self._log(identity, job_id)
        async with self.turn:
            found = await asyncio.to_thread(tail, archive, member, count)
        if found is None:
            raise NotFound(f"the log archive of job {job_id} has no file {member[:200]!r}")
        return found

    async def _log(self, identity: Identity, job_id: int) -> Path:
        job = await self.job(identity, job_id)
        logs = [one for one in files_of(job) if one["role"] == "log"]  # the last one is the job's own (schemas/job_files.py)
        log = next((one for one in logs[-1:] if one["reported"]), None)
        if log is None:
            when = "it stored none" if job["status"] in FINAL else "it is stored when the job ends"
            raise NotFound(f"no log archive of job {job_id}: {when}")
        return await self.path(identity, job_id, log["lfn"])

    async def job(self, identity: Identity, job_id: int) -> Row:
        """What of the job's row tells about files; raises NotFound."""
        job = await jobs.files_and_status(self.services.read_models, identity.vo, job_id)
        if job is None:
            raise NotFound(f"no job {job_id} in {identity.vo}")
        return job

    async def _folders(self) -> Folders:
        """Folders of the storage elements that lie on this machine."""
        found = {}
        for name, document in storage_documents(await self.queue_cache.settings(), self.services.config.home).items():
            for protocol in document["arprotocols"]["read_lan"][:1]:
                if protocol["endpoint"] == LOCALHOST:
                    found[name] = Path(protocol["path"])
        return found


def files_of(job: Row) -> list[Row]:
    """What the job was given and what it makes or made, from its row; `reported` tells whether a pilot said that it is there."""
    spec, reported = job["spec"] or {}, {one["lfn"]: one for one in job["outputs"] or ()}
    found = [_file(one, "input", True) for one in spec.get("inputs") or ()]
    expected = spec.get("outputs") or ()
    for one in expected:
        # A file of several datasets is written and reported once.
        made = reported.get(one["lfn"])
        told = {**made, "dataset": one.get("dataset")} if made is not None else one
        found.append(_file(told, str(one.get("role") or "OUTPUT").lower(), made is not None))
    others = [one for lfn, one in reported.items() if lfn not in {known["lfn"] for known in expected}]
    return found + [_file(one, str(one.get("role") or "OUTPUT").lower(), True) for one in others]


def _file(one: Mapping[str, Any], role: str, reported: bool) -> Row:
    names = ("lfn", "dataset", "scope", "size_bytes", "checksum", "guid", "endpoint")
    return {**{name: one.get(name) for name in names}, "role": role, "reported": reported}


def state_of(file: Row, job: Row, folders: Folders) -> str:
    """`to come`, `not made`, `stored`, `altered` (its size is not the one reported), `gone`, or `elsewhere` (out of reach)."""
    if not file["reported"]:
        return "not made" if job["status"] in FINAL else "to come"
    place = place_of(folders, file)
    if place is None:
        return "elsewhere"
    try:
        size = place.stat().st_size
    except OSError:
        return "gone"
    return "stored" if file["size_bytes"] in (None, size) else "altered"


def place_of(folders: Folders, file: Row) -> Path | None:
    """Where the storage element keeps the file (docs/architecture.md); None when it is out of reach or its names are not sane."""
    folder, scope, lfn = folders.get(file["endpoint"] or ""), file["scope"] or "", file["lfn"] or ""
    if folder is None or not folder.is_dir() or lfn in ("", ".", "..") or any(sign in lfn for sign in "/\\\0"):
        return None
    if problem_of_scope(scope):
        return None
    digest = hashlib.md5(f"{scope}:{lfn}".encode(), usedforsecurity=False).hexdigest()
    place = folder.joinpath(*scope.split("."), digest[:2], digest[2:4], lfn)
    return place if place.resolve().is_relative_to(folder.resolve()) else None


def download(path: Path) -> Response:
    """The bytes of a file, to be kept and not to be shown."""
    return FileResponse(path, media_type="application/octet-stream", filename=path.name, headers=HARMLESS)


def plain_text(content: bytes) -> Response:
    """The end of a log as text and nothing else."""
    return Response(content, media_type="text/plain; charset=utf-8", headers=HARMLESS)


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/jobs/{job_id}`."""
    router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["jobs"])
    service = JobFiles(services, QueueCache(services.read_models))

    @router.get("/files")
    async def files(job_id: Whole, identity: Reader, _: CaughtUp) -> Response:
        """Inputs, outputs and log, each with its state: to come, not made, stored, altered, gone or elsewhere."""
        return json_response({"files": await service.of(await service.job(identity, job_id))})

    @router.get("/files/{lfn}")
    async def file(job_id: Whole, lfn: str, identity: Reader) -> Response:
        """The bytes of a file, when its storage element can be read from here."""
        return download(await service.path(identity, job_id, lfn))

    @router.get("/log")
    async def log(job_id: Whole, identity: Reader) -> Response:
        """The files in the job's log archive."""
        return json_response({"files": await service.log_members(identity, job_id)})

    @router.get("/log/{member:path}")
    async def log_file(job_id: Whole, member: str, identity: Reader, count: Count = TAIL_BYTES) -> Response:
        """The end of a file in the job's log archive, as plain text."""
        return plain_text(await service.log_tail(identity, job_id, member, count))

    return router
