"""Processes of a stack whose supervisor is gone: found by the mark they carry, never by name.

Every process below a supervisor inherits `CULM_STACK=<home>`, and so do pilots and payloads that the harvester starts. When the
supervisor was killed, or has stopped all it knows, whoever still carries the mark of this home is ended here.
"""

import os
from pathlib import Path

import psutil

from deploy.config import MARK

ORDERLY_SECONDS = 15.0
KILL_SECONDS = 5.0


def leftovers(home: Path) -> list[psutil.Process]:
    """Every process with the mark of `home`, except the caller and its parents."""
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in spared and process.environ().get(MARK) == str(home):
                found.append(process)
        except (psutil.Error, OSError):  # gone, or somebody else's
            continue
    return found


def end_leftovers(home: Path) -> int:
    """Ask them to stop, then insist; returns how many there were."""
    found = leftovers(home)
    for process in found:
        _signal(process, kill=False)
    _, alive = psutil.wait_procs(found, timeout=ORDERLY_SECONDS)
    for process in alive:
        _signal(process, kill=True)
    psutil.wait_procs(alive, timeout=KILL_SECONDS)
    return len(found)


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return
