"""Stands in the place of a batch system's commands in PATH: answers by an emulator or the real command, and injects faults.

Run as a program of its own, started often: it imports little, and nothing of Culm. In: a folder with `front.json` (the system's
name, its emulator's module or the folder of the real commands, the fault of the moment), the command's name and arguments.
"""

import importlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

Answer = tuple[int, bytes, bytes]
HURTING = "<script>alert(1)</script> $(touch /hurt) `id` ' \" | ; \\ \x1b[31m \x1f \u202e {{7*7}} %s%n\n"


def main(folder: Path, name: str) -> NoReturn:
    """Answer as the command `name`."""
    front = json.loads((folder / "front.json").read_text())
    module: Any = importlib.import_module(front["emulator"])

    def inner() -> Answer:
        if real := front.get("commands"):
            done = subprocess.run([f"{real}/{name}", *sys.argv[1:]], capture_output=True, check=False)
            return done.returncode, done.stdout, done.stderr
        answer: Answer = module.answer(folder, name, sys.argv[1:])
        return answer

    fault = front.get("fault", "")
    role = module.ROLES[name]
    if not fault.startswith(role):
        _print(inner())
    texts: dict[str, tuple[int, str, str]] = module.TEXTS
    if fault in texts:
        if fault in module.AFTER_ACCEPTING:
            inner()
        code, out, err = texts[fault]
        _print((code, out.encode(), err.encode()))
    globals()[f"_{fault.lower()}"](folder, inner, module)
    raise AssertionError(f"fault {fault} returned")


def _print(answer: Answer) -> NoReturn:
    code, out, err = answer
    sys.stderr.buffer.write(err)
    sys.stderr.flush()
    sys.stdout.buffer.write(out)
    sys.stdout.flush()
    os._exit(code)


def _hang(*_: object) -> NoReturn:
    if os.fork() == 0:  # what a wrapper of a site does: the real command is its child, with the same outputs
        time.sleep(3600)
    time.sleep(3600)
    raise AssertionError


_submit_hangs = _listing_hangs = _cancel_hangs = _hang


def _submit_endless_answer(*_: object) -> NoReturn:
    while True:
        sys.stdout.buffer.write(b"still thinking " * 4096)


def _submit_hostile_refusal(*_: object) -> NoReturn:
    _print((1, b"", HURTING.encode() * (1_000_000 // len(HURTING))))


def _submit_answer_decorated(_: Path, inner: Any, module: Any) -> NoReturn:
    code, out, err = inner()
    _print((code, module.decorated(out.decode()).encode(), err))


def _submit_answer_missing(_: Path, inner: Any, __: object) -> NoReturn:
    inner()
    _print((0, b"", b""))


def _submit_answer_wrong(_: Path, inner: Any, __: object) -> NoReturn:
    inner()
    _print((0, b"job #-1 ??? queued\n", b""))


def _submit_dies_after_accepting(_: Path, inner: Any, __: object) -> NoReturn:
    inner()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _submit_accepted_twice(_: Path, inner: Any, __: object) -> NoReturn:
    inner()
    _print(inner())


def _listing_cut(_: Path, inner: Any, __: object) -> NoReturn:
    code, out, err = inner()
    _print((code, out[:-40], err))


def _listing_killed(_: Path, inner: Any, __: object) -> NoReturn:
    _, out, _ = inner()
    sys.stdout.buffer.write(out[: len(out) // 2])
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _listing_endless(_: Path, inner: Any, __: object) -> NoReturn:
    out = inner()[1] or b"x"
    while True:
        sys.stdout.buffer.write(out * (1 + 65536 // len(out)))


def _listing_noise(*_: object) -> NoReturn:
    _print((0, random.Random(7).randbytes(4096), b""))


def _listing_late(folder: Path, inner: Any, __: object) -> NoReturn:
    answer = inner()
    (folder / "late-made").write_text(str(time.time()))
    while not (folder / "late-release").exists():
        time.sleep(0.01)
    _print(answer)


def _cancel_does_nothing(*_: object) -> NoReturn:
    _print((0, b"", b""))
