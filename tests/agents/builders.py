"""Jobs as getJob gives them, and files in storage."""

import hashlib
import zlib
from pathlib import Path
from typing import Any

from tests.agents.culm_stand_in import CulmStandIn


def a_job(culm: CulmStandIn, command: str, **changes: Any) -> dict[str, Any]:
    """A job that runs `command` and delivers `out.txt` and a log."""
    job: dict[str, Any] = {
        "StatusCode": 0,
        "PandaID": 1001,
        "taskID": 11,
        "attemptNr": 2,
        "transformation": f"{culm.address}/trf/user/runGen",
        "jobPars": f"-p '{command}'",
        "inFiles": "",
        "outFiles": "out.txt,1001.log.tgz",
        "scopeOut": "user.t",
        "scopeLog": "user.t",
        "ddmEndPointOut": "DISK,DISK",
        "logFile": "1001.log.tgz",
        "logGUID": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "coreCount": 1,
        "minRamCount": 0,
        "maxWalltime": 0,
        "cmtConfig": "NULL",
    }
    return job | changes


def inputs(**columns: str) -> dict[str, str]:
    """Input columns for one file `in.txt` that holds `hello` and a line end."""
    found = {
        "inFiles": "in.txt",
        "scopeIn": "user.t",
        "GUID": "g1",
        "fsize": "6",
        "checksum": "ad:084b021f",
        "ddmEndPointIn": "DISK",
    }
    return found | columns


def store(culm: CulmStandIn, lfn: str, content: bytes) -> Path:
    """Put a file of scope user.t into storage."""
    path = stored(culm, lfn)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def stored(culm: CulmStandIn, lfn: str) -> Path:
    """Where a file of scope user.t is in storage (docs/architecture.md)."""
    digest = hashlib.md5(f"user.t:{lfn}".encode(), usedforsecurity=False).hexdigest()
    return culm.storage / "user" / "t" / digest[:2] / digest[2:4] / lfn


def adler32(content: bytes) -> str:
    """Eight hexadecimal digits."""
    return f"{zlib.adler32(content):08x}"
