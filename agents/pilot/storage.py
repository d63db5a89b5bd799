"""Stage-in and stage-out by copy, with size and checksum of what was really copied. Layout: docs/architecture.md.

A file appears in storage whole or not at all: it is written beside its place and gets its name by `StagedFile.publish`, for
which the caller makes sure of its lease first.
"""

import hashlib
import os
import uuid
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.pilot.errors import (
    EMPTY_OUTPUT,
    INPUT_CHECKSUM,
    NO_STORAGE,
    NO_SUCH_FILE,
    OUTPUT_MISSING,
    STAGE_IN,
    STAGE_OUT,
    JobTrouble,
)
from agents.pilot.job import InputFile, StageOutFile
from agents.plain_files import NotPlain, is_something_else, open_plain, size_of, target_inside

READ_BYTES = 1 << 20
LOCALHOST = "file://localhost"
READ, WRITE = "read_lan", "write_lan"
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that was written to `part` in a storage element and belongs at `place`."""

    lfn: str
    guid: str
    size_bytes: int
    adler32: str
    endpoint: str
    part: Path
    place: Path

    def report(self) -> dict[str, object]:
        """Its entry in the output report."""
        return {
            "guid": self.guid,
            "fsize": self.size_bytes,
            "adler32": self.adler32,
            "surl": f"{LOCALHOST}{self.place}",
            "endpoint": self.endpoint,
        }

    def publish(self) -> None:
        """Give it its name; again changes nothing. Raises OSError."""
        if self.part.exists():
            self.part.replace(self.place)

    def discard(self) -> None:
        """Remove it unless it has its name."""
        with suppress(OSError):
            self.part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied."""

    size_bytes: int
    adler32: str
    md5: str


class Storage:
    """The storage elements of the queue, by name. `fetch` gives their documents, again for a name that is not there."""

    def __init__(self, fetch: Callable[[], dict[str, Any]]) -> None:
        self._fetch = fetch
        self._documents: dict[str, Any] = {}

    def stage_in(self, file: InputFile, folder: Path, check: Check) -> None:
        """Copy `file` into `folder`; raises JobTrouble when it is missing or not what it should be.

        A copy, not a link: payloads may write to their inputs. `check` is called now and then and may raise.
        """
        source = self._place(file.endpoint, file.scope, file.lfn, READ)
        try:
            copied = copy(source, folder / file.lfn, check)
        except FileNotFoundError as problem:
            raise JobTrouble(NO_SUCH_FILE, f"input {file.lfn} is not at {file.endpoint}") from problem
        except OSError as problem:
            raise JobTrouble(STAGE_IN, f"input {file.lfn} could not be copied: {problem.strerror}") from problem
        if file.size_bytes is not None and copied.size_bytes != file.size_bytes:
            text = f"input {file.lfn} has {copied.size_bytes} bytes, expected {file.size_bytes}"
            raise JobTrouble(INPUT_CHECKSUM, text)
        kind, _, expected = file.checksum.partition(":")
        found = copied.md5 if kind == "md" else copied.adler32
        # some catalogues drop leading zeros
        if expected and found.lstrip("0") != expected.lower().lstrip("0"):
            raise JobTrouble(INPUT_CHECKSUM, f"input {file.lfn} has checksum {found}, expected {file.checksum}")

    def stage_out(self, file: StageOutFile, source: Path, owner: str, check: Check) -> StagedFile:
        """Write `source` beside the place of `file`, under a name of `owner`'s own; raises JobTrouble."""
        place = self._place(file.endpoint, file.scope, file.lfn, WRITE)
        part = place.with_name(f".{file.lfn}.{owner}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            copied = copy(target_inside(source, source.parent), part, check, durable=True)
        except OSError as problem:
            part.unlink(missing_ok=True)
            raise JobTrouble(STAGE_OUT, f"output {file.lfn} could not be stored: {problem.strerror}") from problem
        except JobTrouble:
            part.unlink(missing_ok=True)
            raise
        guid = file.guid or str(uuid.uuid4())
        return StagedFile(file.lfn, guid, copied.size_bytes, copied.adler32, file.endpoint, part, place)

    def _place(self, endpoint: str, scope: str, lfn: str, activity: str) -> Path:
        if endpoint not in self._documents:
            self._documents = self._fetch()
        try:
            protocol = self._documents[endpoint]["arprotocols"][activity][0]
            host, folder = str(protocol["endpoint"]), Path(protocol["path"])
        except (KeyError, IndexError, TypeError) as problem:
            raise JobTrouble(NO_STORAGE, f"storage element {endpoint!r} has no protocol for {activity}") from problem
        if "/" in scope or "\0" in scope or (scope and "" in scope.split(".")):
            raise JobTrouble(NO_STORAGE, f"scope {scope[:100]!a} of {lfn} is no name, expected one without / and empty parts")
        if host != LOCALHOST:
            raise JobTrouble(NO_STORAGE, f"storage at {host!r} cannot be reached by copy, expected {LOCALHOST}")
        digest = hashlib.md5(f"{scope}:{lfn}".encode(), usedforsecurity=False).hexdigest()
        return folder / Path(*scope.split(".")) / digest[:2] / digest[2:4] / lfn


def check_outputs(files: Iterable[StageOutFile], folder: Path) -> list[StageOutFile]:
    """Those of `files` that were made; raises JobTrouble when one is missing or empty that must not be."""
    made = []
    for file in files:
        size = _size_of_output(folder, file.lfn)
        if size:
            made.append(file)
        elif not file.optional:
            text = "was not made" if size is None else "is empty"
            raise JobTrouble(OUTPUT_MISSING if size is None else EMPTY_OUTPUT, f"output {file.lfn} {text}")
    return made


def _size_of_output(folder: Path, lfn: str) -> int | None:
    """Bytes of an output, None when there is none; raises JobTrouble for what is no regular file of the job."""
    try:
        path = target_inside(folder / lfn, folder)
        if is_something_else(path):
            raise NotPlain(0, f"{lfn} is no regular file")
        return size_of(path)
    except OSError as problem:
        raise JobTrouble(OUTPUT_MISSING, f"output {lfn} cannot be taken: {problem.strerror}") from problem


def copy(source: Path, target: Path, check: Check, durable: bool = False) -> Copied:
    """Copy a file; the checksums are those of the bytes that were copied. Raises OSError and what `check` raises."""
    size, adler32, md5 = 0, 1, hashlib.md5(usedforsecurity=False)
    with open_plain(source) as reader, target.open("wb") as writer:
        while block := reader.read(READ_BYTES):
            check()
            writer.write(block)
            size, adler32 = size + len(block), zlib.adler32(block, adler32)
            md5.update(block)
        if durable:
            writer.flush()
            os.fsync(writer.fileno())
    return Copied(size, f"{adler32:08x}", md5.hexdigest())
