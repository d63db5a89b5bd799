"""Stage-in and stage-out by copy, with size and adler32 checked. Layout: docs/architecture.md (as Rucio's hash)."""

import hashlib
import shutil
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.pilot.errors import (
    EMPTY_OUTPUT,
    INPUT_CHECKSUM,
    NO_SUCH_FILE,
    OUTPUT_MISSING,
    STAGE_OUT,
    JobTrouble,
)
from agents.pilot.job import InputFile, OutputFile

READ_BYTES = 1 << 20
LOCALHOST = "file://localhost"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was stored."""

    lfn: str
    guid: str
    size_bytes: int
    adler32: str
    surl: str
    endpoint: str

    def report(self) -> dict[str, object]:
        """Its entry in the output report."""
        return {
            "guid": self.guid,
            "fsize": self.size_bytes,
            "adler32": self.adler32,
            "surl": self.surl,
            "endpoint": self.endpoint,
        }


class Storage:
    """The storage elements of the queue, by name."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._folders = {
            name: _folder(element["arprotocols"]["write_lan"][0]) for name, element in document.items()
        }

    def stage_in(self, file: InputFile, folder: Path) -> None:
        """Copy `file` into `folder`; raises JobTrouble when it is missing or not what it should be."""
        source = self._path(file.endpoint, file.scope, file.lfn, NO_SUCH_FILE)
        if not source.is_file():
            raise JobTrouble(NO_SUCH_FILE, f"input {file.lfn} is not at {file.endpoint}")
        target = folder / file.lfn
        shutil.copyfile(source, target)
        size = target.stat().st_size
        if file.size_bytes is not None and size != file.size_bytes:
            raise JobTrouble(INPUT_CHECKSUM, f"input {file.lfn} has {size} bytes, expected {file.size_bytes}")
        kind, _, expected = file.checksum.rpartition(":")
        if expected and kind in ("", "ad"):
            found = adler32_of(target)
            if found != expected.rjust(8, "0"):
                raise JobTrouble(INPUT_CHECKSUM, f"input {file.lfn} has adler32 {found}, expected {expected}")

    def stage_out(self, file: OutputFile, folder: Path) -> Stored | None:
        """Copy an output into its element, whole or not at all; None for an optional one that was not made."""
        source = folder / file.lfn
        if not source.is_file():
            if file.optional:
                return None
            raise JobTrouble(OUTPUT_MISSING, f"output {file.lfn} was not made")
        if source.stat().st_size == 0:
            if file.optional:
                return None
            raise JobTrouble(EMPTY_OUTPUT, f"output {file.lfn} is empty")
        target = self._path(file.endpoint, file.scope, file.lfn, STAGE_OUT)
        unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, unfinished)
            checksum = adler32_of(unfinished)
            size = unfinished.stat().st_size
            if (size, checksum) != (source.stat().st_size, adler32_of(source)):
                raise JobTrouble(STAGE_OUT, f"output {file.lfn} changed on its way")
            unfinished.rename(target)
        except OSError as problem:
            raise JobTrouble(STAGE_OUT, f"output {file.lfn} could not be stored: {problem.strerror}") from problem
        finally:
            unfinished.unlink(missing_ok=True)
        return Stored(file.lfn, file.guid or str(uuid.uuid4()), size, checksum, f"{LOCALHOST}{target}", file.endpoint)

    def _path(self, endpoint: str, scope: str, lfn: str, code: int) -> Path:
        if endpoint not in self._folders:
            raise JobTrouble(code, f"storage element {endpoint!r} is unknown, expected one of {sorted(self._folders)}")
        digest = hashlib.md5(f"{scope}:{lfn}".encode(), usedforsecurity=False).hexdigest()
        return self._folders[endpoint] / Path(*scope.split(".")) / digest[:2] / digest[2:4] / lfn


def adler32_of(path: Path) -> str:
    """Eight hexadecimal digits."""
    value = 1
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            value = zlib.adler32(block, value)
    return f"{value:08x}"


def _folder(protocol: dict[str, Any]) -> Path:
    endpoint, path = str(protocol["endpoint"]), str(protocol["path"])
    if endpoint != LOCALHOST:
        raise ValueError(f"storage at {endpoint!r} cannot be reached by copy, expected {LOCALHOST}")
    return Path(path)
