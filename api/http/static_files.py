"""Files that jobs fetch without a token: wrappers (`/trf/user/<name>`) and sandboxes (`/cache/<file>`).

Only a plain file name that exists in the folder is served, as its raw bytes: a sandbox is gzip, and a
Content-Encoding would make clients store something else.
"""

from contextlib import suppress
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from api.http.access import Public
from api.http.errors import NotFound

#: What users uploaded is never a page of ours, also where a browser takes it for one.
INERT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
WRAPPERS = Path(__file__).parent.parent / "pilots" / "wrappers"


def build_router(sandboxes: Path) -> APIRouter:
    """Routes of wrappers and sandboxes. sandboxes: the folder of the latter."""
    router = APIRouter(include_in_schema=False)

    @router.get("/trf/user/{name}")
    async def wrapper(name: str, _: Public) -> Response:
        return FileResponse(plain_file(WRAPPERS, name), media_type="text/x-python; charset=utf-8")

    @router.get("/cache/{name}")
    async def sandbox(name: str, _: Public) -> Response:
        path = plain_file(sandboxes, name)
        with suppress(OSError):  # what is fetched is kept
            path.touch()
        return FileResponse(path, media_type="application/octet-stream", headers=INERT)

    return router


def plain_file(folder: Path, name: str) -> Path:
    """The file `name` in `folder`; raises NotFound unless it is exactly there, a regular file and no link out of it."""
    path = folder / name
    hidden = name.startswith((".", "_")) or "/" in name or "\\" in name or "\0" in name
    try:
        if not hidden and path.resolve().parent == folder.resolve() and path.is_file():
            return path
    except OSError:  # for example a name that is too long for any file
        pass
    raise NotFound(f"no file {name[:200]!r} here")
