"""Processes of a stack that outlived the one who should have ended them: found by the mark they carry, never by name.

Every process below a supervisor inherits `CULM_STACK=<home>`, and so do pilots and payloads that the harvester starts. When the
supervisor was killed, or has stopped all it knows, all that still carries the mark of this home is ended here. Test runs mark
what they start in the same way, with the folder that has the homes of their stacks (tests/lane.py).
"""

import os
from pathlib import Path

import psutil

from deploy.config import MARK

ORDERLY_SECONDS = 15.0
KILL_SECONDS = 5.0
#: A supervisor that is asked to stop may start one more process before it handles that; more rounds than these mean a fault.
ROUNDS_MAX = 5


def leftovers(home: Path, *, below: bool = False) -> list[psutil.Process]:
    """Every process with the mark of `home`, except the caller and its parents; `below`: of every home in that folder too."""
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            mark = process.environ().get(MARK, "")
        except (psutil.Error, OSError):  # gone, or another account's
            continue
        if process.pid not in spared and (mark == str(home) or (below and mark.startswith(f"{home}/"))):
            found.append(process)
    return found


def end_leftovers(home: Path, *, below: bool = False) -> int:
    """Ask what `leftovers` finds to stop, then insist, until nothing is left; returns how many processes there were."""
    ended: set[int] = set()
    for _ in range(ROUNDS_MAX):
        found = leftovers(home, below=below)
        if not found:
            break
        ended |= {process.pid for process in found}
        for process in found:
            _signal(process, kill=False)
        _, alive = psutil.wait_procs(found, timeout=ORDERLY_SECONDS)
        for process in alive:
            _signal(process, kill=True)
        psutil.wait_procs(alive, timeout=KILL_SECONDS)
    return len(ended)


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
            process.resume()  # one that is held by SIGSTOP would not handle it
    except psutil.NoSuchProcess:
        return
