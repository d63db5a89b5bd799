"""Files of a laptop as an input dataset: copied into the local storage, then registered through the API."""

import hashlib
import os
import shutil
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from deploy.config import StackConfig
from deploy.errors import StepFailed
from deploy.local_queue import VO
from deploy.stack import Stack
from schemas.scopes import scope_of

ENDPOINT = "LOCAL_DISK"
FILES_PER_COMMAND = 500
READ_BYTES = 1 << 20
out = Console()
dataset_app = typer.Typer(help="Input datasets of the local storage.", no_args_is_help=True, callback=lambda: None)


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(dataset_app, name="dataset")


@dataset_app.command()
def add(
    dataset: Annotated[str, typer.Argument(help="[scope:]name of the dataset.")],
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Files to copy and register.")],
    user: Annotated[str, typer.Option(help="Owner of the dataset.")] = "jdoe",
) -> None:
    """Copy files into the local storage and register them as an input dataset."""
    total = add_files(Stack.running().config, dataset, tuple(files), user)
    out.print(f"{dataset}: {len(files)} files registered, {total} in the dataset", highlight=False)


def add_files(config: StackConfig, dataset: str, files: tuple[Path, ...], user: str) -> int:
    """Copy `files` into the storage and register them; the number of files the dataset has then.

    dataset: `[scope:]name`; without a scope it is the first two parts of the name (user.jdoe), or the first.
    Raises StepFailed with what the API answered.
    """
    scope, _, name = dataset.rpartition(":")
    scope = scope or scope_of(name)
    rows = [_stored(config.home / "storage", scope, path) for path in files]
    total = 0
    with httpx.Client(base_url=config.api, headers=_headers(config, user), timeout=60) as api:
        for chunk in _chunks(rows):
            body = {"aggregate_id": name, "files": chunk, "role": "INPUT"}
            try:
                answer = api.post("/v1/commands/RegisterFiles", json=body)
            except httpx.HTTPError as problem:
                raise StepFailed(f"dataset {name} was not registered: {problem}") from problem
            document = answer.json() if "json" in answer.headers.get("content-type", "") else {}
            if answer.status_code != 200 or not document.get("accepted", True):
                raise StepFailed(f"dataset {name} was not registered: {answer.status_code} {answer.text[:500]}")
            total += len(chunk)
    return total


def storage_path(storage: Path, scope: str, lfn: str) -> Path:
    """Where a file lies in the storage element (docs/architecture.md)."""
    digest = hashlib.md5(f"{scope}:{lfn}".encode(), usedforsecurity=False).hexdigest()
    return storage / Path(*scope.split(".")) / digest[:2] / digest[2:4] / lfn


def adler32_of(path: Path) -> str:
    """Eight hexadecimal digits."""
    value = 1
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            value = zlib.adler32(block, value)
    return f"{value:08x}"


def _stored(storage: Path, scope: str, path: Path) -> dict[str, Any]:
    target = storage_path(storage, scope, path.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=target.parent)
    os.close(descriptor)
    shutil.copyfile(path, unfinished)
    Path(unfinished).chmod(0o644)
    Path(unfinished).rename(target)
    return {
        "lfn": path.name,
        "scope": scope,
        "guid": str(uuid.uuid4()),
        "size_bytes": target.stat().st_size,
        "checksum": f"ad:{adler32_of(target)}",
        "endpoint": ENDPOINT,
    }


def _headers(config: StackConfig, user: str) -> dict[str, str]:
    from identity.issuer import make_token

    token = make_token(config.home, user=user, name=user, groups=[VO], audience_hours=1)
    return {"Authorization": f"Bearer {token}", "Origin": VO, "Prefer": "wait=10"}


def _chunks(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), FILES_PER_COMMAND):
        yield rows[start : start + FILES_PER_COMMAND]
